#include "store/sqlite_store.h"

#include "store/temporary_store.h"

namespace kagimori {
namespace {
TEST(SqliteStore, KeepsWhatWasCommitted) {
  TemporaryStore store;
  const Bytes key = to_bytes(as_bytes("k"));
  const auto revision = store->commit_and_wait({.expectations = {{Table::kKeys, key, 0}}, .writes = {{Table::kKeys, key, 1, key}}, .events = {}});
  ASSERT_TRUE(revision) << revision.error().message;
  store.reopen();
  EXPECT_FALSE(store->was_unclean());
  auto read = store->read();
  ASSERT_TRUE(read);
  EXPECT_EQ((*read)->store_revision(), 1u);
  EXPECT_EQ((*read)->get(Table::kKeys, key).value()->value, key);
}
}  // namespace
}  // namespace kagimori
