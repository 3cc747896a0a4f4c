#include "net/ip_address.h"

#include <gtest/gtest.h>

#include "net/source_table.h"

namespace kagimori {
namespace {

IpAddress ip(std::string_view text) { return IpAddress::parse(text).value(); }

TEST(IpAddressTest, ReadsAndWrites) {
  for (const char* text : {"127.0.0.1", "0.0.0.0", "255.1.2.3", "::", "::1", "2001:db8::1"}) {
    EXPECT_EQ(ip(text).text(), text);
  }
  EXPECT_EQ(ip("::ffff:192.0.2.1"), ip("192.0.2.1"));
  for (const char* text : {"", "localhost", "1.2.3", "1.2.3.4.5", "01.2.3.4", "1.2.3.4 ", "::1%lo", "[::1]", "g::"}) {
    EXPECT_FALSE(IpAddress::parse(text)) << text;
  }
}

TEST(IpAddressTest, KnowsLoopbackAndSource) {
  EXPECT_TRUE(ip("127.9.9.9").is_loopback());
  EXPECT_TRUE(ip("::1").is_loopback());
  for (const char* text : {"128.0.0.1", "::", "::2", "1::1"}) EXPECT_FALSE(ip(text).is_loopback()) << text;
  EXPECT_EQ(ip("2001:db8:1:2:3:4:5:6").source(), ip("2001:db8:1:2::"));
  EXPECT_EQ(ip("192.0.2.1").source(), ip("192.0.2.1"));
}

TEST(IpNetworkTest, HoldsWhatItSays) {
  struct Case {
    const char* network;
    const char* address;
    bool inside;
  };
  for (const Case& c : {Case{"10.0.0.0/8", "10.255.255.255", true}, Case{"10.0.0.0/8", "11.0.0.0", false},
                        Case{"192.0.2.128/25", "192.0.2.128", true}, Case{"192.0.2.128/25", "192.0.2.127", false},
                        Case{"192.0.2.7", "192.0.2.7", true}, Case{"192.0.2.7", "192.0.2.6", false},
                        Case{"0.0.0.0/0", "203.0.113.9", true}, Case{"0.0.0.0/0", "2001:db8::1", false},
                        Case{"::/0", "2001:db8::1", true}, Case{"::/0", "10.0.0.1", false},
                        Case{"2001:db8::/33", "2001:db8:7fff::", true}, Case{"2001:db8::/33", "2001:db8:8000::", false},
                        Case{"::1/128", "::1", true}, Case{"::1", "::2", false}}) {
    EXPECT_EQ(IpNetwork::parse(c.network).value().contains(ip(c.address)), c.inside) << c.network << " " << c.address;
  }
}

TEST(IpNetworkTest, RefusesWhatIsNoNetwork) {
  for (const char* text : {"", "/8", "10.0.0.0/", "10.0.0.0/33", "::/129", "10.0.0.0/-1", "10.0.0.0/8x", "10.0.0.0/ 8",
                           "10.0.0.1/8", "2001:db8::1/64", "any"}) {
    const auto parsed = IpNetwork::parse(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, ErrorCode::kBadConfiguration);
  }
}

TEST(SourceTableTest, CountsConnectionsAndRequestsOfASource) {
  NetLimits limits;
  limits.max_connections_per_source = 2;
  limits.requests_per_second_per_source = 4;
  limits.request_burst_per_source = 2;
  SourceTable table(limits);
  MonotonicTime now(std::chrono::hours(1));
  Source* first = table.enter(ip("2001:db8::1"), now);
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(table.enter(ip("2001:db8::2"), now), first);
  EXPECT_EQ(table.enter(ip("2001:db8::3"), now), nullptr);
  EXPECT_NE(table.enter(ip("2001:db8:1::"), now), nullptr);
  EXPECT_TRUE(first->take_request(limits, now));
  EXPECT_TRUE(first->take_request(limits, now));
  EXPECT_FALSE(first->take_request(limits, now));
  table.leave(*first);
  EXPECT_EQ(table.enter(ip("2001:db8::4"), now), first);
  EXPECT_FALSE(first->take_request(limits, now)) << "connecting anew must not refill the bucket";
  now += std::chrono::milliseconds(250);
  EXPECT_TRUE(first->take_request(limits, now));
  EXPECT_FALSE(first->take_request(limits, now));
}

}  // namespace
}  // namespace kagimori
