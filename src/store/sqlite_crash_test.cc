#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <random>

#include "store/batch_test.h"
#include "store/temporary_store.h"

namespace kagimori {
namespace {

constexpr int kRounds = 25;
constexpr int kOutstanding = 24;  // changes under way at a time
constexpr Table kTables[] = {Table::kKeys, Table::kObjects, Table::kTransitions};

std::string value_of(std::uint64_t number) {
  return std::string(50 + number % 7 * 300, static_cast<char>('a' + number % 26)) + std::to_string(number);
}

// The same record in three tables, and an event: there or not there as one.
Batch change(std::uint64_t number) {
  Batch change;
  for (const Table table : kTables)
    change.writes.push_back(put(table, fmt::format("{:09}", number), 1, value_of(number)));
  change.events = {bytes_of(std::to_string(number))};
  change.scrub = number % 50 == 0;
  return change;
}

// The child: commits for ever and reports the number of each acknowledged change.
class Committer {
 public:
  Committer(Store& store, int report, std::uint64_t first) : store_(store), report_(report), next_(first) {}
  [[noreturn]] void run() {
    for (int i = 0; i < kOutstanding; ++i) commit_next();
    for (;;) ::pause();
  }

 private:
  void commit_next() {
    const std::uint64_t number = next_++;
    store_.commit(change(number), [this, number](const Result<std::uint64_t>& answer) {
      if (!answer || ::write(report_, &number, sizeof number) != sizeof number) ::_exit(3);
      commit_next();
    });
  }

  Store& store_;
  const int report_;
  std::atomic<std::uint64_t> next_;
};

// Kills the child after `acknowledgements` of them, with further changes under way; gives all it acknowledged.
std::vector<std::uint64_t> run_and_kill(const std::filesystem::path& path, std::uint64_t first, int acknowledgements) {
  int pipe_ends[2];
  if (::pipe(pipe_ends) != 0) return {};
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(pipe_ends[0]);
    const auto store = open_sqlite_store({.path = path, .max_group = 8});
    if (!store) ::_exit(2);
    Committer(**store, pipe_ends[1], first).run();
  }
  ::close(pipe_ends[1]);
  std::vector<std::uint64_t> acknowledged;
  std::uint64_t number = 0;
  while (::read(pipe_ends[0], &number, sizeof number) == sizeof number) {
    acknowledged.push_back(number);
    if (static_cast<int>(acknowledged.size()) == acknowledgements) ::kill(child, SIGKILL);
  }
  ::close(pipe_ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status)) << "the child ended by itself with " << WEXITSTATUS(status);
  return acknowledged;
}

// Every record is whole; gives the numbers that are there.
std::vector<std::uint64_t> numbers_in(Store& store) {
  std::vector<std::uint64_t> numbers;
  const auto read = store.read();
  if (!read) return numbers;
  const auto records = (*read)->scan(kTables[0], {}, {}, SIZE_MAX);
  for (const StoredRecord& record : *records) {
    numbers.push_back(std::stoull(std::string(as_text(record.key))));
    for (const Table table : kTables) {
      const auto copy = (*read)->get(table, record.key);
      EXPECT_TRUE(copy && *copy && (*copy)->value == bytes_of(value_of(numbers.back())))
          << "half a change: " << numbers.back();
    }
  }
  return numbers;
}

TEST(SqliteCrash, LosesNothingAcknowledgedWhenKilled) {
  TemporaryStore store;
  std::mt19937 random(20261122);
  std::uint64_t next = 1;
  std::vector<std::uint64_t> acknowledged;
  for (int round = 0; round < kRounds; ++round) {
    store.close();
    const auto more = run_and_kill(store.path(), next, 1 + static_cast<int>(random() % 200));
    ASSERT_FALSE(more.empty());
    acknowledged.insert(acknowledged.end(), more.begin(), more.end());

    store.reopen();
    EXPECT_TRUE(store->was_unclean());
    EXPECT_TRUE(store->check_integrity());
    const std::vector<std::uint64_t> found = numbers_in(*store);
    std::ranges::sort(acknowledged);
    EXPECT_TRUE(std::ranges::includes(found, acknowledged)) << "round " << round << " lost an acknowledged change";
    EXPECT_EQ((*store->read())->store_revision(), found.size());
    EXPECT_EQ(store->pending_events(SIZE_MAX)->size(), found.size()) << "events come and go with their change";
    next = found.back() + 1;
  }
}

}  // namespace
}  // namespace kagimori
