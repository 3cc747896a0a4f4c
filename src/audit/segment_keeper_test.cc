#include "audit/segment_keeper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "audit/segment_index.h"
#include "audit/sequencer_test.h"
#include "store/store_file.h"

namespace kagimori::audit {
namespace {

using testing::HasSubstr;

class SegmentKeeperTest : public SequencerTest {
 protected:
  // An event a minute from the clock's time on.
  void append_events(int count) {
    for (int i = 0; i < count; ++i) {
      const std::string time = to_iso8601_micros(clock_.now().plus_seconds(60 * i));
      ASSERT_TRUE(log_->append(fmt::format("{{\"eventTime\":\"{}\",\"eventID\":\"{}\"}}\n", time, appended_++)));
    }
  }
  void keep(std::int64_t retention_days) {
    keeper_ = SegmentKeeper::start({*log_, *sequencer_, lifecycle_, retention_days,
                                    [](std::uint64_t first_kept, std::string_view until) {
                                      return fmt::format("{{\"kept\":{},\"until\":\"{}\"}}\n", first_kept, until);
                                    }})
                  .value();
  }
  // The keeper looks once a second.
  bool comes_true(const std::function<bool()>& condition) {
    for (int i = 0; i < 600 && !condition(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(50));
    return condition();
  }
  std::vector<std::uint64_t> firsts() { return list_segments(folder_).value(); }

  ManualClock boot_{Timestamp{}};
  LifecycleClock lifecycle_{clock_, boot_};
  std::unique_ptr<SegmentKeeper> keeper_;
};

TEST_F(SegmentKeeperTest, GivesEveryClosedSegmentItsIndex) {
  open();
  append_events(700);
  ASSERT_EQ(firsts(), (std::vector<std::uint64_t>{0, 256, 512}));
  keep(0);
  EXPECT_TRUE(comes_true([&] { return is_there(folder_.index(0)) && is_there(folder_.index(256)); }));
  append_events(100);
  EXPECT_TRUE(comes_true([&] { return is_there(folder_.index(512)); }));
  EXPECT_FALSE(is_there(folder_.index(768))) << "it is not closed";
  const std::uint64_t bytes = std::filesystem::file_size(folder_.segment(256));
  auto index = SegmentIndex::open(*crypto_, folder_, 256, bytes);
  ASSERT_TRUE(index) << index.error().message;
  EXPECT_EQ(index->lines(), 256u);
  EXPECT_EQ(index->lines_with({TermKind::kEvent, "300"}).value(), std::vector<std::uint32_t>{44});
}

TEST_F(SegmentKeeperTest, RemovesWhatIsOlderThanTheRetention) {
  open();
  append_events(700);
  ASSERT_TRUE(sequencer_->sign_now());
  const std::string before = read(folder_.checkpoint());
  keep(30);
  ASSERT_TRUE(comes_true([&] { return is_there(folder_.index(256)); }));
  EXPECT_EQ(firsts().front(), 0u);

  // 30 days after the last event of the first segment.
  lifecycle_.advance_seconds(30 * 86'400 + 255 * 60 + 1);
  ASSERT_TRUE(comes_true([&] { return firsts().front() == 256; }));
  EXPECT_TRUE(comes_true([&] { return !is_there(folder_.index(0)); }));
  EXPECT_THAT(log_->tail(200).value(), HasSubstr("{\"kept\":256,\"until\":\"2027-01-15T12:15:00.000000Z\"}"));
  Verification found = verify(before);
  EXPECT_FALSE(found.finding) << found.finding->sentence;
  EXPECT_EQ(found.pruned, 256u);

  // Never the segment that is open, however old.
  lifecycle_.advance_seconds(1000 * 86'400);
  ASSERT_TRUE(comes_true([&] { return firsts() == std::vector<std::uint64_t>{512}; }));
  keeper_.reset();
  append_events(300);
  ASSERT_TRUE(sequencer_->sign_now());
  found = verify(before);
  EXPECT_FALSE(found.finding) << found.finding->sentence;
  EXPECT_EQ(found.pruned, 512u);
  EXPECT_TRUE(sequencer_->prove_inclusion(*crypto_, 3)) << "the hashes stay";

  // The note is of one number: what else is missing is damage.
  close();
  open();
  ASSERT_TRUE(sequencer_->sign_now());
  std::filesystem::remove(folder_.segment(512));
  found = verify();
  ASSERT_TRUE(found.finding);
  EXPECT_EQ(found.finding->defect, Defect::kPruning);
}

// An index is not made durable: power failure may leave an empty one.
TEST_F(SegmentKeeperTest, MakesADamagedIndexAnew) {
  open();
  append_events(700);
  std::filesystem::create_directories(folder_.index(0).parent_path());
  write(folder_.index(0), "");
  keep(30);
  ASSERT_TRUE(comes_true([&] { return is_there(folder_.index(256)); }));
  EXPECT_TRUE(SegmentIndex::open(*crypto_, folder_, 0, std::filesystem::file_size(folder_.segment(0))));
  write(folder_.index(256), "damaged later");
  lifecycle_.advance_seconds(1000 * 86'400);
  EXPECT_TRUE(comes_true([&] { return firsts().front() == 512; })) << "what is old goes all the same";
}

TEST_F(SegmentKeeperTest, ARemovalThatFailsIsAnnouncedOnce) {
  open();
  append_events(700);
  keep(30);
  ASSERT_TRUE(comes_true([&] { return is_there(folder_.index(256)); }));
  // No file can take the place of a folder.
  std::filesystem::create_directories(folder_.pruned() / "in the way");
  lifecycle_.advance_seconds(1000 * 86'400);
  ASSERT_TRUE(comes_true([&] { return log_->lines() == 701; }));
  std::this_thread::sleep_for(std::chrono::milliseconds(2500));
  EXPECT_EQ(log_->lines(), 701u);
  EXPECT_EQ(firsts().front(), 0u);
  std::filesystem::remove_all(folder_.pruned());
  EXPECT_TRUE(comes_true([&] { return firsts().front() == 512; }));
  EXPECT_EQ(log_->lines(), 701u);
}

TEST_F(SegmentKeeperTest, RemovesNothingWhileTheClockIsInDoubt) {
  open();
  append_events(700);
  clock_.advance_seconds(1000 * 86'400);
  keep(30);
  ASSERT_TRUE(comes_true([&] { return is_there(folder_.index(256)); }));
  std::this_thread::sleep_for(std::chrono::milliseconds(1500));
  EXPECT_EQ(firsts().front(), 0u) << "the clock has jumped, and nobody has said so yet";
  ASSERT_TRUE(lifecycle_.check_for_jump());
  std::this_thread::sleep_for(std::chrono::milliseconds(1500));
  EXPECT_EQ(firsts().front(), 0u) << "an administrator has to look";
  lifecycle_.confirm();
  EXPECT_TRUE(comes_true([&] { return firsts().front() == 512; }));
}

TEST_F(SegmentKeeperTest, ASegmentOfOtherLinesHasAnIndexToo) {
  open();
  append(256);
  ASSERT_TRUE(log_->append("no JSON\n"));
  append(255);
  append(1);
  keep(0);
  ASSERT_TRUE(comes_true([&] { return is_there(folder_.index(256)); }));
  auto index = SegmentIndex::open(*crypto_, folder_, 256, std::filesystem::file_size(folder_.segment(256)));
  ASSERT_TRUE(index) << index.error().message;
  EXPECT_EQ(index->line_begins().value().size(), index->lines() + 1u);
}

TEST_F(SequencerTest, RemovesOnlyWholeSignedSegments) {
  open();
  for (int i = 0; i < 7; ++i) append(100);
  for (const std::uint64_t event : {1, 255, 768}) EXPECT_FALSE(sequencer_->remove_before(event)) << event;
  EXPECT_FALSE(is_there(folder_.pruned()));
  EXPECT_TRUE(sequencer_->remove_before(256));
  EXPECT_EQ(verify().pruned, 256u);
}

}  // namespace
}  // namespace kagimori::audit
