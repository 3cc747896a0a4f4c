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

namespace kagimori::audit {
namespace {

using testing::HasSubstr;

class LogTest : public testing::TestWithParam<Durability> {
 protected:
  LogTest() {
    std::string name = (std::filesystem::temp_directory_path() / "kagimori-audit-XXXXXX").string();
    EXPECT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    file_ = folder_ / "audit.log";
  }
  ~LogTest() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<Log> open() {
    auto log = Log::open(file_, GetParam());
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

TEST_P(LogTest, AMovedFileIsMadeAnew) {
  const auto log = open();
  ASSERT_TRUE(log->append("one\n"));
  std::filesystem::rename(file_, folder_ / "audit.log.1");
  ASSERT_TRUE(log->append("two\n"));
  EXPECT_EQ(read(folder_ / "audit.log.1"), "one\n");
  EXPECT_EQ(text(), "two\n");
}

TEST_P(LogTest, ADeletedFileIsMadeAnew) {
  const auto log = open();
  ASSERT_TRUE(log->append("one\n"));
  std::filesystem::remove(file_);
  ASSERT_TRUE(log->append("two\n"));
  EXPECT_EQ(text(), "two\n");
  struct stat info{};
  ASSERT_EQ(stat(file_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600u);
}

TEST_P(LogTest, AReplacedFileIsTheOneWrittenTo) {
  const auto log = open();
  ASSERT_TRUE(log->append("one\n"));
  std::filesystem::rename(file_, folder_ / "old");
  write("other\n");
  ASSERT_TRUE(log->append("two\n"));
  EXPECT_EQ(text(), "other\ntwo\n");
}

TEST_P(LogTest, ALinkIsRefused) {
  std::ofstream(folder_ / "target") << "mine\n";
  std::filesystem::create_symlink(folder_ / "target", file_);
  const auto log = Log::open(file_, GetParam());
  ASSERT_FALSE(log);
  EXPECT_EQ(log.error().code, ErrorCode::kIo);
  EXPECT_THAT(log.error().message, HasSubstr(file_.string()));
  EXPECT_EQ(read(folder_ / "target"), "mine\n");
}

TEST_P(LogTest, ALinkPutInItsPlaceIsRefused) {
  const auto log = open();
  std::filesystem::remove(file_);
  std::ofstream(folder_ / "target") << "mine\n";
  std::filesystem::create_symlink(folder_ / "target", file_);
  const Status appended = log->append("one\n");
  ASSERT_FALSE(appended);
  EXPECT_EQ(appended.error().code, ErrorCode::kIo);
  EXPECT_EQ(read(folder_ / "target"), "mine\n");
  std::filesystem::remove(file_);
  EXPECT_TRUE(log->append("two\n")) << "it comes back by itself";
  EXPECT_EQ(text(), "two\n");
}

TEST_P(LogTest, AFolderThatIsMissingOrGoneIsAnError) {
  EXPECT_FALSE(Log::open(folder_ / "none" / "audit.log", GetParam()));
  EXPECT_FALSE(Log::open(folder_, GetParam())) << "a folder is no file";
  const auto log = open();
  std::filesystem::remove_all(folder_);
  EXPECT_FALSE(log->append("one\n"));
}

TEST_P(LogTest, TailGivesTheEnd) {
  const auto log = open();
  EXPECT_EQ(*log->tail(100), "");
  ASSERT_TRUE(log->append("0123456789\n"));
  EXPECT_EQ(*log->tail(0), "");
  EXPECT_EQ(*log->tail(3), "89\n");
  EXPECT_EQ(*log->tail(11), "0123456789\n");
  EXPECT_EQ(*log->tail(1'000'000), "0123456789\n");
  std::filesystem::remove(file_);
  EXPECT_FALSE(log->tail(3));
}

TEST_P(LogTest, TailOfAFolderIsAnError) {
  const auto log = open();
  std::filesystem::remove(file_);
  std::filesystem::create_directory(file_);
  const auto end = log->tail(100);
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().code, ErrorCode::kIo);
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

TEST_P(LogTest, AWriteThatFailsHalfwayLeavesNothing) {
  const auto log = open();
  ASSERT_TRUE(log->append("first\n"));
  with_file_limit(20, [&] {
    const Status cut = log->append("second\nthird is too long for it\n");
    return !cut && cut.error().code == ErrorCode::kIo && cut.error().message.find(file_.string()) != std::string::npos;
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
  EXPECT_THAT(gone.error().message, HasSubstr(file_.string()));
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
