#pragma once

#include <atomic>
#include <chrono>

namespace kagimori {

// Time for deadlines: never jumps, says nothing about the date.
using MonotonicTime = std::chrono::steady_clock::time_point;
using MonotonicDuration = std::chrono::steady_clock::duration;

// Where deadlines get their time from, so that tests of time-outs need no sleep. Implementations are safe on any
// thread.
class MonotonicClock {
 public:
  virtual ~MonotonicClock() = default;
  virtual MonotonicTime now() const = 0;
};

class SteadyClock final : public MonotonicClock {
 public:
  MonotonicTime now() const override { return std::chrono::steady_clock::now(); }
};

// Stands still until told; for tests. A loop that waits sees a new time at its next turn: post() something to wake it.
class ManualMonotonicClock final : public MonotonicClock {
 public:
  MonotonicTime now() const override {
    return MonotonicTime(MonotonicDuration(ticks_.load(std::memory_order_acquire)));
  }
  void advance(MonotonicDuration by) { ticks_.fetch_add(by.count(), std::memory_order_acq_rel); }

 private:
  std::atomic<MonotonicDuration::rep> ticks_{MonotonicDuration(std::chrono::hours(1)).count()};
};

}  // namespace kagimori
