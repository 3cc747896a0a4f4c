#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "net/monotonic_clock.h"

namespace kagimori {

class TimerWheel;

// Something that happens at a time, once. Derive, and schedule it with a TimerWheel; it leaves the wheel when it
// expires or dies. Lives on the wheel's thread.
class Timer {
 public:
  Timer() = default;
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  bool is_scheduled() const { return next_ != nullptr; }

 protected:
  virtual ~Timer();
  // Never called before the deadline; at most TimerWheel::kTick after it while the loop runs. May schedule itself
  // again.
  virtual void on_expired() = 0;

 private:
  friend class TimerWheel;
  void unlink();

  Timer* previous_ = nullptr;
  Timer* next_ = nullptr;
  MonotonicTime deadline_;
};

// Coarse timers in constant time: a ring of slots, each a list of the timers that expire within one tick. Deadlines
// beyond the ring's span wait in its last slot and are placed anew from there. One thread.
class TimerWheel {
 public:
  static constexpr MonotonicDuration kTick = std::chrono::milliseconds(32);

  explicit TimerWheel(MonotonicTime now);
  ~TimerWheel();
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;

  // Also moves a timer that is already scheduled.
  void schedule(Timer& timer, MonotonicTime deadline);
  void cancel(Timer& timer);
  // Calls what has expired. Timers scheduled meanwhile with a deadline that has passed wait for the next call.
  void advance(MonotonicTime now);
  // How long the loop may sleep; none if no timer is scheduled.
  std::optional<MonotonicDuration> until_next(MonotonicTime now);

 private:
  static constexpr std::size_t kSlots = 1024;

  class Head final : public Timer {
   public:
    Head() { next_ = previous_ = this; }
    ~Head() override { next_ = nullptr; }

   private:
    friend class TimerWheel;
    void on_expired() override {}
    using Timer::deadline_;
    using Timer::next_;
    using Timer::previous_;
  };

  static void link(Timer& head, Timer& timer);
  void drain_slot(std::size_t slot, Timer& into);
  bool may_hold_timers(std::size_t slot) const { return (occupied_[slot / 64] >> (slot % 64) & 1) != 0; }

  std::array<Head, kSlots> slots_;
  std::array<std::uint64_t, kSlots / 64> occupied_{};  // a clear bit: the slot is empty
  std::int64_t current_;                               // ticks up to and including this one have been handled
};

}  // namespace kagimori
