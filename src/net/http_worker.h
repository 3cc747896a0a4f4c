#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/result.h"
#include "net/event_loop.h"
#include "net/http_handler.h"
#include "net/http_message.h"

namespace kagimori {

class CryptoContext;

// What a worker has counted of its connections since the start.
struct ConnectionCounts {
  std::uint64_t accepted = 0;         // and not refused by allow-lists and limits
  std::uint64_t full_handshakes = 0;  // of TLS
  std::uint64_t resumed_handshakes = 0;
  std::uint64_t open = 0;  // now
};

// The part of a server that lives on one thread: its loop, its share of the connections, its handler. Made and owned by
// HttpServer. All calls on its own thread; from elsewhere go through loop().post() or HttpServer::post_to().
class HttpWorker {
 public:
  virtual ~HttpWorker() = default;
  HttpWorker(const HttpWorker&) = delete;
  HttpWorker& operator=(const HttpWorker&) = delete;

  virtual EventLoop& loop() = 0;
  // This thread's library context, which its TLS uses too. Outlives the handler.
  virtual CryptoContext& crypto() = 0;
  std::size_t index() { return loop().worker_index(); }
  virtual ConnectionCounts connections() const = 0;

  // Queues the answer to a request; it is sent at the end of the turn, after HttpHandler::before_answers(). Dropped
  // (and wiped) if the client has gone or the request was answered before.
  virtual void respond(ResponseToken token, HttpResponse&& response) = 0;

 protected:
  HttpWorker() = default;
};

}  // namespace kagimori
