#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "net/monotonic_clock.h"
#include "net/task.h"
#include "net/timer_wheel.h"

namespace kagimori {

// One worker's epoll loop. A *turn* is: wait; handle every descriptor that is ready; run what other threads posted;
// fire timers; then let each client end the turn (that is where answers leave). One thread runs it; only post(),
// stop_gracefully() and worker_index() may be called from others.
class EventLoop {
 public:
  // Is told when a watched descriptor is ready. `events` are epoll's (EPOLLIN ...). Must stay alive until the end of
  // the turn in which it was unwatched.
  class Watcher {
   public:
    virtual void on_ready(std::uint32_t events) = 0;

   protected:
    ~Watcher() = default;
  };

  // Takes part in every turn, and in stopping. Must outlive run().
  class Client {
   public:
    virtual void end_turn() = 0;
    // Take no new work and finish what is under way.
    virtual void begin_stop() = 0;
    // Whether everything is finished; asked at the end of each turn after begin_stop().
    virtual bool is_stopped() const = 0;

   protected:
    ~Client() = default;
  };

  // `clock` must outlive the loop. kIo when the system has no descriptors left.
  static Result<std::unique_ptr<EventLoop>> create(std::size_t worker_index, const MonotonicClock& clock);
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // Turns until every client has stopped after stop_gracefully(), or its deadline has passed.
  void run();
  // Any thread; a later call can only bring the deadline forward.
  void stop_gracefully(std::chrono::milliseconds deadline);
  // Any thread. Runs `task` on the loop's thread in its next turn, in the order posted. Returns false, and destroys the
  // task without running it, once run() has ended; a task still waiting then is destroyed unrun too.
  bool post(Task task);
  std::size_t worker_index() const { return worker_index_; }

  // Loop's thread from here on.
  void add_client(Client& client) { clients_.push_back(&client); }
  // Level-triggered. kIo when the system refuses.
  Status watch(int fd, std::uint32_t events, Watcher& watcher);
  void rewatch(int fd, std::uint32_t events, Watcher& watcher);
  void unwatch(int fd);
  TimerWheel& timers() { return timers_; }
  // The time at which this turn's events came in.
  MonotonicTime now() const { return now_; }
  // Makes the next turn start at once instead of waiting for an event.
  void turn_again() { turn_again_ = true; }
  bool is_stopping() const { return stopping_; }

 private:
  EventLoop(std::size_t worker_index, const MonotonicClock& clock, UniqueFd epoll, UniqueFd wake_up);

  void turn();
  int wait_milliseconds();
  void run_posted();
  void wake();
  void check_stop_request();
  bool may_leave() const;
  void close_inbox();

  const std::size_t worker_index_;
  const MonotonicClock& clock_;
  UniqueFd epoll_;
  UniqueFd wake_up_;  // an eventfd
  MonotonicTime now_;
  TimerWheel timers_;
  std::vector<Client*> clients_;
  std::vector<Task> running_;  // what run_posted() is working through; kept for its capacity
  bool turn_again_ = false;
  bool stopping_ = false;

  std::mutex mutex_;         // guards the three below; taken by a turn only after a post
  std::vector<Task> inbox_;  // posted, not yet taken by the loop
  bool closed_ = false;      // run() has ended
  bool woken_ = false;       // the eventfd is set
  std::atomic<bool> stop_requested_{false};
  std::atomic<MonotonicDuration::rep> stop_deadline_{MonotonicDuration::max().count()};
};

}  // namespace kagimori
