#pragma once

#include <atomic>
#include <cstdint>

#include "base/duration_counts.h"
#include "store/forwarding_store.h"

namespace kagimori {

// Counts what another store is asked for and how long that takes. Any thread.
class MeasuredStore final : public ForwardingStore {
 public:
  explicit MeasuredStore(Store& store) : ForwardingStore(store) {}

  Result<std::unique_ptr<ReadTransaction>> read() override;
  void commit(Batch batch, Committed done) override;

  DurationCounts reads() const { return reads_.read(); }      // from the begin to the end of a read transaction
  DurationCounts commits() const { return commits_.read(); }  // until the batch was on disk, or failed
  std::uint64_t failed_commits() const { return failed_commits_.load(std::memory_order_relaxed); }

 private:
  class Reader;

  SharedDurationCounts reads_, commits_;
  std::atomic<std::uint64_t> failed_commits_{0};
};

}  // namespace kagimori
