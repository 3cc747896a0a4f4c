#pragma once

#include "base/unique_fd.h"
#include "net/event_loop.h"
#include "net/ip_address.h"
#include "net/listener.h"
#include "net/timer_wheel.h"

namespace kagimori {

// Accepts for one worker on its socket of one listener. When the process is out of descriptors or memory it rests for a
// moment instead of spinning on a socket that stays ready. One thread.
class Acceptor final : private EventLoop::Watcher, private Timer {
 public:
  class Target {
   public:
    // `address` is :: on a Unix socket.
    virtual void on_accepted(UniqueFd fd, const IpAddress& address, const Listener& listener) = 0;

   protected:
    ~Target() = default;
  };

  Acceptor(EventLoop& loop, Target& target, const Listener& listener, UniqueFd socket)
      : loop_(loop), target_(target), listener_(listener), socket_(std::move(socket)) {}

  // kIo if the socket can't be watched.
  Status begin();
  // Takes what is waiting in the socket's queue, then closes it.
  void stop();

 private:
  static constexpr int kMaxPerTurn = 64;

  void on_ready(std::uint32_t events) override;
  void on_expired() override;
  // Whether another may be waiting.
  bool accept_one();
  void rest();

  EventLoop& loop_;
  Target& target_;
  const Listener& listener_;
  UniqueFd socket_;
};

}  // namespace kagimori
