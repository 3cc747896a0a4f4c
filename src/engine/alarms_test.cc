#include "engine/alarms.h"

#include <gtest/gtest.h>

#include <set>

namespace kagimori {
namespace {

TEST(Alarms, HaveNamesOfTheirOwn) {
  EXPECT_EQ(std::set(kAlarmNames.begin(), kAlarmNames.end()).size(), kAlarmNames.size());
  EXPECT_EQ(alarm_name(Alarm::kKeyUsedRecently), "KeyUsedRecently");
  EXPECT_EQ(alarm_name(Alarm::kDiskLow), kAlarmNames.back());
}

TEST(Alarms, AreSaidOnceInAnHour) {
  AlarmGate gate;
  const Timestamp start = Timestamp::from_seconds(1'000'000);
  EXPECT_TRUE(gate.admits(Alarm::kDiskLow, "a", start));
  EXPECT_FALSE(gate.admits(Alarm::kDiskLow, "a", start.plus_seconds(3'599)));
  EXPECT_TRUE(gate.admits(Alarm::kDiskLow, "b", start));
  EXPECT_TRUE(gate.admits(Alarm::kCheckpointLate, "a", start));
  EXPECT_TRUE(gate.admits(Alarm::kDiskLow, "a", start.plus_seconds(3'600)));
  EXPECT_FALSE(gate.admits(Alarm::kDiskLow, "a", start.plus_seconds(3'601)));
}

TEST(Alarms, TheGateIsBounded) {
  AlarmGate gate;
  const Timestamp start = Timestamp::from_seconds(1'000'000);
  for (std::size_t i = 0; i < AlarmGate::kMaxKnown; ++i) {
    ASSERT_TRUE(gate.admits(Alarm::kUnusableKeyUsed, std::to_string(i), start));
  }
  EXPECT_FALSE(gate.admits(Alarm::kUnusableKeyUsed, "one more", start.plus_seconds(1)));
  EXPECT_TRUE(gate.admits(Alarm::kUnusableKeyUsed, "one more", start.plus_seconds(3'600)));
}

TEST(Alarms, RefusalsAreCountedByPrincipalAndMinute) {
  DeniedRequests denied;
  const Timestamp start = Timestamp::from_seconds(1'000'000);
  EXPECT_EQ(denied.note("ann", start), 1U);
  EXPECT_EQ(denied.note("ann", start.plus_seconds(59)), 2U);
  EXPECT_EQ(denied.note("bob", start.plus_seconds(59)), 1U);
  EXPECT_EQ(denied.note("ann", start.plus_seconds(60)), 1U);
  EXPECT_EQ(denied.note("ann", start), 1U) << "a clock that was turned back begins anew";
  for (std::size_t i = 1; i < DeniedRequests::kMaxPrincipals; ++i) denied.note(std::to_string(i), start);
  EXPECT_EQ(denied.note("one too many", start), 0U);
  EXPECT_EQ(denied.note("ann", start), 2U);
}

}  // namespace
}  // namespace kagimori
