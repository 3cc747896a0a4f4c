#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>

#include "store/forwarding_store.h"

namespace kagimori {

// A store that fails on demand, for servers in test mode: the troubles that a back end may have but that a sound disk
// does not give (a network that drops, a sector that can't be read, a rival that is always faster). It stands before
// the real store and passes everything through until a test arms it. Any thread.
class FaultyStore final : public ForwardingStore {
 public:
  enum class Call : std::uint8_t { kRead, kCommit };

  explicit FaultyStore(Store& store) : ForwardingStore(store) {}

  // The next `times` reads of the table (get and scan), or commits of batches that write it, fail with `error`; 0 takes
  // an order back. A commit that fails has changed nothing.
  void arm(Table table, Call call, ErrorCode error, std::int64_t times);

  Result<std::unique_ptr<ReadTransaction>> read() override;
  void commit(Batch batch, Committed done) override;

 private:
  class Reader;
  struct Fault {
    Table table{};
    Call call{};
    ErrorCode error{};
    std::int64_t left = 0;
  };

  // The error that is due for such a call, counted down.
  Status take(Table table, Call call);
  Status take_for(const Batch& batch);

  std::atomic<bool> any_{false};
  std::mutex mutex_;
  std::vector<Fault> faults_;  // at most one of a table and call
};

}  // namespace kagimori
