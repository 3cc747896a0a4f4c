#include "base/lifecycle_clock.h"

#include <gtest/gtest.h>

namespace kagimori {
namespace {

class LifecycleClockTest : public testing::Test {
 protected:
  // Lets both clocks go on as they do on a healthy machine.
  void pass(std::int64_t seconds) {
    wall_.advance_seconds(seconds);
    boot_.advance_seconds(seconds);
  }

  ManualClock wall_{Timestamp::from_seconds(1'800'000'000)};
  ManualClock boot_{Timestamp::from_seconds(500)};
  LifecycleClock clock_{wall_, boot_};
};

TEST_F(LifecycleClockTest, FollowsTheWallClock) {
  EXPECT_EQ(clock_.now(), wall_.now());
  pass(60);
  EXPECT_EQ(clock_.now(), wall_.now());
  EXPECT_EQ(clock_.check_for_jump(), std::nullopt);
}

TEST_F(LifecycleClockTest, NeverRunsBackwards) {
  const Timestamp before = clock_.now();
  wall_.advance_seconds(-1000);
  EXPECT_EQ(clock_.now(), before);
  wall_.advance_seconds(1001);
  EXPECT_EQ(clock_.now(), before.plus_seconds(1));
}

TEST_F(LifecycleClockTest, NeverRunsBackwardsOverARestart) {
  LifecycleClockState saved = clock_.state();
  saved.newest = wall_.now().plus_seconds(5000);
  LifecycleClock restarted(wall_, boot_);
  restarted.restore(saved);
  EXPECT_EQ(restarted.now(), saved.newest);
}

TEST_F(LifecycleClockTest, HoldsDestructionAfterAJump) {
  for (const std::int64_t jump : {-86'400, -301, 301, 400 * 86'400}) {
    LifecycleClock clock(wall_, boot_);
    pass(10);
    wall_.advance_seconds(jump);
    EXPECT_TRUE(clock.has_jumped());
    EXPECT_EQ(clock.check_for_jump(), jump);
    EXPECT_FALSE(clock.has_jumped());
    EXPECT_TRUE(clock.destruction_is_held());
    pass(10);
    EXPECT_EQ(clock.check_for_jump(), std::nullopt) << "one jump is told once";
    EXPECT_TRUE(clock.destruction_is_held()) << "time alone does not explain it";
    clock.confirm();
    EXPECT_FALSE(clock.destruction_is_held());
  }
}

TEST_F(LifecycleClockTest, ToleratesSmallCorrections) {
  for (const std::int64_t step : {-300, -1, 1, 300}) {
    wall_.advance_seconds(step);
    EXPECT_EQ(clock_.check_for_jump(), std::nullopt) << step;
  }
  EXPECT_FALSE(clock_.destruction_is_held());
}

TEST_F(LifecycleClockTest, KeepsTheHoldOverARestart) {
  wall_.advance_seconds(1000);
  ASSERT_TRUE(clock_.check_for_jump());
  LifecycleClock restarted(wall_, boot_);
  restarted.restore(clock_.state());
  EXPECT_TRUE(restarted.destruction_is_held());
}

TEST_F(LifecycleClockTest, CanBeAdvancedForTests) {
  const Timestamp before = clock_.now();
  clock_.advance_seconds(86'400);
  EXPECT_EQ(clock_.now(), before.plus_days(1));
  EXPECT_EQ(clock_.check_for_jump(), std::nullopt) << "the wall clock did not move";
  LifecycleClock restarted(wall_, boot_);
  restarted.restore(clock_.state());
  EXPECT_EQ(restarted.now(), before.plus_days(1));
}

}  // namespace
}  // namespace kagimori
