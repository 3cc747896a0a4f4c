#include "store/measured_store.h"

#include <chrono>

namespace kagimori {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

std::int64_t micros_since(SteadyTime begin) {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begin).count();
}

}  // namespace

class MeasuredStore::Reader final : public ReadTransaction {
 public:
  Reader(std::unique_ptr<ReadTransaction> reader, SharedDurationCounts& durations)
      : reader_(std::move(reader)), durations_(durations) {}
  ~Reader() override { durations_.add(micros_since(begin_)); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  std::uint64_t store_revision() const override { return reader_->store_revision(); }
  Result<std::optional<StoredRecord>> get(Table table, ByteView key) override { return reader_->get(table, key); }
  Result<std::vector<StoredRecord>> scan(Table table, ByteView prefix, ByteView after, std::size_t limit) override {
    return reader_->scan(table, prefix, after, limit);
  }

 private:
  const std::unique_ptr<ReadTransaction> reader_;
  SharedDurationCounts& durations_;
  const SteadyTime begin_ = std::chrono::steady_clock::now();
};

Result<std::unique_ptr<ReadTransaction>> MeasuredStore::read() {
  TRY_ASSIGN(auto reader, store_.read());
  return std::make_unique<Reader>(std::move(reader), reads_);
}

void MeasuredStore::commit(Batch batch, Committed done) {
  const SteadyTime begin = std::chrono::steady_clock::now();
  store_.commit(std::move(batch), [this, begin, done = std::move(done)](Result<std::uint64_t> committed) {
    commits_.add(micros_since(begin));
    if (!committed) failed_commits_.fetch_add(1, std::memory_order_relaxed);
    done(std::move(committed));
  });
}

}  // namespace kagimori
