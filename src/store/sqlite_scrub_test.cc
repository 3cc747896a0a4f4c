#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <random>
#include <set>

#include "store/batch_test.h"
#include "store/faulty_disk_test.h"
#include "store/sqlite_scrubbing_vfs.h"
#include "store/temporary_store.h"

namespace kagimori {
namespace {

// Twelve bytes that occur nowhere else.
constexpr std::string_view kMarkStart = "<S3";
std::string secret_mark(std::uint32_t number) { return fmt::format("{}{:08}>", kMarkStart, number); }

std::string filled_with(const std::string& mark, std::size_t size) {
  std::string value;
  while (value.size() < size) value += mark;
  return value;
}

// Every byte of every file in the store's folder.
std::string raw_files(const TemporaryStore& store) {
  std::string bytes;
  for (const auto& entry : std::filesystem::directory_iterator(store.folder())) {
    std::ifstream file(entry.path(), std::ios::binary);
    bytes.append(std::istreambuf_iterator<char>(file), {});
  }
  return bytes;
}

// All marks that occur, found in one pass.
std::set<std::string> marks_in(const std::string& bytes) {
  std::set<std::string> marks;
  for (std::size_t at = bytes.find(kMarkStart); at != std::string::npos; at = bytes.find(kMarkStart, at + 1))
    marks.insert(bytes.substr(at, 12));
  return marks;
}

bool contains(const std::string& bytes, const std::string& mark) { return bytes.find(mark) != std::string::npos; }

Batch scrubbed(std::vector<Write> writes) {
  Batch change = batch(std::move(writes));
  change.scrub = true;
  return change;
}

class ScrubSizes : public testing::TestWithParam<std::size_t> {};

TEST_P(ScrubSizes, DeletedAndOverwrittenValuesAreGoneWithTheAnswer) {
  TemporaryStore store;
  const std::string deleted = secret_mark(1);
  const std::string overwritten = secret_mark(2);
  const std::string kept = secret_mark(3);
  ASSERT_TRUE(store->commit_and_wait(batch({put(Table::kObjects, "d", 1, filled_with(deleted, GetParam())),
                                            put(Table::kObjects, "o", 1, filled_with(overwritten, GetParam())),
                                            put(Table::kObjects, "k", 1, filled_with(kept, GetParam()))})));
  ASSERT_TRUE(contains(raw_files(store), deleted));
  ASSERT_TRUE(contains(raw_files(store), overwritten));
  ASSERT_EQ(value_at(*store, Table::kObjects, "d").substr(0, 12), deleted) << "readers have seen it, in their caches";
  ASSERT_TRUE(store->commit_and_wait(scrubbed({erase(Table::kObjects, "d"), put(Table::kObjects, "o", 2, "short")})));
  const std::string bytes = raw_files(store);
  EXPECT_FALSE(contains(bytes, deleted));
  EXPECT_FALSE(contains(bytes, overwritten));
  EXPECT_TRUE(contains(bytes, kept));
}

INSTANTIATE_TEST_SUITE_P(Sizes, ScrubSizes, testing::Values(12, 300, 1500, 4096, 20'000, 500'000));

// Splits and merges of pages leave copies of moved cells behind (sqlite_scrubbing_vfs.h); this finds them without it.
TEST(Scrub, LeavesNoTraceAfterALongLife) {
  TemporaryStore store;
  std::mt19937 random(1);
  std::vector<std::pair<std::string, std::uint32_t>> alive;
  std::vector<std::uint32_t> dead;
  for (std::uint32_t i = 1; i <= 6000;) {
    Batch change;
    for (int n = 0; n < 3; ++n, ++i) {
      const std::string key = std::to_string(random());
      change.writes.push_back(
          put(Table::kObjects, key, i, filled_with(secret_mark(i), 40 + random() % (i % 7 ? 400 : 9000))));
      alive.emplace_back(key, i);
      if (alive.size() < 50 || random() % 2 == 0) continue;
      std::swap(alive[random() % alive.size()], alive.back());
      const auto& [victim, mark] = alive.back();
      change.writes.push_back(i % 2 ? erase(Table::kObjects, victim)
                                    : put(Table::kObjects, victim, 10'000 + i, "short"));
      dead.push_back(mark);
      alive.pop_back();
    }
    change.scrub = i > 6000;
    ASSERT_TRUE(store->commit_and_wait(std::move(change)));
  }
  const std::set<std::string> found = marks_in(raw_files(store));
  const auto is_found = [&](std::uint32_t mark) { return found.contains(secret_mark(mark)); };
  ASSERT_GT(dead.size(), 2000U);
  EXPECT_EQ(std::ranges::count_if(dead, is_found), 0);
  EXPECT_TRUE(std::ranges::all_of(alive, [&](const auto& record) { return is_found(record.second); }));
  EXPECT_TRUE(store->check_integrity());
}

TEST(Scrub, WaitsForAReaderWithoutHoldingOthersUp) {
  TemporaryStore store;
  const std::string secret = secret_mark(1);
  ASSERT_TRUE(store->commit_and_wait(batch({put(Table::kObjects, "k", 1, secret)})));
  auto reader = store->read();
  auto answer = commit_later(*store, scrubbed({erase(Table::kObjects, "k")}));
  EXPECT_EQ(told(store->commit_and_wait({})), "3");
  EXPECT_EQ(told(store->commit_and_wait({})), "4");
  EXPECT_EQ(answer.wait_for(std::chrono::seconds(0)), std::future_status::timeout) << "its value is still readable";
  EXPECT_TRUE(contains(raw_files(store), secret));
  reader->reset();
  EXPECT_EQ(told(answer.get()), "2");
  EXPECT_FALSE(contains(raw_files(store), secret));
}

TEST(Scrub, HappensAtOpeningWhenItCouldNotBefore) {
  TemporaryStore store;
  const std::string secret = secret_mark(1);
  ASSERT_TRUE(store->commit_and_wait(batch({put(Table::kObjects, "k", 1, secret)})));
  FaultyDisk::arm(Fault::kWriteFails, FaultyFile::kDatabase, 1);
  auto answer = commit_later(*store, scrubbed({erase(Table::kObjects, "k")}));
  EXPECT_EQ(told(store->commit_and_wait({})), "3");
  store.close();
  EXPECT_EQ(told(answer.get()), "Io") << "durable, but not yet gone";
  FaultyDisk::heal();
  EXPECT_TRUE(contains(raw_files(store), secret));
  store.reopen();
  EXPECT_TRUE(store->was_unclean());
  EXPECT_EQ(value_at(*store, Table::kObjects, "k"), "(none)");
  EXPECT_FALSE(contains(raw_files(store), secret));
}

TEST(Scrub, AnswersAStaleBatchAtOnce) {
  TemporaryStore store;
  const auto reader = store->read();
  EXPECT_EQ(told(store->commit_and_wait(scrubbed({erase(Table::kObjects, "k")}))), "Stale");
}

TEST(ClearUnusedMiddle, ClearsOnlyTheMiddleOfBtreePages) {
  const struct {
    const char* what;
    std::vector<std::uint8_t> header;  // type, free block (2), cells (2), content (2), fragments, right child (4)
    std::size_t at;
    std::size_t cleared_from, cleared_to;
  } cases[] = {
      {"index leaf", {10, 0, 0, 0, 3, 0, 200, 0}, 0, 14, 200},
      {"table leaf", {13, 0, 0, 0, 3, 0, 200, 0}, 0, 14, 200},
      {"index interior", {2, 0, 0, 0, 3, 0, 200, 0}, 0, 18, 200},
      {"table interior", {5, 0, 0, 0, 3, 0, 200, 0}, 0, 18, 200},
      {"first page", {13, 0, 0, 0, 3, 0, 200, 0}, 100, 114, 200},
      {"empty leaf", {10, 0, 0, 0, 0, 2, 0, 0}, 0, 8, 512},
      {"full leaf", {10, 0, 0, 0, 3, 0, 14, 0}, 0, 0, 0},
      {"overflow or free page", {0, 0, 0, 0, 3, 0, 200, 0}, 0, 0, 0},
      {"no such type", {11, 0, 0, 0, 3, 0, 200, 0}, 0, 0, 0},
      {"pointers beyond the content", {10, 0, 0, 0, 97, 0, 200, 0}, 0, 0, 0},
      {"content beyond the page", {10, 0, 0, 0, 3, 2, 1, 0}, 0, 0, 0},
      {"content at 65536", {10, 0, 0, 0, 3, 0, 0, 0}, 0, 0, 0},
  };
  for (const auto& c : cases) {
    std::vector<std::uint8_t> page(512, 0xee);
    std::ranges::copy(c.header, page.begin() + static_cast<std::ptrdiff_t>(c.at));
    std::vector<std::uint8_t> expected = page;
    std::fill(expected.begin() + static_cast<std::ptrdiff_t>(c.cleared_from),
              expected.begin() + static_cast<std::ptrdiff_t>(c.cleared_to), std::uint8_t{0});
    clear_unused_middle(page, c.at);
    EXPECT_EQ(page, expected) << c.what;
  }
  std::vector<std::uint8_t> tiny = {10, 0, 0, 0, 3};
  clear_unused_middle(tiny, 0);
  EXPECT_EQ(tiny, (std::vector<std::uint8_t>{10, 0, 0, 0, 3}));
}

}  // namespace
}  // namespace kagimori
