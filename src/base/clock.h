#pragma once

#include <atomic>
#include <compare>
#include <cstdint>
#include <string>

namespace kagimori {

// A point in time: microseconds since the Unix epoch, UTC.
struct Timestamp {
  std::int64_t micros = 0;

  static constexpr Timestamp from_seconds(std::int64_t seconds) { return {seconds * 1'000'000}; }
  constexpr std::int64_t seconds() const { return micros / 1'000'000; }
  constexpr Timestamp plus_seconds(std::int64_t seconds) const { return {micros + seconds * 1'000'000}; }
  constexpr Timestamp plus_days(std::int64_t days) const { return plus_seconds(days * 86'400); }
  auto operator<=>(const Timestamp&) const = default;
};

std::string to_iso8601(Timestamp t);         // 2026-11-22T09:51:18Z
std::string to_iso8601_micros(Timestamp t);  // 2026-11-22T09:51:18.123456Z
std::string to_iso_basic(Timestamp t);       // 20261122T095118Z (SigV4)

// Where time comes from. Two are injected everywhere: *real time* (signatures, TLS, audit) and *lifecycle time* (dates
// of keys), which equals real time except in stores made for tests. Implementations are safe on any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Timestamp now() const = 0;
};

class SystemClock final : public Clock {
 public:
  Timestamp now() const override;
};

// Stands still until told; for tests.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(Timestamp start) : micros_(start.micros) {}
  Timestamp now() const override { return {micros_.load(std::memory_order_relaxed)}; }
  void set(Timestamp t) { micros_.store(t.micros, std::memory_order_relaxed); }
  void advance_seconds(std::int64_t seconds) { micros_.fetch_add(seconds * 1'000'000, std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> micros_;
};

}  // namespace kagimori
