#include "net/acceptor.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <chrono>

namespace kagimori {
namespace {

constexpr std::chrono::milliseconds kRest{100};

}  // namespace

Status Acceptor::begin() { return loop_.watch(socket_.get(), EPOLLIN, *this); }

void Acceptor::on_ready(std::uint32_t) {
  for (int i = 0; i < kMaxPerTurn; ++i) {
    if (!accept_one()) return;
  }
}

bool Acceptor::accept_one() {
  if (!socket_) return false;
  sockaddr_storage peer{};
  socklen_t size = sizeof peer;
  UniqueFd fd(accept4(socket_.get(), reinterpret_cast<sockaddr*>(&peer), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (fd) {
    target_.on_accepted(std::move(fd), IpAddress::of(peer), listener_);
    return true;
  }
  switch (errno) {
    case EAGAIN:
      return false;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
      rest();
      return false;
    default:
      return true;  // that one connection failed before we took it (accept(2), "Error handling")
  }
}

void Acceptor::rest() {
  loop_.rewatch(socket_.get(), 0, *this);
  loop_.timers().schedule(*this, loop_.now() + kRest);
}

void Acceptor::on_expired() {
  if (socket_) loop_.rewatch(socket_.get(), EPOLLIN, *this);
}

void Acceptor::stop() {
  on_ready(EPOLLIN);
  loop_.timers().cancel(*this);
  loop_.unwatch(socket_.get());
  socket_.reset();
}

}  // namespace kagimori
