#include "store/measured_store.h"

#include <gtest/gtest.h>

#include "store/temporary_store.h"

namespace kagimori {
namespace {

Batch put(std::uint64_t revision) {
  Batch batch;
  const Bytes key = to_bytes(as_bytes("k"));
  batch.expectations.push_back({Table::kKeys, key, 0});
  batch.writes.push_back({Table::kKeys, key, revision, to_bytes(as_bytes("v"))});
  return batch;
}

TEST(MeasuredStore, CountsReadsAndCommits) {
  TemporaryStore real;
  MeasuredStore store(*real);
  {
    const auto view = std::move(store.read().value());
    EXPECT_FALSE(view->get(Table::kKeys, as_bytes("k")).value());
    EXPECT_EQ(store.reads().count(), 0u) << "it has not ended";
  }
  EXPECT_EQ(store.reads().count(), 1u);
  EXPECT_TRUE(store.commit_and_wait(put(1)));
  EXPECT_EQ(store.commits().count(), 1u);
  EXPECT_EQ(store.failed_commits(), 0u);
  const auto stale = store.commit_and_wait(put(2));
  ASSERT_FALSE(stale);
  EXPECT_EQ(stale.error().code, ErrorCode::kStale);
  EXPECT_EQ(store.commits().count(), 2u);
  EXPECT_EQ(store.failed_commits(), 1u);
  const auto view = std::move(store.read().value());
  EXPECT_EQ(view->scan(Table::kKeys, {}, {}, 10).value().size(), 1u);
  EXPECT_EQ(view->store_revision(), real->read().value()->store_revision());
}

}  // namespace
}  // namespace kagimori
