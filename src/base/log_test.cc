#include "base/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <string>

namespace kagimori {
namespace {

using namespace std::string_literals;
using testing::EndsWith;
using testing::HasSubstr;
using testing::MatchesRegex;

// What `work` writes to stderr's descriptor, by any way.
std::string captured(const std::function<void()>& work) {
  std::FILE* const file = std::tmpfile();
  const int saved = dup(STDERR_FILENO);
  dup2(fileno(file), STDERR_FILENO);
  work();
  dup2(saved, STDERR_FILENO);
  close(saved);
  std::string text(static_cast<std::size_t>(lseek(fileno(file), 0, SEEK_END)), '\0');
  const ssize_t got = pread(fileno(file), text.data(), text.size(), 0);
  EXPECT_EQ(got, static_cast<ssize_t>(text.size()));
  std::fclose(file);
  return text;
}

std::string json_text(std::string_view value) {
  std::string out;
  append_json_string(out, value);
  return out;
}

TEST(JsonStringTest, EscapesWhatRfc8259Asks) {
  EXPECT_EQ(json_text(""), R"("")");
  EXPECT_EQ(json_text("plain / text"), R"("plain / text")");
  EXPECT_EQ(json_text("a\"b\\c"), R"("a\"b\\c")");
  EXPECT_EQ(json_text("\n\r\t"), R"("\u000a\u000d\u0009")");
  EXPECT_EQ(json_text("\xc3\xa4\xf0\x9f\x94\x91"), "\"\xc3\xa4\xf0\x9f\x94\x91\"");
}

TEST(JsonStringTest, EscapesEveryControlCharacter) {
  for (int c = 0; c < 0x20; ++c) {
    char expected[16];
    std::snprintf(expected, sizeof expected, "\"\\u%04x\"", static_cast<unsigned>(c));
    EXPECT_EQ(json_text(std::string(1, static_cast<char>(c))), expected);
  }
  EXPECT_EQ(json_text("\x7f"), R"("\u007f")");
}

// Most text is taken eight characters at a time.
TEST(JsonStringTest, EscapesWhereverACharacterStands) {
  for (int byte = 0; byte < 256; ++byte) {
    const std::string c(1, static_cast<char>(byte));
    const std::string alone = json_text(c).substr(1, json_text(c).size() - 2);
    for (std::size_t before = 0; before < 18; ++before) {
      for (const std::size_t after : {0, 7, 8, 15}) {
        const std::string left(before, 'l'), right(after, '~');
        EXPECT_EQ(json_text(left + c + right), '"' + left + alone + right + '"') << byte << " at " << before;
      }
    }
  }
}

TEST(JsonStringTest, ReplacesWhatIsNotUtf8) {
  constexpr const char* kReplaced = "\"a\xef\xbf\xbdz\"";
  for (const std::string& bad : {"a\xffz"s, "a\x80z"s, "a\xc2z"s}) EXPECT_EQ(json_text(bad), kReplaced);
  EXPECT_EQ(json_text("\xed\xa0\x80\""), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\\\"\"")
      << "and still escapes the rest";
}

TEST(JsonStringTest, Appends) {
  std::string out = "x:";
  append_json_string(out, "y");
  EXPECT_EQ(out, "x:\"y\"");
}

class LogLineTest : public testing::Test {
 protected:
  ~LogLineTest() override { set_log_level(LogLevel::kInfo); }
};

TEST_F(LogLineTest, IsOneLineOfJson) {
  const std::string line = captured([] {
    LogLine(LogLevel::kWarning, "the disk is \"full\"").field("path", "/a\nb").field("free", -5).field("\"", "x");
  });
  EXPECT_THAT(line, MatchesRegex("\\{\"time\":\"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\\.[0-9]{6}Z\",\"level\":.*\\}\n"));
  EXPECT_THAT(line,
              EndsWith(R"("level":"warning","message":"the disk is \"full\"","path":"/a\u000ab","free":-5,"\"":"x"})"
                       "\n"));
  EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1) << "nobody can forge a second line";
}

TEST_F(LogLineTest, NamesItsLevel) {
  set_log_level(LogLevel::kDebug);
  const std::pair<LogLevel, const char*> levels[] = {{LogLevel::kDebug, R"("level":"debug")"},
                                                     {LogLevel::kInfo, R"("level":"info")"},
                                                     {LogLevel::kWarning, R"("level":"warning")"},
                                                     {LogLevel::kError, R"("level":"error")"}};
  for (const auto& named : levels) {
    EXPECT_THAT(captured([&named] { LogLine(named.first, "m"); }), HasSubstr(named.second));
  }
}

TEST_F(LogLineTest, StaysSilentBelowTheLevel) {
  const auto all = [] {
    for (const LogLevel level : {LogLevel::kDebug, LogLevel::kInfo, LogLevel::kWarning, LogLevel::kError}) {
      LogLine(level, "m").field("a", "b").field("c", 1);
    }
  };
  const std::pair<LogLevel, int> levels[] = {
      {LogLevel::kDebug, 4}, {LogLevel::kInfo, 3}, {LogLevel::kWarning, 2}, {LogLevel::kError, 1}};
  for (const auto& [level, lines] : levels) {
    set_log_level(level);
    const std::string text = captured(all);
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), lines);
  }
}

TEST(LogLinesTest, AStalledReaderLosesLinesAndHoldsNobody) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const int saved = dup(STDERR_FILENO);
  dup2(ends[1], STDERR_FILENO);
  const std::string line(1023, 'x');
  for (int i = 0; i < 1000; ++i) write_log_lines(line + "\n");  // far more than a pipe holds
  std::string taken(std::size_t{1} << 20, '\0');
  const ssize_t before = read(ends[0], taken.data(), taken.size());
  write_log_lines("again\n");
  const ssize_t after = read(ends[0], taken.data(), taken.size());
  dup2(saved, STDERR_FILENO);
  for (const int descriptor : {saved, ends[0], ends[1]}) close(descriptor);

  ASSERT_GT(before, 0);
  ASSERT_GT(after, 0);
  taken.resize(static_cast<std::size_t>(after));
  EXPECT_THAT(taken, HasSubstr(R"("message":"log lines were lost","count":)"));
  EXPECT_THAT(taken, EndsWith("again\n"));
}

}  // namespace
}  // namespace kagimori
