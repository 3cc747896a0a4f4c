#include "protocol/http_date.h"

#include <gtest/gtest.h>

namespace kagimori {
namespace {

TEST(HttpDate, ReadsIsoBasic) {
  EXPECT_EQ(to_iso8601(*parse_iso_basic("20261122T095118Z")), "2026-11-22T09:51:18Z");
  EXPECT_EQ(to_iso8601(*parse_iso_basic("20240229T000000Z")), "2024-02-29T00:00:00Z");
  EXPECT_EQ(parse_iso_basic("19700101T000000Z")->micros, 0);
  EXPECT_EQ(to_iso8601(*parse_iso_basic("99991231T235959Z")), "9999-12-31T23:59:59Z");
}

TEST(HttpDate, RefusesWhatIsNoIsoBasic) {
  for (const char* text : {"",
                           "20261122",
                           "20261122T095118",
                           "20261122t095118Z",
                           "20261122T095118z",
                           "20261122 095118Z",
                           "20261122T095118Z ",
                           " 20261122T095118Z",
                           "2026-11-22T09:51:18Z",
                           "20260229T095118Z",
                           "20260431T095118Z",
                           "20260011T095118Z",
                           "20261301T095118Z",
                           "20261100T095118Z",
                           "20261122T245118Z",
                           "20261122T096018Z",
                           "20261122T095160Z",
                           "+0261122T095118Z",
                           "-0261122T095118Z",
                           "2026112aT095118Z",
                           "19691231T235959Z",
                           "00000101T000000Z"}) {
    EXPECT_FALSE(parse_iso_basic(text)) << text;
  }
}

TEST(HttpDate, ReadsImfFixdate) {
  EXPECT_EQ(to_iso8601(*parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT")), "1994-11-06T08:49:37Z");
  EXPECT_EQ(to_iso8601(*parse_http_date("Sun, 22 Nov 2026 09:51:18 -0000")), "2026-11-22T09:51:18Z");
  EXPECT_EQ(to_iso8601(*parse_http_date("Sun, 22 Nov 2026 09:51:18 +0000")), "2026-11-22T09:51:18Z");
}

TEST(HttpDate, RefusesWhatIsNoImfFixdate) {
  for (const char* text :
       {"", "Sun", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 ", "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 +0100", "Mon, 06 Nov 1994 08:49:37 GMT", "sun, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 nov 1994 08:49:37 GMT", "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT",
        "Sun, 06 Nov 1994 08:60:37 GMT", "Sun, 06 Nov 1994 08:49:60 GMT", "Sun, 31 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "Sun, 06 Nov 1994 08:49:37 GMTX",
        "Sun, 06 Nov 1994 08-49-37 GMT", "Sun; 06 Nov 1994 08:49:37 GMT"}) {
    EXPECT_FALSE(parse_http_date(text)) << text;
  }
}

}  // namespace
}  // namespace kagimori
