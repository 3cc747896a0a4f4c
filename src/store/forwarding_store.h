#pragma once

#include <utility>

#include "store/store.h"

namespace kagimori {

// Passes everything on to another store. For stores that stand before one and change a part of what it does.
class ForwardingStore : public Store {
 public:
  Result<std::unique_ptr<ReadTransaction>> read() override { return store_.read(); }
  void commit(Batch batch, Committed done) override { store_.commit(std::move(batch), std::move(done)); }
  Result<std::vector<PendingEvent>> pending_events(std::size_t limit) override { return store_.pending_events(limit); }
  void remove_events(std::uint64_t up_to_revision) override { store_.remove_events(up_to_revision); }
  Status backup(const std::filesystem::path& target) override { return store_.backup(target); }
  Status check_integrity() override { return store_.check_integrity(); }
  void interrupt_checks() override { store_.interrupt_checks(); }
  bool was_unclean() const override { return store_.was_unclean(); }

 protected:
  // `store` outlives this one.
  explicit ForwardingStore(Store& store) : store_(store) {}

  Store& store_;
};

}  // namespace kagimori
