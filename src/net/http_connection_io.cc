// The sending half of HttpConnection, and what it waits for between turns: events, deadlines, the end.
#include <sys/epoll.h>

#include <algorithm>
#include <array>

#include "net/http_connection.h"
#include "net/plain_stream.h"

namespace kagimori {

void HttpConnection::end_turn() {
  is_touched_ = false;
  output_.end_turn();
  if (!fd_) return;
  if (is_sending() && !write_blocked_) flush();
  if (fd_) settle();
}

void HttpConnection::flush() {
  const IoStatus status = output_.send(*stream_);
  switch (status) {
    case IoStatus::kOk:
      send_began_ = {};
      return;
    case IoStatus::kWantRead:
    case IoStatus::kWantWrite:
      write_blocked_ = true;
      write_wants_read_ = status == IoStatus::kWantRead;
      if (send_began_ == MonotonicTime()) send_began_ = context_.loop.now();
      return;
    case IoStatus::kEnd:
    case IoStatus::kFailed:
      return close_socket();
  }
}

void HttpConnection::settle() {
  if (phase_ == Phase::kClosing && !is_sending()) finish_sending();
  if (phase_ == Phase::kReading && held_back_ && output_.unsent() == 0) {
    held_back_ = false;
    phase_began_ = context_.loop.now();
    make_resumable();
    context_.loop.turn_again();
  }
  if (phase_ == Phase::kReading && !is_sending() && !is_resumable_) {
    if (peer_finished_ || (context_.loop.is_stopping() && input_.empty())) {
      stream_->finish_writing();
      return close_socket();
    }
    if (input_.empty()) input_.release();
  }
  if (!fd_) return;
  set_interest();
  set_deadline();
}

// Says that nothing more will come. Closing with unread bytes in the socket would reset the connection and could take
// the last answer with it: so, unless the client has finished too, its further bytes are read and thrown away for a
// while.
void HttpConnection::finish_sending() {
  stream_->finish_writing();
  if (peer_finished_ || client_closes_) return close_socket();
  phase_ = Phase::kLingering;
  phase_began_ = context_.loop.now();
  input_.release();
}

void HttpConnection::discard_input() {
  PlainStream raw(fd_.get());  // past TLS: nobody will look at it
  std::array<std::uint8_t, 4096> scratch;
  constexpr int kReadsPerTurn = 16;
  for (int i = 0; i < kReadsPerTurn; ++i) {
    const IoStatus status = raw.read(scratch).status;
    if (status == IoStatus::kOk) continue;
    if (status != IoStatus::kWantRead) close_socket();
    return;
  }
}

void HttpConnection::set_interest() {
  bool in = write_wants_read_;
  switch (phase_) {
    case Phase::kHandshake:
      in = !read_wants_write_;
      break;
    case Phase::kReading:
      in = in || (!read_wants_write_ && !peer_finished_ && !held_back_);
      break;
    case Phase::kHandling:
      in = in || (!read_paused_ && !peer_finished_);
      break;
    case Phase::kLingering:
      in = true;
      break;
    case Phase::kClosing:
    case Phase::kFree:
      break;
  }
  const bool out = (write_blocked_ && !write_wants_read_) || read_wants_write_;
  const std::uint32_t wanted = (in ? std::uint32_t{EPOLLIN} : 0) | (out ? std::uint32_t{EPOLLOUT} : 0);
  if (wanted == interest_) return;
  interest_ = wanted;
  context_.loop.rewatch(fd_.get(), wanted, *this);
}

MonotonicTime HttpConnection::deadline() const {
  const NetLimits& limits = context_.limits;
  MonotonicTime result = MonotonicTime::max();
  if (phase_ == Phase::kHandshake) result = phase_began_ + limits.tls_handshake_timeout;
  if (phase_ == Phase::kLingering) result = phase_began_ + limits.linger_timeout;
  if (phase_ == Phase::kReading && !held_back_) {
    if (!input_.empty()) {
      result = phase_began_ + limits.request_timeout;
    } else if (!is_sending()) {
      result = phase_began_ + limits.idle_timeout;
    }
  }
  if (is_sending() && send_began_ != MonotonicTime()) result = std::min(result, send_began_ + limits.send_timeout);
  return result;
}

void HttpConnection::set_deadline() {
  const MonotonicTime at = deadline();
  if (at == MonotonicTime::max()) {
    context_.loop.timers().cancel(*this);
  } else {
    context_.loop.timers().schedule(*this, at);
  }
}

void HttpConnection::on_expired() {
  if (!fd_) return;
  touch();                                       // sets the next deadline
  if (context_.loop.now() < deadline()) return;  // something happened in this very turn
  if (is_sending() && send_began_ != MonotonicTime() &&
      context_.loop.now() >= send_began_ + context_.limits.send_timeout) {
    report(0, "The client did not take its answer in time.");
    return close_socket();
  }
  switch (phase_) {
    case Phase::kHandshake:
      report(0, "The client did not complete the TLS handshake in time.");
      return close_socket();
    case Phase::kReading:
      if (!input_.empty()) return reject(408, "The request did not arrive in time.");
      stream_->finish_writing();
      return close_socket();
    case Phase::kLingering:
      return close_socket();
    case Phase::kHandling:
    case Phase::kClosing:
    case Phase::kFree:
      return;
  }
}

void HttpConnection::close_socket() {
  if (!fd_) return;
  context_.loop.timers().cancel(*this);
  context_.loop.unwatch(fd_.get());
  stream_.reset();
  fd_.reset();
  output_.release();
  if (source_ != nullptr) context_.sources.leave(*source_);
  source_ = nullptr;
  context_.open_connections.fetch_sub(1, std::memory_order_relaxed);
  if (phase_ != Phase::kHandling) become_free();
}

void HttpConnection::become_free() {
  input_.release();
  phase_ = Phase::kFree;
  context_.free.push_back(this);
}

}  // namespace kagimori
