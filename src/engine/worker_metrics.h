#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "base/duration_counts.h"
#include "engine/caller.h"

namespace kagimori {

// What has become of the requests for one operation.
struct OperationCounts {
  Dialect dialect = Dialect::kAwsKms;
  std::string_view operation;                                       // empty: the request named none, or was not let in
  std::vector<std::pair<std::string_view, std::uint64_t>> results;  // "ok", or the error's code
  DurationCounts durations;                                         // from the request's last byte to its answer
};

// Where cryptography is done: sealing and opening, MACs and all else on the worker's own thread, what takes long on
// the pool, and what proxies of external key stores and HSMs do.
enum class CryptoWork : std::uint8_t { kSymmetric, kMac, kOther, kPool, kOutside };
inline constexpr std::array<std::string_view, 5> kCryptoWorkNames = {"symmetric", "mac", "other", "pool", "outside"};
struct CryptoTime {
  std::uint64_t operations = 0;
  std::chrono::nanoseconds time{0};
};

// The requests that a worker has answered. On the worker's own thread.
class WorkerMetrics {
 public:
  void count(CryptoWork work, std::chrono::nanoseconds time) {
    CryptoTime& total = crypto_.at(static_cast<std::size_t>(work));
    ++total.operations;
    total.time += time;
  }
  using CryptoTimes = std::array<CryptoTime, kCryptoWorkNames.size()>;
  const CryptoTimes& crypto() const { return crypto_; }
  // `operation` and `result` are literals.
  void count(Dialect dialect, std::string_view operation, std::string_view result, std::int64_t micros);
  const std::vector<OperationCounts>& operations() const { return operations_; }

 private:
  std::vector<OperationCounts> operations_;  // those that were asked for: some dozens
  CryptoTimes crypto_;
};

// Counts the time of its own life.
class CryptoTimer {
 public:
  CryptoTimer(WorkerMetrics& metrics, CryptoWork work) : metrics_(metrics), work_(work) {}
  ~CryptoTimer() { metrics_.count(work_, std::chrono::steady_clock::now() - began_); }
  CryptoTimer(const CryptoTimer&) = delete;
  CryptoTimer& operator=(const CryptoTimer&) = delete;

 private:
  WorkerMetrics& metrics_;
  const CryptoWork work_;
  const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

}  // namespace kagimori
