#include "engine/worker_metrics.h"

#include <algorithm>

namespace kagimori {
namespace {

bool is_same(std::string_view a, std::string_view b) {
  // Most often one and the same literal.
  return a.data() == b.data() ? a.size() == b.size() : a == b;
}

}  // namespace

void WorkerMetrics::count(Dialect dialect, std::string_view operation, std::string_view result, std::int64_t micros) {
  auto counts = std::ranges::find_if(operations_, [&](const OperationCounts& known) {
    return known.dialect == dialect && is_same(known.operation, operation);
  });
  if (counts == operations_.end()) counts = operations_.insert(counts, {dialect, operation, {}, {}});
  auto entry = std::ranges::find_if(counts->results, [&](const auto& known) { return is_same(known.first, result); });
  if (entry == counts->results.end()) entry = counts->results.insert(entry, {result, 0});
  ++entry->second;
  counts->durations.add(micros);
}

}  // namespace kagimori
