#include "engine/event_outbox.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "store/temporary_store.h"

namespace kagimori {
namespace {

class EventOutboxTest : public testing::Test {
 protected:
  EventOutboxTest() : folder_{store_.folder() / "audit"}, file_(folder_.segment(0)) {
    std::filesystem::create_directories(folder_.segments());
  }

  static std::string line(int number) {
    return fmt::format("{{\"eventName\":\"Change\",\"eventID\":\"id-{:05}\",\"readOnly\":false}}\n", number);
  }
  // Commits a change with its event, as the engine does; the event is in the store's outbox then.
  std::uint64_t commit(int number) {
    const auto read = *store_->read();
    Batch batch;
    const Bytes key = to_bytes(as_bytes(fmt::format("change-{}", number)));
    batch.writes.push_back({Table::kMeta, key, read->store_revision() + 1, Bytes{1}});
    batch.events.push_back(to_bytes(as_bytes(line(number))));
    const auto revision = store_->commit_and_wait(std::move(batch));
    EXPECT_TRUE(revision) << revision.error().message;
    return revision ? *revision : 0;
  }
  std::unique_ptr<audit::Log> open_log() {
    auto log = audit::Log::open({folder_.path});
    EXPECT_TRUE(log);
    return *std::move(log);
  }
  std::string text() const {
    std::ostringstream out;
    out << std::ifstream(file_, std::ios::binary).rdbuf();
    return out.str();
  }
  // Puts a folder where the log was: nobody can write there.
  void block(audit::Log& log) const {
    std::filesystem::rename(file_, aside());
    std::filesystem::create_directory(file_);
    std::ignore = log.keep_file();
  }
  void unblock(audit::Log& log) const {
    std::filesystem::remove(file_);
    std::filesystem::rename(aside(), file_);
    std::ignore = log.keep_file();
  }
  std::filesystem::path aside() const { return store_.folder() / "aside"; }
  std::size_t pending() { return store_->pending_events(100'000)->size(); }

  TemporaryStore store_;
  audit::LogFolder folder_;
  std::filesystem::path file_;
};

TEST_F(EventOutboxTest, WritesInTheOrderOfTheCommitsAndClears) {
  const auto log = open_log();
  EventOutbox outbox(*store_, *log);
  std::string expected;
  for (int i = 0; i < 5; ++i) {
    outbox.committed(commit(i), line(i));
    expected += line(i);
  }
  EXPECT_EQ(text(), expected);
  EXPECT_EQ(pending(), 0u);
  EXPECT_TRUE(outbox.ready());
}

TEST_F(EventOutboxTest, RecoversWhatACrashKeptFromTheLog) {
  for (int i = 0; i < 3; ++i) commit(i);
  store_.reopen();
  const auto log = open_log();
  EventOutbox outbox(*store_, *log);
  ASSERT_TRUE(outbox.recover());
  EXPECT_EQ(text(), line(0) + line(1) + line(2));
  EXPECT_EQ(pending(), 0u);
  ASSERT_TRUE(outbox.recover());
  EXPECT_EQ(text(), line(0) + line(1) + line(2)) << "once";
}

// The server died between the log's write and the clearing of the outbox, after any number of the events.
TEST_F(EventOutboxTest, RecoveryWritesNothingTwice) {
  constexpr int kEvents = 4;
  for (int i = 0; i < kEvents; ++i) commit(i);
  const auto log = open_log();
  ASSERT_TRUE(log->append(line(0) + line(1)));
  EventOutbox outbox(*store_, *log);
  ASSERT_TRUE(outbox.recover());
  EXPECT_EQ(text(), line(0) + line(1) + line(2) + line(3));
  EXPECT_EQ(pending(), 0u);
}

TEST_F(EventOutboxTest, ATornLineIsWrittenAgainWhole) {
  commit(0);
  commit(1);
  std::ofstream(file_, std::ios::binary) << line(0) << line(1).substr(0, 20);
  const auto log = open_log();
  EventOutbox outbox(*store_, *log);
  ASSERT_TRUE(outbox.recover());
  EXPECT_EQ(text(), line(0) + line(1));
}

// Changes of 1, 50 and 600 events: pages end between them, within them, and are too small for one.
TEST_F(EventOutboxTest, RecoversMoreThanOnePage) {
  for (const int of_one_change : {1, 50, 600}) {
    const auto log = open_log();
    EventOutbox outbox(*store_, *log);
    std::string expected;
    Batch batch;
    for (int i = 0; i < 600; ++i) {
      const std::string text_of_one = line(of_one_change * 1000 + i);
      batch.events.push_back(to_bytes(as_bytes(text_of_one)));
      expected += text_of_one;
      if ((i + 1) % of_one_change != 0) continue;
      const auto read = *store_->read();
      batch.writes.push_back({Table::kMeta, Bytes{'k'}, read->store_revision() + 1, Bytes{1}});
      ASSERT_TRUE(store_->commit_and_wait(std::exchange(batch, {})));
    }
    ASSERT_TRUE(outbox.recover());
    EXPECT_TRUE(text() == expected) << "changes of " << of_one_change << " events";
    EXPECT_EQ(pending(), 0u);
    std::filesystem::remove(file_);
  }
}

TEST_F(EventOutboxTest, RecoveryWithoutALogIsAnErrorAndLosesNothing) {
  commit(0);
  const auto log = open_log();
  EventOutbox outbox(*store_, *log);
  block(*log);
  EXPECT_FALSE(outbox.recover());
  EXPECT_EQ(pending(), 1u);
  unblock(*log);
  ASSERT_TRUE(outbox.recover());
  EXPECT_EQ(text(), line(0));
}

TEST_F(EventOutboxTest, KeepsWhatTheLogDoesNotTake) {
  const auto log = open_log();
  EventOutbox outbox(*store_, *log);
  outbox.committed(commit(0), line(0));
  block(*log);
  outbox.committed(commit(1), line(1));
  outbox.committed(commit(2), line(2));
  EXPECT_EQ(pending(), 2u) << "still durable in the store";
  const Status blocked = outbox.ready();
  ASSERT_FALSE(blocked);
  EXPECT_EQ(blocked.error().code, ErrorCode::kIo);
  EXPECT_FALSE(outbox.ready()) << "as often as it is asked";
  unblock(*log);
  EXPECT_TRUE(outbox.ready());
  EXPECT_EQ(text(), line(0) + line(1) + line(2));
  EXPECT_EQ(pending(), 0u);
  outbox.committed(commit(3), line(3));
  EXPECT_EQ(text(), line(0) + line(1) + line(2) + line(3));
}

TEST_F(EventOutboxTest, TheNextCommitTakesTheBacklogAlong) {
  const auto log = open_log();
  EventOutbox outbox(*store_, *log);
  block(*log);
  outbox.committed(commit(0), line(0));
  // What block() put aside is the empty log of before.
  unblock(*log);
  outbox.committed(commit(1), line(1));
  EXPECT_EQ(text(), line(0) + line(1));
  EXPECT_TRUE(outbox.ready());
}

TEST_F(EventOutboxTest, ACrashWithABacklogIsMadeGoodAtStart) {
  {
    const auto log = open_log();
    EventOutbox outbox(*store_, *log);
    outbox.committed(commit(0), line(0));
    block(*log);
    outbox.committed(commit(1), line(1));
    unblock(*log);
  }
  store_.reopen();
  const auto log = open_log();
  EventOutbox outbox(*store_, *log);
  ASSERT_TRUE(outbox.recover());
  EXPECT_EQ(text(), line(0) + line(1));
}

}  // namespace
}  // namespace kagimori
