#include "base/clock.h"

#include <gtest/gtest.h>

namespace kagimori {
namespace {

struct IsoCase {
  std::int64_t micros;
  const char* seconds;
  const char* micro_text;
  const char* basic;
};

TEST(TimestampTest, HasItsIsoForms) {
  const IsoCase cases[] = {
      {0, "1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000000Z", "19700101T000000Z"},
      {1, "1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000001Z", "19700101T000000Z"},
      {-1, "1969-12-31T23:59:59Z", "1969-12-31T23:59:59.999999Z", "19691231T235959Z"},
      {-1'000'000, "1969-12-31T23:59:59Z", "1969-12-31T23:59:59.000000Z", "19691231T235959Z"},
      {-1'000'001, "1969-12-31T23:59:58Z", "1969-12-31T23:59:58.999999Z", "19691231T235958Z"},
      {951'782'400'000'000, "2000-02-29T00:00:00Z", "2000-02-29T00:00:00.000000Z", "20000229T000000Z"},
      {1'795'341'078'123'456, "2026-11-22T09:51:18Z", "2026-11-22T09:51:18.123456Z", "20261122T095118Z"},
      {2'147'483'648'000'000, "2038-01-19T03:14:08Z", "2038-01-19T03:14:08.000000Z", "20380119T031408Z"},
      {253'402'300'799'999'999, "9999-12-31T23:59:59Z", "9999-12-31T23:59:59.999999Z", "99991231T235959Z"},
      {INT64_MAX, "294247-01-10T04:00:54Z", "294247-01-10T04:00:54.775807Z", "2942470110T040054Z"},
      {-62'135'596'800'000'000, "0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000000Z", "00010101T000000Z"},
  };
  for (const IsoCase& c : cases) {
    EXPECT_EQ(to_iso8601({c.micros}), c.seconds);
    EXPECT_EQ(to_iso8601_micros({c.micros}), c.micro_text);
    EXPECT_EQ(to_iso_basic({c.micros}), c.basic);
  }
}

TEST(TimestampTest, CountsInSecondsAndDays) {
  const Timestamp t = Timestamp::from_seconds(100);
  EXPECT_EQ(t.micros, 100'000'000);
  EXPECT_EQ(t.seconds(), 100);
  EXPECT_EQ(t.plus_seconds(-101).seconds(), -1);
  EXPECT_EQ(t.plus_days(1).seconds(), 86'500);
  EXPECT_LT(t, (Timestamp{t.micros + 1}));
  EXPECT_EQ(t, Timestamp::from_seconds(100));
}

TEST(ManualClockTest, StandsStillUntilTold) {
  ManualClock clock(Timestamp::from_seconds(10));
  EXPECT_EQ(clock.now().seconds(), 10);
  EXPECT_EQ(clock.now().seconds(), 10);
  clock.advance_seconds(5);
  EXPECT_EQ(clock.now().seconds(), 15);
  clock.set(Timestamp::from_seconds(-3));
  EXPECT_EQ(clock.now().seconds(), -3);
}

TEST(SystemClockTest, IsLaterThanThisTestAndGoesOn) {
  const SystemClock clock;
  const Timestamp first = clock.now();
  EXPECT_GT(first, Timestamp::from_seconds(1'767'225'600)) << "2026-01-01";
  EXPECT_LT(first, Timestamp::from_seconds(7'258'118'400)) << "2200-01-01";
}

}  // namespace
}  // namespace kagimori
