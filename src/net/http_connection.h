#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/unique_fd.h"
#include "net/buffer.h"
#include "net/event_loop.h"
#include "net/http_date.h"
#include "net/http_handler.h"
#include "net/http_output.h"
#include "net/http_parser.h"
#include "net/http_worker.h"
#include "net/net_config.h"
#include "net/source_table.h"
#include "net/stream.h"

namespace kagimori {

class HttpConnection;

// What the connections of one worker share. The lists are worked off at the end of each turn.
struct HttpConnectionContext {
  EventLoop& loop;
  const NetLimits& limits;
  SourceTable& sources;
  std::atomic<std::size_t>& open_connections;  // of all workers
  BufferPool& buffers;
  HttpDate& date;
  HttpHandler* handler = nullptr;
  std::uint64_t next_serial = 1;
  bool answers_queued = false;             // in this turn
  std::vector<HttpConnection*> resumable;  // may have another request in their buffer
  std::vector<HttpConnection*> touched;    // have something to send or to settle
  std::vector<HttpConnection*> free;       // to be used for the next sockets
  ConnectionCounts counts = {};            // all but those that are open
};

// A connection just accepted, already counted in open_connections and at its source.
struct AcceptedSocket {
  UniqueFd fd;
  std::unique_ptr<Stream> stream;
  Source* source = nullptr;  // null for Unix sockets
  std::string address;       // as HttpPeer
  bool is_loopback = false;
  bool is_unix = false;
  std::size_t listener = 0;
};

// One HTTP/1.1 connection: handshake, then requests one after another, each handled at once or while the loop goes on,
// then the end. Answers collect in the output until end_turn(). One thread; the object is used again for later
// connections. Until a request is answered its memory stays, even when the socket is gone.
class HttpConnection final : private EventLoop::Watcher, private Timer {
 public:
  HttpConnection(HttpConnectionContext& context, std::uint32_t slot);
  ~HttpConnection() override;

  // Takes a socket over. If the system refuses (out of memory) it is closed and the object is free again.
  void open(AcceptedSocket accepted);
  // As HttpWorker::respond().
  void respond(std::uint64_t serial, HttpResponse& response);
  // Handles what is buffered behind the last request.
  void resume();
  // Puts HttpHandler::instead_of() in the place of every answer of this turn that has a mark.
  void replace_answers();
  // Sends, and settles what the connection waits for next.
  void end_turn();
  // Takes in what the client has sent already; the turn's end closes if there is nothing to do.
  void begin_stop();
  // Closes at once; a request that is being handled keeps its memory.
  void abort();

 private:
  enum class Phase : std::uint8_t {
    kFree,       // not in use
    kHandshake,  // TLS
    kReading,    // waiting for a request, or for the rest of one
    kHandling,   // the handler has the request; the socket may be gone
    kClosing,    // the last answer is on its way; nothing is read
    kLingering,  // all is sent; waiting for the client to close, so that it gets to read the last answer
  };

  void on_ready(std::uint32_t events) override;
  void on_expired() override;

  void step_handshake();
  void refuse_handshake();
  void read_some();
  void process();
  void dispatch();
  void finish_request();
  void reject(int status, std::string_view reason);
  void report(int status, std::string_view reason);
  void queue_answer(const HttpResponse& response, HttpAnswerForm form);

  void flush();
  void finish_sending();
  void discard_input();
  void settle();
  void set_interest();
  void set_deadline();
  MonotonicTime deadline() const;
  void touch();
  void make_resumable();
  void close_socket();
  void become_free();
  HttpPeer peer() const { return {address_, is_loopback_, is_unix_}; }
  bool is_sending() const { return output_.unsent() > 0; }

  HttpConnectionContext& context_;
  const std::uint32_t slot_;

  UniqueFd fd_;
  std::unique_ptr<Stream> stream_;
  Source* source_ = nullptr;
  std::string address_;
  bool is_loopback_ = false;
  bool is_unix_ = false;
  std::size_t listener_ = 0;

  Phase phase_ = Phase::kFree;
  HttpRequestParser parser_;
  Buffer input_;
  HttpOutput output_;
  std::vector<HttpHeader> headers_;
  HttpRequest request_;
  std::uint64_t serial_ = 0;   // of the request being handled
  MonotonicTime phase_began_;  // the handshake, the waiting, a request's first byte, the lingering
  MonotonicTime send_began_;   // when the socket got full; the epoch while it is not

  bool answered_ = false;          // the request being handled has its answer
  bool in_handler_ = false;        // on_request() is running
  bool closes_after_ = false;      // the last answer queued says `Connection: close`
  bool client_closes_ = false;     // the client asked for that, so it will not send on
  bool peer_finished_ = false;     // the client has finished sending
  bool read_paused_ = false;       // bytes came while a request was being handled
  bool read_again_ = false;        // there was more to read than one turn allows
  bool held_back_ = false;         // requests wait because the client does not take its answers
  bool write_blocked_ = false;     // the socket is full
  bool write_wants_read_ = false;  // TLS must read before it can write
  bool read_wants_write_ = false;  // TLS must write before it can read
  bool is_touched_ = false;
  bool is_resumable_ = false;
  std::uint32_t interest_ = 0;
};

}  // namespace kagimori
