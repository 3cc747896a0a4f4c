#include "store/faulty_store.h"

#include "store/batch_test.h"
#include "store/temporary_store.h"

namespace kagimori {
namespace {

TEST(FaultyStoreTest, FailsCommitsThatWriteTheTableAndChangesNothing) {
  const TemporaryStore store;
  FaultyStore faulty(*store);
  faulty.arm(Table::kKeys, FaultyStore::Call::kCommit, ErrorCode::kStorageFull, 2);
  for (int i = 0; i < 2; ++i) {
    const Batch change = batch({put(Table::kAliases, "a", 1, "v"), put(Table::kKeys, "k", 1, "v")});
    EXPECT_EQ(told(faulty.commit_and_wait(change)), "StorageFull");
  }
  EXPECT_EQ(value_at(*store, Table::kAliases, "a"), "(none)");
  EXPECT_EQ(value_at(*store, Table::kKeys, "k"), "(none)");
  EXPECT_TRUE(faulty.commit_and_wait(batch({put(Table::kKeys, "k", 1, "v")})));
  EXPECT_EQ(value_at(faulty, Table::kKeys, "k"), "v");
}

TEST(FaultyStoreTest, FailsReadsOfTheTableOnly) {
  const TemporaryStore store;
  FaultyStore faulty(*store);
  ASSERT_TRUE(faulty.commit_and_wait(batch({put(Table::kKeys, "k", 1, "v"), put(Table::kAliases, "a", 1, "v")})));
  faulty.arm(Table::kKeys, FaultyStore::Call::kRead, ErrorCode::kIo, 2);
  EXPECT_EQ(value_at(faulty, Table::kAliases, "a"), "v");
  EXPECT_EQ(value_at(faulty, Table::kKeys, "k"), "Io");
  EXPECT_EQ(faulty.read().value()->scan(Table::kKeys, {}, {}, 10).error().code, ErrorCode::kIo);
  EXPECT_EQ(value_at(faulty, Table::kKeys, "k"), "v");
}

TEST(FaultyStoreTest, TakesAnOrderBack) {
  const TemporaryStore store;
  FaultyStore faulty(*store);
  faulty.arm(Table::kKeys, FaultyStore::Call::kRead, ErrorCode::kIo, 100);
  faulty.arm(Table::kKeys, FaultyStore::Call::kRead, ErrorCode::kCorrupt, 0);
  EXPECT_EQ(value_at(faulty, Table::kKeys, "k"), "(none)");
}

}  // namespace
}  // namespace kagimori
