#include "net/timer_wheel.h"

#include <algorithm>
#include <bit>

namespace kagimori {
namespace {

std::int64_t tick_before(MonotonicTime time) { return time.time_since_epoch() / TimerWheel::kTick; }
std::int64_t tick_at_or_after(MonotonicTime time) {
  return (time.time_since_epoch() + TimerWheel::kTick - MonotonicDuration(1)) / TimerWheel::kTick;
}

}  // namespace

Timer::~Timer() { unlink(); }

void Timer::unlink() {
  if (next_ == nullptr) return;
  previous_->next_ = next_;
  next_->previous_ = previous_;
  next_ = previous_ = nullptr;
}

TimerWheel::TimerWheel(MonotonicTime now) : current_(tick_before(now)) {}

TimerWheel::~TimerWheel() {
  for (Head& head : slots_) {
    while (head.next_ != &head) head.next_->unlink();
  }
}

void TimerWheel::link(Timer& head, Timer& timer) {
  timer.previous_ = head.previous_;
  timer.next_ = &head;
  head.previous_->next_ = &timer;
  head.previous_ = &timer;
}

void TimerWheel::schedule(Timer& timer, MonotonicTime deadline) {
  timer.unlink();
  timer.deadline_ = deadline;
  constexpr auto kFurthest = static_cast<std::int64_t>(kSlots) - 1;
  const std::int64_t distance = std::clamp<std::int64_t>(tick_at_or_after(deadline) - current_, 1, kFurthest);
  const std::size_t slot = static_cast<std::size_t>(current_ + distance) % kSlots;
  link(slots_[slot], timer);
  occupied_[slot / 64] |= std::uint64_t{1} << (slot % 64);
}

void TimerWheel::cancel(Timer& timer) { timer.unlink(); }

void TimerWheel::drain_slot(std::size_t slot, Timer& into) {
  Head& head = slots_[slot];
  while (head.next_ != &head) {
    Timer& timer = *head.next_;
    timer.unlink();
    link(into, timer);
  }
  occupied_[slot / 64] &= ~(std::uint64_t{1} << (slot % 64));
}

void TimerWheel::advance(MonotonicTime now) {
  const std::int64_t target = tick_before(now);
  if (target <= current_) return;
  // Everything due is taken out first, so that a timer may schedule or destroy any other while it is being called.
  Head due;
  const std::int64_t steps = std::min<std::int64_t>(target - current_, kSlots);
  for (std::int64_t i = 1; i <= steps; ++i) {
    const std::size_t slot = static_cast<std::size_t>(current_ + i) % kSlots;
    if (may_hold_timers(slot)) drain_slot(slot, due);
  }
  current_ = target;
  while (due.next_ != &due) {
    Timer& timer = *due.next_;
    timer.unlink();
    if (tick_at_or_after(timer.deadline_) <= target) {
      timer.on_expired();
    } else {
      schedule(timer, timer.deadline_);
    }
  }
}

std::optional<MonotonicDuration> TimerWheel::until_next(MonotonicTime now) {
  for (std::size_t i = 1; i < kSlots;) {
    const std::size_t slot = (static_cast<std::size_t>(current_) + i) % kSlots;
    const std::uint64_t rest = occupied_[slot / 64] >> (slot % 64);
    if (rest == 0) {
      i += 64 - slot % 64;
      continue;
    }
    const auto skipped = static_cast<std::size_t>(std::countr_zero(rest));
    i += skipped;
    if (i >= kSlots) break;
    const std::size_t found = slot + skipped;
    if (slots_[found].next_ != &slots_[found]) {
      const MonotonicTime at(kTick * (current_ + static_cast<std::int64_t>(i)));
      return std::max(MonotonicDuration::zero(), at - now);
    }
    occupied_[found / 64] &= ~(std::uint64_t{1} << (found % 64));  // its timers were cancelled or moved
    ++i;
  }
  return std::nullopt;
}

}  // namespace kagimori
