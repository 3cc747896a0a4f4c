#include "net/socket_worker.h"

#include <utility>

#include "net/plain_stream.h"

namespace kagimori {

Result<std::unique_ptr<SocketWorker>> SocketWorker::create(std::size_t index, ServerState& state,
                                                           const TlsIdentity* identity) {
  TRY_ASSIGN(auto loop, EventLoop::create(index, state.clock));
  TRY_ASSIGN(auto crypto, CryptoContext::create());
  std::unique_ptr<TlsAcceptor> tls;
  if (identity != nullptr) {
    TRY_ASSIGN(tls, TlsAcceptor::create(crypto->library(), state.tickets, *identity));
  }
  return std::unique_ptr<SocketWorker>(new SocketWorker(state, std::move(crypto), std::move(tls), std::move(loop)));
}

SocketWorker::SocketWorker(ServerState& state, std::unique_ptr<CryptoContext> crypto, std::unique_ptr<TlsAcceptor> tls,
                           std::unique_ptr<EventLoop> loop)
    : state_(state),
      crypto_(std::move(crypto)),
      tls_(std::move(tls)),
      loop_(std::move(loop)),
      buffers_(state.budget),
      date_(state.real_clock),
      context_{*loop_, state.limits, state.sources, state.open_connections, buffers_, date_, nullptr, 1, false, {}, {},
               {}} {
  loop_->add_client(*this);
}

Status SocketWorker::start(const HandlerFactory& factory) {
  TRY_ASSIGN(handler_, factory(*this));
  context_.handler = handler_.get();
  for (const std::unique_ptr<Listener>& listener : state_.listeners) {
    Acceptor::Target& target = *this;
    acceptors_.push_back(
        std::make_unique<Acceptor>(*loop_, target, *listener, listener->take_socket(loop_->worker_index())));
    TRY(acceptors_.back()->begin());
  }
  return {};
}

void SocketWorker::run() {
  loop_->run();
  for (const std::unique_ptr<HttpConnection>& connection : connections_) connection->abort();
  acceptors_.clear();
}

Status SocketWorker::reload_certificate(const TlsIdentity& identity) {
  return tls_ == nullptr ? Status() : tls_->reload(identity);
}

ConnectionCounts SocketWorker::connections() const {
  ConnectionCounts counts = context_.counts;
  counts.open = connections_.size() - context_.free.size();
  return counts;
}

void SocketWorker::respond(ResponseToken token, HttpResponse&& response) {
  if (token.worker == loop_->worker_index() && token.slot < connections_.size()) {
    connections_[token.slot]->respond(token.serial, response);
  }
}

void SocketWorker::on_accepted(UniqueFd fd, const IpAddress& address, const Listener& listener) {
  AcceptedSocket accepted;
  accepted.is_unix = listener.is_unix();
  accepted.address = accepted.is_unix ? "unix" : address.text();
  accepted.is_loopback = !accepted.is_unix && address.is_loopback();
  accepted.listener = listener.index();
  const auto refuse = [&](std::string_view reason) {
    handler_->on_rejected({accepted.address, accepted.is_loopback, accepted.is_unix}, 0, reason);
  };
  if (!accepted.is_unix && !listener.allows(address)) return refuse("The address is not allowed on this listener.");
  if (state_.open_connections.load(std::memory_order_relaxed) >= state_.limits.max_connections) {
    return refuse("The server has as many connections as it may have.");
  }
  if (!accepted.is_unix) {
    accepted.source = state_.sources.enter(address, loop_->now());
    if (accepted.source == nullptr) return refuse("The source has as many connections as it may have.");
  }
  state_.open_connections.fetch_add(1, std::memory_order_relaxed);
  if (listener.tls()) {
    Result<std::unique_ptr<Stream>> stream = tls_->accept(fd.get());
    if (!stream) {
      state_.open_connections.fetch_sub(1, std::memory_order_relaxed);
      if (accepted.source != nullptr) state_.sources.leave(*accepted.source);
      return refuse("The server has no memory for another TLS connection.");
    }
    accepted.stream = *std::move(stream);
  } else {
    accepted.stream = std::make_unique<PlainStream>(fd.get());
  }
  accepted.fd = std::move(fd);
  ++context_.counts.accepted;
  free_connection().open(std::move(accepted));
}

HttpConnection& SocketWorker::free_connection() {
  if (context_.free.empty()) {
    connections_.push_back(std::make_unique<HttpConnection>(context_, static_cast<std::uint32_t>(connections_.size())));
    return *connections_.back();
  }
  HttpConnection& connection = *context_.free.back();
  context_.free.pop_back();
  return connection;
}

void SocketWorker::end_turn() {
  working_.swap(context_.resumable);
  for (HttpConnection* connection : working_) connection->resume();
  working_.clear();
  if (std::exchange(context_.answers_queued, false) && !handler_->before_answers()) {
    for (HttpConnection* connection : context_.touched) connection->replace_answers();
  }
  working_.swap(context_.touched);
  for (HttpConnection* connection : working_) connection->end_turn();
  working_.clear();
  if (!context_.resumable.empty()) loop_->turn_again();
}

void SocketWorker::begin_stop() {
  for (const std::unique_ptr<Acceptor>& acceptor : acceptors_) acceptor->stop();
  for (const std::unique_ptr<HttpConnection>& connection : connections_) connection->begin_stop();
}

}  // namespace kagimori
