#include "audit/line_follower.h"

#include <gtest/gtest.h>

#include "audit/sequencer_test.h"

namespace kagimori::audit {
namespace {

class LineFollowerTest : public SequencerTest {
 protected:
  void append(int count) {
    for (int i = 0; i < count; ++i) ASSERT_TRUE(log_->append(std::to_string(appended_++) + "\n"));
  }
  // All that there is to read, in portions.
  std::vector<std::uint64_t> read_all(LineFollower& follower, std::size_t count, std::size_t bytes = 1'000'000) {
    std::vector<std::uint64_t> numbers;
    for (;;) {
      const auto read = follower.read(count, bytes);
      EXPECT_TRUE(read) << read.error().message;
      if (!read || read->lines.empty()) return numbers;
      EXPECT_LE(read->lines.size(), count);
      EXPECT_EQ(read->first, std::stoull(read->lines.front()));
      for (const std::string& line : read->lines) numbers.push_back(std::stoull(line));
    }
  }
  static std::vector<std::uint64_t> from_to(std::uint64_t first, std::uint64_t end) {
    std::vector<std::uint64_t> numbers;
    for (std::uint64_t i = first; i < end; ++i) numbers.push_back(i);
    return numbers;
  }
};

TEST_F(LineFollowerTest, ReadsAcrossSegmentsAndAsTheyGrow) {
  open();
  LineFollower follower(*log_, 0);
  EXPECT_TRUE(read_all(follower, 100).empty());
  append(700);
  EXPECT_EQ(read_all(follower, 100), from_to(0, 700));
  append(1);
  EXPECT_EQ(read_all(follower, 1), from_to(700, 701));
  append(100);
  EXPECT_EQ(read_all(follower, 7), from_to(701, 801));
  EXPECT_EQ(follower.next(), 801U);
}

TEST_F(LineFollowerTest, BeginsAnywhere) {
  open();
  append(700);
  for (const std::uint64_t first : {0U, 1U, 255U, 256U, 257U, 699U, 700U}) {
    LineFollower follower(*log_, first);
    EXPECT_EQ(read_all(follower, 1'000), from_to(first, 700)) << first;
    follower.go_to(3);
    EXPECT_EQ(read_all(follower, 1'000), from_to(3, 700));
  }
}

TEST_F(LineFollowerTest, TakesAboutSoManyBytes) {
  open();
  append(200);
  LineFollower follower(*log_, 100);
  EXPECT_EQ(follower.read(1'000, 10)->lines.size(), 4U) << "of three digits each";
  EXPECT_EQ(follower.read(1'000, 1)->lines.size(), 1U);
}

TEST_F(LineFollowerTest, GoesOnBehindWhatWasRemoved) {
  open();
  append(700);
  LineFollower follower(*log_, 10);
  ASSERT_EQ(follower.read(5, 1'000)->lines.size(), 5U);
  const std::uint64_t kept = list_segments(folder_).value().at(1);
  std::filesystem::remove(folder_.segment(0));
  const auto read = follower.read(5, 1'000);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->first, kept);
  EXPECT_EQ(read->lines.front(), std::to_string(kept));
}

TEST_F(LineFollowerTest, ASegmentThatIsShorterThanItWasIsAnError) {
  open();
  append(300);
  LineFollower follower(*log_, 100);
  std::filesystem::resize_file(folder_.segment(0), 20);
  const auto read = follower.read(5, 1'000);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace kagimori::audit
