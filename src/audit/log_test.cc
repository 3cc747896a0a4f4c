#include "audit/log.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <functional>
#include <sstream>
#include <thread>

#include "audit/segment_reader.h"

namespace kagimori::audit {
namespace {

using testing::HasSubstr;

// Runs `work` in a child whose files can't grow beyond `limit` bytes: a write over it is cut, the next one fails.
void with_file_limit(rlim_t limit, const std::function<bool()>& work) {
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit most{limit, limit};
    if (setrlimit(RLIMIT_FSIZE, &most) != 0) _exit(2);
    _exit(work() ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

class LogTest : public testing::TestWithParam<Durability> {
 protected:
  LogTest() {
    std::string name = (std::filesystem::temp_directory_path() / "kagimori-audit-XXXXXX").string();
    EXPECT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    file_ = LogFolder{folder_}.segment(0);
    std::filesystem::create_directories(file_.parent_path());
  }
  ~LogTest() override { std::filesystem::remove_all(folder_); }

  LogOptions options() const { return {folder_, GetParam()}; }

  std::unique_ptr<Log> open() {
    auto log = Log::open(options());
    EXPECT_TRUE(log) << log.error().message;
    return log ? *std::move(log) : nullptr;
  }
  static std::string read(const std::filesystem::path& file) {
    std::ostringstream text;
    text << std::ifstream(file, std::ios::binary).rdbuf();
    return text.str();
  }
  std::string text() const { return read(file_); }
  void write(std::string_view text) const { std::ofstream(file_, std::ios::binary) << text; }

  std::filesystem::path folder_, file_;
};

INSTANTIATE_TEST_SUITE_P(Durabilities, LogTest, testing::Values(Durability::kWrite, Durability::kFsync));

TEST_P(LogTest, AppendsBehindWhatIsThere) {
  write("old\n");
  const auto log = open();
  ASSERT_TRUE(log->append("one\n"));
  ASSERT_TRUE(log->append("two\nthree\n"));
  ASSERT_TRUE(log->append(""));
  EXPECT_EQ(text(), "old\none\ntwo\nthree\n");
}

TEST_P(LogTest, TheFileIsPrivateWhateverTheUmask) {
  for (const mode_t mask : {0000, 0022, 0077}) {
    std::filesystem::remove(file_);
    const mode_t before = umask(mask);
    const auto log = open();
    umask(before);
    struct stat info{};
    ASSERT_EQ(stat(file_.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777, 0600u) << mask;
  }
}

struct TornCase {
  std::string_view before, after;
};

TEST_P(LogTest, CutsATornLastLine) {
  const TornCase cases[] = {
      {"", ""},     {"whole\n", "whole\n"}, {"whole\ntor", "whole\n"},
      {"torn", ""}, {"a\n\n", "a\n\n"},     {"a\nb\n{\"x\":1}", "a\nb\n"},
  };
  for (const TornCase& c : cases) {
    write(c.before);
    const auto log = open();
    EXPECT_EQ(text(), c.after);
    ASSERT_TRUE(log->append("next\n"));
    EXPECT_EQ(text(), std::string(c.after) + "next\n");
  }
}

TEST_P(LogTest, CutsATornLineOfALongFile) {
  const std::string lines((std::size_t{1} << 20) + 500, 'x');
  write(lines + "\n" + lines.substr(0, 1000));
  open();
  EXPECT_EQ(text(), lines + "\n");
}

TEST_P(LogTest, AFileThatWasMovedDeletedOrReplacedIsWrittenAnew) {
  const auto log = open();
  ASSERT_TRUE(log->append("one\n"));
  std::filesystem::rename(file_, folder_ / "moved");
  ASSERT_TRUE(log->append("two\n"));
  std::ignore = log->keep_file();
  EXPECT_EQ(text(), "one\ntwo\n");
  std::filesystem::remove(file_);
  std::ignore = log->keep_file();
  EXPECT_EQ(text(), "one\ntwo\n");
  struct stat info{};
  ASSERT_EQ(stat(file_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600u);
  std::filesystem::remove(file_);
  write("other\n");
  std::ignore = log->keep_file();
  ASSERT_TRUE(log->append("three\n"));
  EXPECT_EQ(text(), "one\ntwo\nthree\n");
}

TEST_P(LogTest, AFileThatSomebodyElseWroteToBreaksTheLogOff) {
  for (const std::string_view change : {"one\nforged\n", "on", ""}) {
    std::filesystem::remove(file_);
    const auto log = open();
    ASSERT_TRUE(log->append("one\n"));
    {
      std::fstream(file_, std::ios::in | std::ios::out | std::ios::binary) << change;
    }
    std::filesystem::resize_file(file_, change.size());
    std::ignore = log->keep_file();
    EXPECT_FALSE(log->is_writable());
    const Status refused = log->append("two\n");
    ASSERT_FALSE(refused) << change;
    EXPECT_THAT(refused.error().message, HasSubstr(file_.string()));
    EXPECT_FALSE(log->check());
    EXPECT_EQ(text(), change);
  }
}

TEST_P(LogTest, ALinkIsRefused) {
  std::ofstream(folder_ / "target") << "mine\n";
  std::filesystem::create_symlink(folder_ / "target", file_);
  const auto log = Log::open(options());
  ASSERT_FALSE(log);
  EXPECT_EQ(log.error().code, ErrorCode::kIo);
  EXPECT_THAT(log.error().message, HasSubstr(folder_.string()));
  EXPECT_EQ(read(folder_ / "target"), "mine\n");
}

TEST_P(LogTest, ALinkPutInItsPlaceIsReplaced) {
  const auto log = open();
  std::filesystem::remove(file_);
  std::ofstream(folder_ / "target") << "mine\n";
  std::filesystem::create_symlink(folder_ / "target", file_);
  std::ignore = log->keep_file();
  ASSERT_TRUE(log->append("one\n"));
  EXPECT_EQ(read(folder_ / "target"), "mine\n");
  EXPECT_FALSE(std::filesystem::is_symlink(file_));
  EXPECT_EQ(text(), "one\n");
}

TEST_P(LogTest, AFolderThatIsGoneIsAnErrorUntilItIsBack) {
  const auto log = open();
  ASSERT_TRUE(log->append("one\n"));
  const auto away = folder_.string() + "-away";
  std::filesystem::rename(folder_, away);
  std::ignore = log->keep_file();
  const Status gone = log->append("two\n");
  ASSERT_FALSE(gone);
  EXPECT_THAT(gone.error().message, HasSubstr(folder_.string()));
  std::filesystem::rename(away, folder_);
  std::ignore = log->keep_file();
  ASSERT_TRUE(log->append("three\n"));
  EXPECT_EQ(text(), "one\nthree\n");
}

// --- Segments ---

std::string numbered(int from, int to) {
  std::string lines;
  for (int n = from; n < to; ++n) lines += "line " + std::to_string(n) + "\n";
  return lines;
}

TEST_P(LogTest, ASegmentEndsAtAFullTile) {
  LogOptions small = options();
  small.segment_bytes = 100;
  auto log = *Log::open(small);
  // One line at a time, then in batches that end before, at and behind the tile's end, and over two of them.
  const int ends[] = {1, 2, 100, 200, 256, 257, 500, 512, 513, 1500};
  int written = 0;
  for (const int end : ends) {
    ASSERT_TRUE(log->append(numbered(written, end)));
    written = end;
    EXPECT_EQ(log->lines(), static_cast<std::uint64_t>(end));
  }
  std::string all;
  const auto firsts = *list_segments({folder_});
  EXPECT_EQ(firsts, (std::vector<std::uint64_t>{0, 256, 512})) << "a batch is split only where a segment has its size";
  for (const std::uint64_t first : firsts) {
    const std::string segment = read(LogFolder{folder_}.segment(first));
    EXPECT_TRUE(segment.starts_with("line " + std::to_string(first) + "\n")) << first;
    all += segment;
  }
  EXPECT_EQ(all, numbered(0, written));
  EXPECT_EQ(*log->tail(1'000'000), all);
  EXPECT_EQ(*log->tail(18), numbered(1499, 1500));

  log.reset();
  log = *Log::open(small);
  EXPECT_EQ(log->lines(), static_cast<std::uint64_t>(written));
}

TEST_P(LogTest, ABatchOverTwoSegmentsIsWrittenWholeOrNotAtAll) {
  LogOptions small = options();
  small.segment_bytes = 100;
  const auto log = *Log::open(small);
  ASSERT_TRUE(log->append(numbered(0, 250)));
  const std::string before = text();
  with_file_limit(before.size() + 500,
                  [&] { return !log->append(numbered(250, 260) + std::string(before.size() + 600, 'x') + "\n"); });
  EXPECT_EQ(text(), before);
  EXPECT_EQ(*list_segments({folder_}), std::vector<std::uint64_t>{0});
  ASSERT_TRUE(log->append(numbered(250, 260)));
  EXPECT_EQ(text() + read(LogFolder{folder_}.segment(256)), numbered(0, 260));
}

TEST_P(LogTest, WhatTheSequencerHasNotReadStaysOpen) {
  LogOptions small = options();
  small.segment_bytes = 100;
  const auto log = *Log::open(small);
  ASSERT_TRUE(log->append(numbered(0, 255)));
  ASSERT_TRUE(log->append(numbered(255, 600)));
  std::filesystem::remove(file_);
  const auto extents = log->extents(0);
  ASSERT_TRUE(extents);
  ASSERT_EQ(extents->size(), 2u);
  EXPECT_EQ(*read_segment(extents->front().segment->file.get(), 0, extents->front().bytes), numbered(0, 256));
  log->release(256);
  EXPECT_EQ(log->extents(256)->size(), 1u);
  EXPECT_FALSE(log->extents(0)) << "it is gone";
}

TEST_P(LogTest, TailGivesTheEnd) {
  const auto log = open();
  EXPECT_EQ(*log->tail(100), "");
  ASSERT_TRUE(log->append("0123456789\n"));
  EXPECT_EQ(*log->tail(0), "");
  EXPECT_EQ(*log->tail(3), "") << "a part of a line is none";
  EXPECT_EQ(*log->tail(11), "0123456789\n");
  EXPECT_EQ(*log->tail(1'000'000), "0123456789\n");
  EXPECT_EQ(*log->tail(12), "0123456789\n");
}

TEST_P(LogTest, TailOfAFolderIsAnError) {
  const auto log = open();
  std::filesystem::remove(file_);
  std::filesystem::create_directory(file_);
  const auto end = log->tail(100);
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().code, ErrorCode::kCorrupt);
}

TEST_P(LogTest, LinesOfThreadsNeverMix) {
  const auto log = open();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&log, t] {
      for (int i = 0; i < 50; ++i) {
        EXPECT_TRUE(log->append(std::string(static_cast<std::size_t>(100 + i), static_cast<char>('a' + t)) + "\n"));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::istringstream lines(text());
  std::string line;
  int count = 0;
  while (std::getline(lines, line)) {
    ++count;
    EXPECT_EQ(line.find_first_not_of(line[0]), std::string::npos) << line;
  }
  EXPECT_EQ(count, 200);
}

TEST_P(LogTest, AWriteThatFailsHalfwayLeavesNothing) {
  const auto log = open();
  ASSERT_TRUE(log->append("first\n"));
  with_file_limit(20, [&] {
    const Status cut = log->append("second\nthird is too long for it\n");
    return !cut && cut.error().code == ErrorCode::kIo &&
           cut.error().message.find(folder_.string()) != std::string::npos;
  });
  EXPECT_EQ(text(), "first\n");
  ASSERT_TRUE(log->append("again\n"));
  EXPECT_EQ(text(), "first\nagain\n");
}

TEST_P(LogTest, ACheckLeavesNothingInTheFile) {
  const auto log = open();
  EXPECT_TRUE(log->check());
  EXPECT_EQ(text(), "");
  ASSERT_TRUE(log->append("one\n"));
  EXPECT_TRUE(log->check());
  ASSERT_TRUE(log->append("two\n"));
  EXPECT_EQ(text(), "one\ntwo\n");
  EXPECT_TRUE(log->is_writable());
}

TEST_P(LogTest, ACheckFindsWhatStandsInTheWayAndThatItIsGone) {
  const auto log = open();
  std::filesystem::rename(folder_, folder_.string() + "-away");
  const Status gone = log->check();
  ASSERT_FALSE(gone);
  EXPECT_THAT(gone.error().message, HasSubstr(folder_.string()));
  EXPECT_FALSE(log->is_writable());
  std::filesystem::rename(folder_.string() + "-away", folder_);
  EXPECT_TRUE(log->check());
  EXPECT_TRUE(log->is_writable());
}

TEST_P(LogTest, TheLatestAppendTellsToo) {
  const auto log = open();
  with_file_limit(10, [&] {
    const bool before = log->is_writable();
    const bool failed = !log->append("much too long\n") && !log->is_writable();
    return before && failed && log->append("fits\n") && log->is_writable();
  });
}

TEST_P(LogTest, AfterAFailureWhatFitsIsStillTaken) {
  const auto log = open();
  with_file_limit(10, [&] {
    return !log->append("much too long\n") && log->append("fits\n") && !log->append("not any more\n") &&
           log->append("four\n");
  });
  EXPECT_EQ(text(), "fits\nfour\n");
}

}  // namespace
}  // namespace kagimori::audit
