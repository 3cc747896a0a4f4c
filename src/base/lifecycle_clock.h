#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>

#include "base/clock.h"

namespace kagimori {

// Time since the machine started, also while it slept (CLOCK_BOOTTIME): nobody can set it.
class BootClock final : public Clock {
 public:
  Timestamp now() const override;
};

// What of the lifecycle clock outlives the process.
struct LifecycleClockState {
  Timestamp newest;                // lifecycle time at which it was saved
  std::int64_t offset_micros = 0;  // of stores made for tests
  bool destruction_held = false;
  bool operator==(const LifecycleClockState&) const = default;
};

// The time that dates of keys are compared with. It follows the wall clock but never runs backwards, over restarts too;
// and when the wall clock jumps against the boot clock, destruction waits until an administrator has looked, since a
// wrong date must not destroy keys. Any thread.
class LifecycleClock final : public Clock {
 public:
  static constexpr std::int64_t kMaxJumpSeconds = 300;

  // Both clocks outlive this one.
  LifecycleClock(const Clock& wall, const Clock& since_boot);
  // Once, at start.
  void restore(const LifecycleClockState& saved);
  LifecycleClockState state() const;

  Timestamp now() const override;

  // Compares the clocks since the last call; answers the seconds of a jump that needs a look (positive: forward). From
  // then on destruction is held.
  std::optional<std::int64_t> check_for_jump();
  bool destruction_is_held() const { return held_.load(std::memory_order_acquire); }
  // Whether the clocks disagree since the last call of check_for_jump(): it would hold destruction now.
  bool has_jumped() const;
  // An administrator has looked: the time is right.
  void confirm();

  // Only in stores made for tests.
  void advance_seconds(std::int64_t seconds);

 private:
  // Seconds by which the wall clock went another way than the boot clock did. The mutex is held.
  std::int64_t jump_at(Timestamp wall, Timestamp boot) const;

  const Clock& wall_;
  const Clock& since_boot_;
  mutable std::atomic<std::int64_t> newest_{0};
  std::atomic<std::int64_t> offset_{0};
  std::atomic<bool> held_{false};
  mutable std::mutex mutex_;  // guards the two below
  Timestamp last_wall_;
  Timestamp last_boot_;
};

}  // namespace kagimori
