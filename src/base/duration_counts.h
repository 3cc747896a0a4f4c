#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace kagimori {

// The upper bounds of the buckets that durations are counted in, in microseconds: from what a cached key takes to what
// an external key store may. What takes longer than the last is in none but counted.
inline constexpr std::array<std::int64_t, 16> kDurationBounds = {
    50,     100,    250,     500,     1'000,   2'500,     5'000,     10'000,
    25'000, 50'000, 100'000, 250'000, 500'000, 1'000'000, 2'500'000, 10'000'000};

inline std::size_t duration_bucket(std::int64_t micros) {
  return static_cast<std::size_t>(std::ranges::lower_bound(kDurationBounds, micros) - kDurationBounds.begin());
}

// How long something took, again and again. One thread.
struct DurationCounts {
  std::array<std::uint64_t, kDurationBounds.size() + 1> buckets{};  // the last: beyond every bound
  std::int64_t micros = 0;                                          // all together

  void add(std::int64_t duration) {
    duration = std::max<std::int64_t>(duration, 0);
    ++buckets[duration_bucket(duration)];
    micros += duration;
  }
  void add(const DurationCounts& other) {
    for (std::size_t i = 0; i < buckets.size(); ++i) buckets[i] += other.buckets[i];
    micros += other.micros;
  }
  std::uint64_t count() const {
    std::uint64_t all = 0;
    for (const std::uint64_t bucket : buckets) all += bucket;
    return all;
  }
};

// The same for any thread.
class SharedDurationCounts {
 public:
  void add(std::int64_t duration) {
    duration = std::max<std::int64_t>(duration, 0);
    buckets_[duration_bucket(duration)].fetch_add(1, std::memory_order_relaxed);
    micros_.fetch_add(duration, std::memory_order_relaxed);
  }
  DurationCounts read() const {
    DurationCounts counts;
    for (std::size_t i = 0; i < buckets_.size(); ++i) counts.buckets[i] = buckets_[i].load(std::memory_order_relaxed);
    counts.micros = micros_.load(std::memory_order_relaxed);
    return counts;
  }

 private:
  std::array<std::atomic<std::uint64_t>, kDurationBounds.size() + 1> buckets_{};
  std::atomic<std::int64_t> micros_{0};
};

}  // namespace kagimori
