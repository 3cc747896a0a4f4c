#include "policy/condition_value.h"

#include <gtest/gtest.h>

namespace kagimori {
namespace {

TEST(Number, Reads) {
  EXPECT_EQ(parse_number("7"), 7.0);
  EXPECT_EQ(parse_number("-2.50"), -2.5);
  EXPECT_EQ(parse_number("1e3"), 1000.0);
}

TEST(Number, Refuses) {
  for (const char* text : {"", " 7", "7 ", "+7", "0x10", "inf", "nan", "-inf", "1e999", "7a", "--7", "."}) {
    EXPECT_FALSE(parse_number(text)) << text;
  }
}

TEST(Date, Reads) {
  EXPECT_EQ(parse_date("1970-01-01T00:00:00Z"), Timestamp{});
  EXPECT_EQ(parse_date("1970-01"), Timestamp{});
  EXPECT_EQ(parse_date("1970-01-02"), Timestamp::from_seconds(86'400));
  EXPECT_EQ(parse_date("86400"), Timestamp::from_seconds(86'400));
  EXPECT_EQ(parse_date("-1"), Timestamp::from_seconds(-1));
  EXPECT_EQ(parse_date("2026-11-22T09:51:18Z"), Timestamp::from_seconds(1'795'341'078));
  EXPECT_EQ(parse_date("2026-11-22T11:51:18.25+02:00"), (Timestamp{1'795'341'078'250'000}));
  EXPECT_EQ(parse_date("2026-11-22T09:51:18.123456789Z"), (Timestamp{1'795'341'078'123'456}));
  EXPECT_EQ(parse_date("2026-11-22T04:51-05:00"), Timestamp::from_seconds(1'795'341'060));
  EXPECT_EQ(parse_date("2024-02-29"), Timestamp::from_seconds(1'709'164'800));
}

TEST(Date, Refuses) {
  for (const char* text : {"",
                           "yesterday",
                           "2026-",
                           "2026-13",
                           "2026-00",
                           "2026-02-30",
                           "2025-02-29",
                           "2026-11-2",
                           "2026-11-22T",
                           "2026-11-22T9:51Z",
                           "2026-11-22T24:00Z",
                           "2026-11-22T09:60Z",
                           "2026-11-22T09:51:60Z",
                           "2026-11-22T09:51:18.Z",
                           "2026-11-22T09:51:18Zx",
                           "2026-11-22T09:51:18+0200",
                           "2026-11-22T09:51:18+24:00",
                           "2026-11-22 09:51:18Z",
                           "2026/11/22",
                           "99999999999999999999",
                           "253402300800",
                           "1.5"}) {
    EXPECT_FALSE(parse_date(text)) << text;
  }
}

TEST(Bool, ReadsAndRefuses) {
  EXPECT_EQ(parse_bool("True"), true);
  EXPECT_EQ(parse_bool("false"), false);
  for (const char* text : {"", "1", "0", "yes", "truefalse", " true"}) EXPECT_FALSE(parse_bool(text)) << text;
}

bool contains(const char* network, const char* address) {
  const auto n = AddressRange::parse(network);
  const auto a = AddressRange::parse(address);
  EXPECT_TRUE(n) << network;
  EXPECT_TRUE(a) << address;
  return n && a && n->contains(*a);
}

TEST(AddressRange, Contains) {
  EXPECT_TRUE(contains("10.0.0.0/8", "10.255.0.1"));
  EXPECT_TRUE(contains("10.1.2.3/8", "10.255.0.1")) << "bits after the prefix do not count";
  EXPECT_TRUE(contains("0.0.0.0/0", "255.255.255.255"));
  EXPECT_TRUE(contains("203.0.113.7", "203.0.113.7"));
  EXPECT_TRUE(contains("203.0.113.128/25", "203.0.113.255"));
  EXPECT_TRUE(contains("2001:db8::/33", "2001:db8:7fff::1"));
  EXPECT_TRUE(contains("::/0", "2001:db8::1"));
  EXPECT_TRUE(contains("203.0.113.0/24", "::ffff:203.0.113.9"));
  EXPECT_TRUE(contains("::ffff:203.0.113.0/120", "203.0.113.9"));
}

TEST(AddressRange, DoesNotContain) {
  EXPECT_FALSE(contains("10.0.0.0/8", "11.0.0.0"));
  EXPECT_FALSE(contains("203.0.113.128/25", "203.0.113.127"));
  EXPECT_FALSE(contains("2001:db8::/33", "2001:db8:8000::1"));
  EXPECT_FALSE(contains("0.0.0.0/0", "::1"));
  EXPECT_FALSE(contains("::/0", "10.0.0.1"));
  EXPECT_FALSE(contains("10.0.0.0/16", "10.0.0.0/8")) << "a wider block is not inside a narrower one";
}

TEST(AddressRange, Refuses) {
  for (const char* text : {"", "/", "10.0.0", "10.0.0.256", "10.0.0.1/33", "10.0.0.1/", "10.0.0.1/-1", "10.0.0.1/8/8",
                           "10.0.0.1/8x", "::1/129", ":::1", "2001:db8::/300", "host", " 10.0.0.1",
                           "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000"}) {
    EXPECT_FALSE(AddressRange::parse(text)) << text;
  }
  EXPECT_FALSE(AddressRange::parse(std::string_view("10.0.0.1\0", 9)));
}

}  // namespace
}  // namespace kagimori
