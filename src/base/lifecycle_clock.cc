#include "base/lifecycle_clock.h"

#include <time.h>

#include <algorithm>

namespace kagimori {
namespace {

bool is_small(std::int64_t jump) {
  return jump <= LifecycleClock::kMaxJumpSeconds && jump >= -LifecycleClock::kMaxJumpSeconds;
}

}  // namespace

Timestamp BootClock::now() const {
  timespec ts{};
  clock_gettime(CLOCK_BOOTTIME, &ts);
  return {static_cast<std::int64_t>(ts.tv_sec) * 1'000'000 + ts.tv_nsec / 1000};
}

LifecycleClock::LifecycleClock(const Clock& wall, const Clock& since_boot)
    : wall_(wall), since_boot_(since_boot), last_wall_(wall.now()), last_boot_(since_boot.now()) {}

void LifecycleClock::restore(const LifecycleClockState& saved) {
  offset_.store(saved.offset_micros, std::memory_order_relaxed);
  held_.store(saved.destruction_held, std::memory_order_release);
  newest_.store(saved.newest.micros, std::memory_order_relaxed);
}

LifecycleClockState LifecycleClock::state() const {
  return {now(), offset_.load(std::memory_order_relaxed), destruction_is_held()};
}

Timestamp LifecycleClock::now() const {
  const std::int64_t wall = wall_.now().micros + offset_.load(std::memory_order_relaxed);
  std::int64_t newest = newest_.load(std::memory_order_relaxed);
  while (wall > newest && !newest_.compare_exchange_weak(newest, wall, std::memory_order_relaxed)) {
  }
  return {std::max(wall, newest)};
}

std::int64_t LifecycleClock::jump_at(Timestamp wall, Timestamp boot) const {
  return ((wall.micros - last_wall_.micros) - (boot.micros - last_boot_.micros)) / 1'000'000;
}

std::optional<std::int64_t> LifecycleClock::check_for_jump() {
  const std::lock_guard lock(mutex_);
  const Timestamp wall = wall_.now();
  const Timestamp boot = since_boot_.now();
  const std::int64_t jump = jump_at(wall, boot);
  last_wall_ = wall;
  last_boot_ = boot;
  if (is_small(jump)) return std::nullopt;
  held_.store(true, std::memory_order_release);
  return jump;
}

bool LifecycleClock::has_jumped() const {
  const std::lock_guard lock(mutex_);
  return !is_small(jump_at(wall_.now(), since_boot_.now()));
}

void LifecycleClock::confirm() { held_.store(false, std::memory_order_release); }

void LifecycleClock::advance_seconds(std::int64_t seconds) {
  offset_.fetch_add(seconds * 1'000'000, std::memory_order_relaxed);
}

}  // namespace kagimori
