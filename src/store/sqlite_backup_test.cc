#include <fmt/format.h>

#include <fstream>
#include <thread>

#include "store/batch_test.h"
#include "store/temporary_store.h"

namespace kagimori {
namespace {

TEST(SqliteBackup, IsAStoreOfItsOwn) {
  TemporaryStore store;
  Batch first = batch({put(Table::kKeys, "k", 1, "v"), put(Table::kObjects, "o", 1, std::string(50'000, 'o'))});
  first.events = {bytes_of("event")};
  ASSERT_TRUE(store->commit_and_wait(std::move(first)));
  const std::filesystem::path target = store.folder() / "it's a backup.db";
  const Status done = store->backup(target);
  ASSERT_TRUE(done) << done.error().message;
  ASSERT_TRUE(store->commit_and_wait(batch({put(Table::kKeys, "k", 2, "later")})));

  const auto copy = open_sqlite_store({.path = target});
  ASSERT_TRUE(copy) << copy.error().message;
  EXPECT_FALSE((*copy)->was_unclean());
  EXPECT_TRUE((*copy)->check_integrity());
  EXPECT_EQ(value_at(**copy, Table::kKeys, "k"), "v");
  EXPECT_EQ(value_at(**copy, Table::kObjects, "o"), std::string(50'000, 'o'));
  EXPECT_EQ((*copy)->pending_events(9)->size(), 1U);
  EXPECT_EQ(told((*copy)->commit_and_wait(batch({put(Table::kKeys, "k", 2, "other")}))), "2");
  EXPECT_EQ(value_at(*store, Table::kKeys, "k"), "later");
}

TEST(SqliteBackup, OpensForReadingAsItIs) {
  TemporaryStore store;
  ASSERT_TRUE(store->commit_and_wait(batch({put(Table::kKeys, "k", 1, "v")})));
  ASSERT_TRUE(store->backup(store.folder() / "copy"));
  const auto copy = open_sqlite_store({.path = store.folder() / "copy", .read_only = true});
  ASSERT_TRUE(copy) << copy.error().message;
  EXPECT_EQ(value_at(**copy, Table::kKeys, "k"), "v");
}

// Two records that only ever change together must be the same in every copy.
TEST(SqliteBackup, IsConsistentWhileChangesGoOn) {
  TemporaryStore store;
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> done{0};
  std::thread writer([&] {
    for (std::uint64_t i = 1; !stop; ++i) {
      const std::string value = fmt::format("{} {}", i, std::string(i % 5 * 1000, 'x'));
      EXPECT_TRUE(store->commit_and_wait(batch({put(Table::kKeys, "k", i, value), put(Table::kDue, "k", i, value)})));
      done = i;
      done.notify_all();
    }
  });
  for (int i = 0; i < 10; ++i) {
    done.wait(done.load());  // another change since the last copy
    const std::filesystem::path target = store.folder() / fmt::format("copy{}", i);
    const Status copied = store->backup(target);
    ASSERT_TRUE(copied) << copied.error().message;
    const auto copy = open_sqlite_store({.path = target, .read_only = true});
    ASSERT_TRUE(copy) << copy.error().message;
    const auto read = (*copy)->read();
    const auto one = (*read)->get(Table::kKeys, bytes_of("k")).value();
    const auto other = (*read)->get(Table::kDue, bytes_of("k")).value();
    ASSERT_TRUE(one && other);
    EXPECT_EQ(one->value, other->value);
    EXPECT_EQ((*read)->store_revision(), one->revision);
  }
  stop = true;
  writer.join();
}

TEST(SqliteBackup, RefusesATakenNameAndAMissingFolder) {
  TemporaryStore store;
  const std::filesystem::path taken = store.folder() / "taken";
  std::ofstream(taken) << "precious";
  std::filesystem::create_symlink("nowhere", store.folder() / "link");
  const struct {
    std::filesystem::path target;
    ErrorCode code;
  } cases[] = {{taken, ErrorCode::kAlreadyExists},
               {store.path(), ErrorCode::kAlreadyExists},
               {store.folder() / "link", ErrorCode::kAlreadyExists},
               {store.folder() / "no" / "folder", ErrorCode::kIo}};
  for (const auto& c : cases) {
    const Status done = store->backup(c.target);
    ASSERT_FALSE(done) << c.target;
    EXPECT_EQ(done.error().code, c.code) << done.error().message;
  }
  std::string text;
  std::getline(std::ifstream(taken) >> std::ws, text);
  EXPECT_EQ(text, "precious");
}

void damage(const std::filesystem::path& path, std::streamoff from, std::size_t size) {
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  file.seekp(from);
  file << std::string(size, '\x7e');
}

TEST(SqliteIntegrity, FindsDamagedPages) {
  TemporaryStore store;
  Batch many;
  for (int i = 0; i < 500; ++i) many.writes.push_back(put(Table::kKeys, std::to_string(i), 1, std::string(300, 'v')));
  ASSERT_TRUE(store->commit_and_wait(std::move(many)));
  EXPECT_TRUE(store->check_integrity());
  store.close();
  const auto size = static_cast<std::streamoff>(std::filesystem::file_size(store.path()));
  damage(store.path(), size - 20 * 4096, std::size_t{4096} * 5);
  store.reopen();  // start-up does not read every page
  const Status status = store->check_integrity();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::kCorrupt);
  EXPECT_THAT(status.error().message, testing::HasSubstr("is damaged"));
  EXPECT_THAT(status.error().message, testing::HasSubstr("restore a backup"));
}

TEST(SqliteIntegrity, ReadingADamagedPageIsAnErrorNotAnAnswer) {
  TemporaryStore store;
  Batch many;
  for (int i = 0; i < 500; ++i) many.writes.push_back(put(Table::kKeys, std::to_string(i), 1, std::string(300, 'v')));
  ASSERT_TRUE(store->commit_and_wait(std::move(many)));
  store.close();
  const auto size = static_cast<std::streamoff>(std::filesystem::file_size(store.path()));
  damage(store.path(), size - 20 * 4096, std::size_t{4096} * 5);
  store.reopen();
  const auto read = store->read();
  const auto records = (*read)->scan(Table::kKeys, {}, {}, 1000);
  ASSERT_FALSE(records);
  EXPECT_EQ(records.error().code, ErrorCode::kCorrupt) << records.error().message;
}

}  // namespace
}  // namespace kagimori
