#include "net/http_writer.h"

#include <gtest/gtest.h>

#include "net/http_date.h"
#include "net/http_output.h"

namespace kagimori {
namespace {

class HttpWriterTest : public testing::Test {
 protected:
  std::string write(const HttpResponse& response, HttpAnswerForm form = {}) {
    Buffer out(pool_);
    EXPECT_TRUE(append_http_response(out, response, form, "now"));
    return std::string(out.text());
  }
  BufferBudget budget_{100'000};
  BufferPool pool_{budget_};
};

TEST_F(HttpWriterTest, WritesHeadersAndBody) {
  EXPECT_EQ(write({403, "application/x-amz-json-1.1", {{"x-amzn-RequestId", "7"}}, "{}", false}, {.close = true}),
            "HTTP/1.1 403 Forbidden\r\nDate: now\r\nContent-Type: application/x-amz-json-1.1\r\nContent-Length: 2\r\n"
            "x-amzn-RequestId: 7\r\nConnection: close\r\n\r\n{}");
  EXPECT_EQ(write({.status = 299}), "HTTP/1.1 299 \r\nDate: now\r\nContent-Length: 0\r\n\r\n");
}

TEST_F(HttpWriterTest, LeavesTheBodyAwayWhereItMust) {
  EXPECT_EQ(write({.body = "abc"}, {.head_only = true}), "HTTP/1.1 200 OK\r\nDate: now\r\nContent-Length: 3\r\n\r\n");
  EXPECT_EQ(write({.status = 204, .body = "abc"}), "HTTP/1.1 204 No Content\r\nDate: now\r\n\r\n");
}

TEST_F(HttpWriterTest, LetsNoValueBeginAnotherHeader) {
  const std::string text = write({200, "a\r\nX: 1", {{"Y\r\nZ", "1\r\n\r\nHTTP/1.1 200"}}, "", false});
  EXPECT_EQ(text.find("\r\nX:"), std::string::npos);
  EXPECT_EQ(text.find("\r\nZ"), std::string::npos);
  EXPECT_EQ(text.find("\r\n\r\n"), text.size() - 4);
}

TEST_F(HttpWriterTest, RefusesWhatTheBudgetDoesNotHold) {
  Buffer out(pool_);
  EXPECT_FALSE(append_http_response(out, {.body = std::string(200'000, 'x')}, {}, "now"));
  EXPECT_TRUE(out.empty());
}

TEST(HttpDateTest, HasTheFixedForm) {
  ManualClock clock(Timestamp::from_seconds(0));
  HttpDate date(clock);
  EXPECT_EQ(date.text(), "Thu, 01 Jan 1970 00:00:00 GMT");
  clock.set(Timestamp::from_seconds(951'782'399));
  EXPECT_EQ(date.text(), "Mon, 28 Feb 2000 23:59:59 GMT");
  clock.advance_seconds(1);
  EXPECT_EQ(date.text(), "Tue, 29 Feb 2000 00:00:00 GMT");
}

TEST_F(HttpWriterTest, BuffersWipeWhatLeavesThem) {
  const std::uint8_t* block = nullptr;
  {
    Buffer buffer(pool_);
    ASSERT_TRUE(buffer.reserve(10));
    block = buffer.data();
    buffer.append("secret one, secret two");
    buffer.erase(0, 12);
    EXPECT_EQ(buffer.text(), "secret two");
    EXPECT_EQ(as_text({block, 64}).substr(10), std::string(54, '\0'));
    ASSERT_TRUE(buffer.reserve(BufferPool::kBlock));  // moves to a larger block
    EXPECT_EQ(buffer.text(), "secret two");
    EXPECT_EQ(as_text({block, 64}), std::string(64, '\0'));
  }
  EXPECT_EQ(as_text({block, 64}), std::string(64, '\0'));  // the pool still owns it
}

TEST_F(HttpWriterTest, BuffersKeepToTheBudgetAndGiveItBack) {
  for (int i = 0; i < 3; ++i) {
    Buffer large(pool_);
    EXPECT_TRUE(large.reserve(60'000));
    Buffer other(pool_);
    EXPECT_FALSE(other.reserve(60'000));
    EXPECT_TRUE(other.reserve(16'000));  // usual blocks are bounded by the number of connections
  }
}

}  // namespace
}  // namespace kagimori
