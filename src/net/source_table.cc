#include "net/source_table.h"

#include <algorithm>

namespace kagimori {

bool Source::take_request(const NetLimits& limits, MonotonicTime now) {
  using Rep = MonotonicDuration::rep;
  constexpr Rep kSecond = MonotonicDuration(std::chrono::seconds(1)).count();
  const auto rate = static_cast<Rep>(limits.requests_per_second_per_source);
  const auto burst = static_cast<Rep>(limits.request_burst_per_source);
  const Rep interval = std::max<Rep>(kSecond / rate, 1);
  const Rep at = now.time_since_epoch().count();
  Rep known = full_.load(std::memory_order_relaxed);
  for (;;) {
    const Rep base = std::max(known, at);
    if ((base - at) / interval >= burst) return false;
    if (full_.compare_exchange_weak(known, base + interval, std::memory_order_relaxed)) return true;
  }
}

Source* SourceTable::enter(const IpAddress& address, MonotonicTime now) {
  const IpAddress key = address.source();
  const std::lock_guard lock(mutex_);
  if (sources_.size() >= forget_at_) forget_idle(now);
  std::unique_ptr<Source>& source = sources_[key];
  if (source == nullptr) source = std::make_unique<Source>(key);
  if (source->connections_ >= limits_.max_connections_per_source) return nullptr;
  ++source->connections_;
  return source.get();
}

void SourceTable::leave(Source& source) {
  const std::lock_guard lock(mutex_);
  --source.connections_;  // kept, so that connecting anew does not refill the bucket
}

void SourceTable::forget_idle(MonotonicTime now) {
  std::erase_if(sources_, [&](const auto& entry) {
    return entry.second->connections_ == 0 && entry.second->full_.load() <= now.time_since_epoch().count();
  });
  forget_at_ = std::max<std::size_t>(1024, sources_.size() * 2);
}

}  // namespace kagimori
