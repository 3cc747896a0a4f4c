#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <vector>

#include "crypto/context.h"
#include "net/acceptor.h"
#include "net/buffer.h"
#include "net/event_loop.h"
#include "net/http_connection.h"
#include "net/http_date.h"
#include "net/http_handler.h"
#include "net/http_worker.h"
#include "net/listener.h"
#include "net/net_config.h"
#include "net/source_table.h"
#include "net/tls_acceptor.h"
#include "net/tls_tickets.h"

namespace kagimori {

// What the workers of a server share. Outlives them.
struct ServerState {
  ServerState(const NetLimits& wanted_limits, const Clock& real, const MonotonicClock& monotonic)
      : limits(wanted_limits),
        real_clock(real),
        clock(monotonic),
        sources(limits),
        budget(limits.max_buffered_bytes),
        tickets(monotonic) {}

  const NetLimits limits;
  const Clock& real_clock;
  const MonotonicClock& clock;
  SourceTable sources;
  BufferBudget budget;
  TlsTicketKeys tickets;
  std::atomic<std::size_t> open_connections{0};
  std::vector<std::unique_ptr<Listener>> listeners;
};

// A worker of HttpServer: its loop, sockets, connections and handler. create() may run on another thread, start() and
// run() are the worker's own; it is destroyed after that thread has ended.
class SocketWorker final : public HttpWorker, private EventLoop::Client, private Acceptor::Target {
 public:
  // `identity` is null if no listener has TLS. Errors as HttpServer::start().
  static Result<std::unique_ptr<SocketWorker>> create(std::size_t index, ServerState& state,
                                                      const TlsIdentity* identity);

  // Makes the handler, then begins to accept.
  Status start(const HandlerFactory& factory);
  // Until the loop has stopped; then whatever is still open has been closed.
  void run();
  // For connections accepted from now on.
  Status reload_certificate(const TlsIdentity& identity);

  EventLoop& loop() override { return *loop_; }
  CryptoContext& crypto() override { return *crypto_; }
  ConnectionCounts connections() const override;
  void respond(ResponseToken token, HttpResponse&& response) override;

 private:
  SocketWorker(ServerState& state, std::unique_ptr<CryptoContext> crypto, std::unique_ptr<TlsAcceptor> tls,
               std::unique_ptr<EventLoop> loop);

  void on_accepted(UniqueFd fd, const IpAddress& address, const Listener& listener) override;
  HttpConnection& free_connection();
  void end_turn() override;
  void begin_stop() override;
  bool is_stopped() const override { return context_.free.size() == connections_.size(); }

  // In the order of their dependence: what is below is destroyed first.
  ServerState& state_;
  std::unique_ptr<CryptoContext> crypto_;
  std::unique_ptr<TlsAcceptor> tls_;
  std::unique_ptr<EventLoop> loop_;
  BufferPool buffers_;
  HttpDate date_;
  HttpConnectionContext context_;
  std::vector<std::unique_ptr<HttpConnection>> connections_;  // by slot
  std::vector<std::unique_ptr<Acceptor>> acceptors_;
  std::vector<HttpConnection*> working_;  // the list that end_turn() works on; kept for its capacity
  std::unique_ptr<HttpHandler> handler_;
};

}  // namespace kagimori
