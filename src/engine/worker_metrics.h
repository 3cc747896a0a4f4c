#pragma once

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

// The requests that a worker has answered. On the worker's own thread.
class WorkerMetrics {
 public:
  // `operation` and `result` are literals.
  void count(Dialect dialect, std::string_view operation, std::string_view result, std::int64_t micros);
  const std::vector<OperationCounts>& operations() const { return operations_; }

 private:
  std::vector<OperationCounts> operations_;  // those that were asked for: some dozens
};

}  // namespace kagimori
