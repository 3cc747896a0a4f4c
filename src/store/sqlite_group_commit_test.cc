#include <latch>
#include <thread>

#include "store/batch_test.h"
#include "store/faulty_disk_test.h"
#include "store/temporary_store.h"

namespace kagimori {
namespace {

using Answers = std::vector<std::future<Result<std::uint64_t>>>;

// Holds the writer in a callback while changes queue up behind it, so that what it finds is known.
class HeldWriter {
 public:
  explicit HeldWriter(Store& store) {
    store.commit({}, [this](const Result<std::uint64_t>&) {
      held_.count_down();
      release_.wait();
    });
    held_.wait();
  }
  void release() { release_.count_down(); }

 private:
  std::latch held_{1};
  std::latch release_{1};
};

int syncs_for(Store& store, int changes) {
  HeldWriter writer(store);
  Answers answers;
  for (int i = 0; i < changes; ++i)
    answers.push_back(commit_later(store, batch({put(Table::kKeys, std::to_string(i), 1, "v")})));
  const int before = FaultyDisk::syncs(FaultyFile::kLog);
  writer.release();
  for (auto& answer : answers) EXPECT_TRUE(answer.get());
  return FaultyDisk::syncs(FaultyFile::kLog) - before;
}

TEST(GroupCommit, SharesOneTransactionAmongAllThatWait) {
  TemporaryStore store;
  EXPECT_EQ(syncs_for(*store, 300), 1);
}

TEST(GroupCommit, TakesNoMoreThanItsLimit) {
  TemporaryStore store;
  store.close();
  const auto limited = open_sqlite_store({.path = store.path(), .max_group = 10});
  ASSERT_TRUE(limited) << limited.error().message;
  EXPECT_EQ(syncs_for(**limited, 100), 10);
}

TEST(GroupCommit, FailsAStaleBatchAloneAndKeepsTheOrder) {
  TemporaryStore store;
  HeldWriter writer(*store);
  std::vector<std::string> told_in_order;
  const auto add = [&](Batch change) {
    store->commit(std::move(change),
                  [&](const Result<std::uint64_t>& answer) { told_in_order.push_back(told(answer)); });
  };
  add(batch({put(Table::kKeys, "a", 1, "1")}, {expect(Table::kKeys, "a", 0)}));
  add(batch({put(Table::kKeys, "b", 1, "1"), put(Table::kKeys, "a", 1, "2")}));
  add(batch({put(Table::kKeys, "a", 2, "3")}, {expect(Table::kKeys, "a", 0)}));
  add(batch({put(Table::kKeys, "a", 3, "4")}, {expect(Table::kKeys, "a", 1)}));
  add(batch({put(Table::kKeys, "", 3, "5")}));
  auto last = commit_later(*store, batch({put(Table::kKeys, "c", 1, "6")}));
  writer.release();
  EXPECT_EQ(told(last.get()), "4");
  EXPECT_THAT(told_in_order, testing::ElementsAre("2", "Stale", "Stale", "3", "Validation"));
  EXPECT_EQ(value_at(*store, Table::kKeys, "a"), "4");
  EXPECT_EQ(value_at(*store, Table::kKeys, "b"), "(none)");
}

TEST(GroupCommit, GivesManyCommittersDistinctRevisions) {
  TemporaryStore store;
  constexpr int kThreads = 8;
  constexpr int kChanges = 100;
  std::mutex mutex;
  std::map<std::uint64_t, int> revisions;
  std::atomic<int> stale{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < kChanges;) {
        std::uint64_t seen = 0;
        {
          const auto read = store->read();
          const auto counter = (*read)->get(Table::kMeta, bytes_of("counter")).value();
          seen = counter ? counter->revision : 0;
        }
        const auto answer = store->commit_and_wait(
            batch({put(Table::kMeta, "counter", seen + 1, "n")}, {expect(Table::kMeta, "counter", seen)}));
        if (!answer) {
          EXPECT_EQ(told(answer), "Stale");
          ++stale;
          continue;
        }
        ++i;
        const std::lock_guard lock(mutex);
        EXPECT_EQ(++revisions[*answer], 1);
      }
    });
  for (std::thread& thread : threads) thread.join();
  const auto counter = (*store->read())->get(Table::kMeta, bytes_of("counter")).value();
  EXPECT_EQ(counter->revision, static_cast<std::uint64_t>(kThreads * kChanges)) << "no update was lost";
  EXPECT_EQ(revisions.rbegin()->first, static_cast<std::uint64_t>(kThreads * kChanges));
}

TEST(GroupCommit, LetsACallbackCommitAgain) {
  TemporaryStore store;
  std::promise<std::string> second;
  store->commit({}, [&](const Result<std::uint64_t>&) {
    store->commit({}, [&](const Result<std::uint64_t>& answer) { second.set_value(told(answer)); });
  });
  EXPECT_EQ(second.get_future().get(), "2");
}

}  // namespace
}  // namespace kagimori
