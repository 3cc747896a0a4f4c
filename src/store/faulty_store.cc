#include "store/faulty_store.h"

#include <algorithm>
#include <utility>

namespace kagimori {

class FaultyStore::Reader final : public ReadTransaction {
 public:
  Reader(FaultyStore& faulty, std::unique_ptr<ReadTransaction> inner) : faulty_(faulty), inner_(std::move(inner)) {}

  std::uint64_t store_revision() const override { return inner_->store_revision(); }
  Result<std::optional<StoredRecord>> get(Table table, ByteView key) override {
    TRY(faulty_.take(table, Call::kRead));
    return inner_->get(table, key);
  }
  Result<std::vector<StoredRecord>> scan(Table table, ByteView prefix, ByteView after, std::size_t limit) override {
    TRY(faulty_.take(table, Call::kRead));
    return inner_->scan(table, prefix, after, limit);
  }

 private:
  FaultyStore& faulty_;
  std::unique_ptr<ReadTransaction> inner_;
};

void FaultyStore::arm(Table table, Call call, ErrorCode error, std::int64_t times) {
  const std::lock_guard lock(mutex_);
  std::erase_if(faults_, [&](const Fault& fault) { return fault.table == table && fault.call == call; });
  if (times > 0) faults_.push_back({table, call, error, times});
  any_.store(!faults_.empty(), std::memory_order_release);
}

Status FaultyStore::take(Table table, Call call) {
  if (!any_.load(std::memory_order_acquire)) return {};
  const std::lock_guard lock(mutex_);
  for (Fault& fault : faults_) {
    if (fault.table != table || fault.call != call || fault.left == 0) continue;
    --fault.left;
    return fail(fault.error, "A test ordered this error of the store.");
  }
  return {};
}

Status FaultyStore::take_for(const Batch& batch) {
  for (const Write& write : batch.writes) TRY(take(write.table, Call::kCommit));
  return {};
}

Result<std::unique_ptr<ReadTransaction>> FaultyStore::read() {
  TRY_ASSIGN(std::unique_ptr<ReadTransaction> inner, store_.read());
  return std::make_unique<Reader>(*this, std::move(inner));
}

void FaultyStore::commit(Batch batch, Committed done) {
  const Status fault = take_for(batch);
  if (fault) return store_.commit(std::move(batch), std::move(done));
  // An empty batch brings the refusal to where refusals come from: the writer's thread, in the queue's order.
  store_.commit({},
                [done = std::move(done), error = fault.error()](const Result<std::uint64_t>&) { done(fail(error)); });
}

}  // namespace kagimori
