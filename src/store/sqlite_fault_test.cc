#include <fmt/format.h>

#include "store/batch_test.h"
#include "store/faulty_disk_test.h"
#include "store/temporary_store.h"

namespace kagimori {
namespace {

struct Strike {
  Fault fault;
  int nth;
  const char* answer;
};

class StruckCommit : public testing::TestWithParam<Strike> {
 protected:
  ~StruckCommit() override { FaultyDisk::heal(); }
};

// A change over several tables and pages: a commit of it writes the log more than a dozen times (frame headers and
// pages) and syncs it once.
Batch wide_change(std::uint64_t revision) {
  Batch change = batch({put(Table::kKeys, "k", revision, fmt::format("key of {}", revision)),
                        put(Table::kObjects, "o", revision, std::string(9000, 'o')),
                        put(Table::kAliases, "a", revision, "alias")});
  change.events = {bytes_of(fmt::format("event of {}", revision))};
  return change;
}

void expect_state(Store& store, std::uint64_t revision) {
  EXPECT_EQ(value_at(store, Table::kKeys, "k"), fmt::format("key of {}", revision));
  const auto read = store.read();
  ASSERT_TRUE(read) << read.error().message;
  for (const auto& [table, key] : {std::pair{Table::kObjects, "o"}, {Table::kAliases, "a"}})
    EXPECT_EQ((*read)->get(table, bytes_of(key)).value()->revision, revision) << "half applied: " << table_name(table);
  const auto events = store.pending_events(99);
  ASSERT_TRUE(events && !events->empty());
  EXPECT_EQ(events->back().payload, bytes_of(fmt::format("event of {}", revision)));
}

TEST_P(StruckCommit, FailsWholeAndTheStoreRecovers) {
  const Strike strike = GetParam();
  TemporaryStore store;
  ASSERT_EQ(told(store->commit_and_wait(wide_change(1))), "1");
  FaultyDisk::arm(strike.fault, FaultyFile::kLog, strike.nth);
  const auto struck = store->commit_and_wait(wide_change(2));
  EXPECT_EQ(told(struck), strike.answer);
  expect_state(*store, 1);
  EXPECT_EQ(told(store->commit_and_wait(wide_change(2))), strike.answer) << "the disk is still ill";
  expect_state(*store, 1);

  FaultyDisk::heal();
  EXPECT_EQ(told(store->commit_and_wait(wide_change(3))), "2") << "the store goes on by itself, without a gap";
  expect_state(*store, 3);
  EXPECT_TRUE(store->check_integrity());
  store.reopen();
  expect_state(*store, 3);
}

// Only when the last sync fails and the store then never gets to its disk again can a commit that failed turn out to be
// there: its frames are in the log and complete.
TEST_P(StruckCommit, IsWholeOrAbsentAfterARestartOnAnIllDisk) {
  const Strike strike = GetParam();
  TemporaryStore store;
  ASSERT_TRUE(store->commit_and_wait(wide_change(1)));
  FaultyDisk::arm(strike.fault, FaultyFile::kLog, strike.nth);
  ASSERT_EQ(told(store->commit_and_wait(wide_change(2))), strike.answer);
  store.close();
  FaultyDisk::heal();
  store.reopen();
  EXPECT_EQ(store->was_unclean(), strike.fault == Fault::kSyncFails) << "all else could be settled at closing";
  const bool there = value_at(*store, Table::kKeys, "k") == "key of 2";
  EXPECT_TRUE(!there || strike.fault == Fault::kSyncFails);
  expect_state(*store, there ? 2 : 1);
}

std::string strike_name(const testing::TestParamInfo<Strike>& strike) {
  constexpr const char* kNames[] = {"None", "DiskFull", "WriteFails", "TornWrite", "SyncFails"};
  return fmt::format("{}{}", kNames[static_cast<int>(strike.param.fault)], strike.param.nth);
}

constexpr Strike kStrikes[] = {
    {Fault::kDiskFull, 1, "StorageFull"},  {Fault::kDiskFull, 2, "StorageFull"}, {Fault::kDiskFull, 7, "StorageFull"},
    {Fault::kDiskFull, 12, "StorageFull"}, {Fault::kWriteFails, 1, "Io"},        {Fault::kWriteFails, 4, "Io"},
    {Fault::kTornWrite, 1, "Io"},          {Fault::kTornWrite, 2, "Io"},         {Fault::kTornWrite, 9, "Io"},
    {Fault::kTornWrite, 12, "Io"},         {Fault::kSyncFails, 1, "Io"}};
INSTANTIATE_TEST_SUITE_P(Strikes, StruckCommit, testing::ValuesIn(kStrikes), strike_name);

class FaultyStore : public testing::Test {
 protected:
  ~FaultyStore() override { FaultyDisk::heal(); }
  TemporaryStore store_;
};

TEST_F(FaultyStore, SaysThatTheDiskIsFull) {
  FaultyDisk::arm(Fault::kDiskFull, FaultyFile::kLog, 1);
  const auto answer = store_->commit_and_wait(wide_change(1));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().message, "The disk of the store is full. Make room; the server goes on by itself.");
}

TEST_F(FaultyStore, FailsEveryBatchOfTheGroup) {
  std::promise<void> held;
  std::promise<void> release;
  store_->commit({}, [&](const Result<std::uint64_t>&) {
    held.set_value();
    release.get_future().wait();
  });
  held.get_future().wait();
  std::vector<std::future<Result<std::uint64_t>>> answers;
  for (int i = 0; i < 20; ++i)
    answers.push_back(commit_later(*store_, batch({put(Table::kKeys, std::to_string(i), 1, "v")})));
  FaultyDisk::arm(Fault::kDiskFull, FaultyFile::kLog, 3);
  release.set_value();
  for (auto& answer : answers) EXPECT_EQ(told(answer.get()), "StorageFull");
  const auto read = store_->read();
  EXPECT_TRUE((*read)->scan(Table::kKeys, {}, {}, 99)->empty());
}

TEST_F(FaultyStore, ReadersGoOnWhileTheDiskIsFull) {
  ASSERT_TRUE(store_->commit_and_wait(wide_change(1)));
  const auto open_before = store_->read();
  FaultyDisk::arm(Fault::kDiskFull, FaultyFile::kLog, 1);
  EXPECT_EQ(told(store_->commit_and_wait(wide_change(2))), "StorageFull");
  EXPECT_EQ((*open_before)->get(Table::kAliases, bytes_of("a")).value()->value, bytes_of("alias"));
  expect_state(*store_, 1);
  FaultyDisk::heal();
  EXPECT_EQ(told(store_->commit_and_wait(wide_change(2))), "2");
  expect_state(*store_, 2);
}

// More than the thousand pages after which the writer copies the log.
TEST_F(FaultyStore, AnIllDatabaseFileDelaysOnlyTheCopyOfTheLog) {
  FaultyDisk::arm(Fault::kWriteFails, FaultyFile::kDatabase, 1);
  const std::string mebibyte(1 << 20, 'm');
  for (std::uint64_t i = 1; i <= 6; ++i)
    EXPECT_EQ(told(store_->commit_and_wait(batch({put(Table::kObjects, "big", i, mebibyte)}))), std::to_string(i));
  FaultyDisk::heal();
  EXPECT_EQ(value_at(*store_, Table::kObjects, "big"), mebibyte);
  store_.reopen();
  EXPECT_EQ(value_at(*store_, Table::kObjects, "big"), mebibyte);
  EXPECT_TRUE(store_->check_integrity());
}

TEST_F(FaultyStore, OpeningFailsWithoutHarmAndWorksLater) {
  ASSERT_TRUE(store_->commit_and_wait(wide_change(1)));
  FaultyDisk::arm(Fault::kSyncFails, FaultyFile::kDatabase, 1);
  store_.close();  // can't copy the log
  const auto refused = open_sqlite_store({.path = store_.path()});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kIo) << refused.error().message;
  FaultyDisk::heal();
  store_.reopen();
  expect_state(*store_, 1);
}

TEST_F(FaultyStore, AFailedCreationLeavesNoStore) {
  const std::filesystem::path path = store_.folder() / "second.db";
  FaultyDisk::arm(Fault::kDiskFull, FaultyFile::kDatabase, 1);
  const auto failed = open_sqlite_store({.path = path, .create = true});
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::kStorageFull) << failed.error().message;
  EXPECT_FALSE(std::filesystem::exists(path));
  FaultyDisk::heal();
  EXPECT_TRUE(open_sqlite_store({.path = path, .create = true}));
}

TEST_F(FaultyStore, AFailedBackupLeavesNoFile) {
  ASSERT_TRUE(store_->commit_and_wait(wide_change(1)));
  const std::filesystem::path target = store_.folder() / "backup";
  FaultyDisk::arm(Fault::kDiskFull, FaultyFile::kDatabase, 3);
  const Status failed = store_->backup(target);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::kStorageFull) << failed.error().message;
  for (const auto& entry : std::filesystem::directory_iterator(store_.folder()))
    EXPECT_FALSE(entry.path().filename().string().starts_with("backup")) << entry.path();
  FaultyDisk::heal();
  EXPECT_TRUE(store_->backup(target));
}

}  // namespace
}  // namespace kagimori
