#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>

#include "store/store.h"

namespace kagimori {

// A store that fails on demand, for servers in test mode: the troubles that a back end may have but that a sound disk
// does not give (a network that drops, a sector that can't be read, a rival that is always faster). It stands before
// the real store and passes everything through until a test arms it. Any thread.
class FaultyStore final : public Store {
 public:
  enum class Call : std::uint8_t { kRead, kCommit };

  // Outlived by `store`.
  explicit FaultyStore(Store& store) : store_(store) {}

  // The next `times` reads of the table (get and scan), or commits of batches that write it, fail with `error`; 0 takes
  // an order back. A commit that fails has changed nothing.
  void arm(Table table, Call call, ErrorCode error, std::int64_t times);

  Result<std::unique_ptr<ReadTransaction>> read() override;
  void commit(Batch batch, Committed done) override;
  Result<std::vector<PendingEvent>> pending_events(std::size_t limit) override { return store_.pending_events(limit); }
  void remove_events(std::uint64_t up_to_revision) override { store_.remove_events(up_to_revision); }
  Status backup(const std::filesystem::path& target) override { return store_.backup(target); }
  Status check_integrity() override { return store_.check_integrity(); }
  void interrupt_checks() override { store_.interrupt_checks(); }
  bool was_unclean() const override { return store_.was_unclean(); }

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

  Store& store_;
  std::atomic<bool> any_{false};
  std::mutex mutex_;
  std::vector<Fault> faults_;  // at most one of a table and call
};

}  // namespace kagimori
