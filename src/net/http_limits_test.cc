#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "net/test_server.h"

namespace kagimori {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Deadlines are met within one tick of the timer wheel.
constexpr milliseconds kSlack{100};

class HttpLimitsTest : public testing::Test {
 protected:
  NetLimits& limits() { return test_.config.limits; }
  TestServer test_;
};

TEST_F(HttpLimitsTest, ClosesIdleConnections) {
  limits().idle_timeout = seconds(5);
  test_.start();
  TestClient client(test_.address());
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(client.get("/").status, 200);
    test_.advance(seconds(4));
  }
  test_.advance(seconds(1) + kSlack);
  EXPECT_TRUE(client.is_closed());
}

TEST_F(HttpLimitsTest, ClosesConnectionsThatNeverAsk) {
  limits().idle_timeout = seconds(100);  // longer than the wheel's span
  test_.start();
  TestClient client(test_.address());
  test_.advance(seconds(60));
  test_.advance(seconds(39));
  EXPECT_EQ(client.get("/").status, 200);
  test_.advance(seconds(100) + kSlack);
  EXPECT_TRUE(client.is_closed());
}

TEST_F(HttpLimitsTest, EndsARequestThatTricklesIn) {
  limits().request_timeout = seconds(10);
  limits().idle_timeout = seconds(1000);
  test_.start();
  TestClient client(test_.address());
  client.send("GET / HTTP/1.1\r\nHost: h\r\n");
  for (int i = 0; i < 9; ++i) {
    test_.advance(seconds(1));
    ASSERT_TRUE(client.send("X: y\r\n"));
  }
  test_.advance(seconds(1) + kSlack);
  EXPECT_EQ(client.read_answer().status, 408);
  EXPECT_TRUE(client.is_closed());
  EXPECT_TRUE(test_.control.wait_for_rejection(408, "in time"));
}

TEST_F(HttpLimitsTest, EndsABodyThatTricklesIn) {
  limits().request_timeout = seconds(10);
  test_.start();
  TestClient client(test_.address());
  client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\n12345");
  test_.advance(seconds(9));
  client.send("6");
  test_.advance(seconds(1) + kSlack);
  EXPECT_EQ(client.read_answer().status, 408);
}

TEST_F(HttpLimitsTest, GivesUpOnAClientThatDoesNotTakeItsAnswer) {
  limits().send_timeout = seconds(10);
  test_.start();
  TestClient client(test_.address());
  client.send("GET /big?20000000 HTTP/1.1\r\nHost: h\r\n\r\n");
  test_.advance(seconds(9));
  {
    const std::lock_guard lock(test_.control.mutex);
    EXPECT_TRUE(test_.control.rejections.empty());
  }
  test_.advance(seconds(1) + kSlack);
  EXPECT_TRUE(test_.control.wait_for_rejection(0, "did not take its answer"));
  EXPECT_LT(client.read_to_end().size(), 20'000'000U);
}

TEST_F(HttpLimitsTest, DoesNotWaitForEverForTheClientToClose) {
  limits().linger_timeout = seconds(2);
  limits().max_connections = 1;
  test_.start();
  TestClient client(test_.address());
  EXPECT_EQ(client.get("/close").status, 200);
  EXPECT_TRUE(client.is_closed());  // sees the end at once, though the server still reads
  test_.advance(seconds(1));
  ASSERT_TRUE(client.send("more"));
  test_.settle();
  EXPECT_TRUE(TestClient(test_.address()).is_closed()) << "the connection still counts";
  test_.advance(seconds(1) + kSlack);
  EXPECT_EQ(TestClient(test_.address()).get("/").status, 200);
}

TEST_F(HttpLimitsTest, RefusesLargeHeadsAndBodiesButLetsTheAnswerThrough) {
  limits().max_head_bytes = 2000;
  limits().max_body_bytes = 1000;
  limits().max_headers = 3;
  test_.start();
  TestClient body(test_.address());
  body.send(post("/", std::string(900'000, 'x')));
  EXPECT_EQ(body.read_answer().status, 413);
  TestClient head(test_.address());
  head.send("GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(300'000, 'x') + "\r\n\r\n");
  EXPECT_EQ(head.read_answer().status, 431);
  TestClient many(test_.address());
  many.send("GET / HTTP/1.1\r\nHost: h\r\nA: 1\r\nB: 1\r\nC: 1\r\n\r\n");
  EXPECT_EQ(many.read_answer().status, 431);
}

TEST_F(HttpLimitsTest, RefusesABodyThatIsTooLargeBeforeItIsSent) {
  limits().max_body_bytes = 1000;
  test_.start();
  TestClient client(test_.address());
  client.send("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 1001\r\n\r\n");
  EXPECT_EQ(client.read_answer().status, 413);
}

TEST_F(HttpLimitsTest, RefusesLargeRequestsWhenTheirMemoryIsUsedUp) {
  limits().max_buffered_bytes = 200'000;
  test_.start();
  TestClient large(test_.address());
  large.send(post("/", std::string(500'000, 'x')));
  EXPECT_EQ(large.read_answer().status, 503);
  EXPECT_EQ(TestClient(test_.address()).ask(post("/echo", std::string(50'000, 'x'))).status, 200);
}

TEST_F(HttpLimitsTest, BoundsTheConnections) {
  limits().max_connections = 3;
  test_.start();
  std::vector<std::unique_ptr<TestClient>> clients;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(std::make_unique<TestClient>(test_.address()));
    ASSERT_EQ(clients.back()->get("/").status, 200);
  }
  EXPECT_TRUE(TestClient(test_.address()).is_closed());
  EXPECT_TRUE(test_.control.wait_for_rejection(0, "The server has as many connections"));
  clients.pop_back();
  test_.settle();
  EXPECT_EQ(TestClient(test_.address()).get("/").status, 200);
}

TEST_F(HttpLimitsTest, BoundsTheConnectionsOfASourceOverAllWorkers) {
  test_.config.workers = 3;
  limits().max_connections_per_source = 2;
  test_.start();
  TestClient first(test_.address());
  TestClient second(test_.address());
  ASSERT_EQ(first.get("/").status, 200);
  ASSERT_EQ(second.get("/").status, 200);
  EXPECT_TRUE(TestClient(test_.address()).is_closed());
  EXPECT_TRUE(test_.control.wait_for_rejection(0, "The source has as many connections"));
}

TEST_F(HttpLimitsTest, MarksRequestsBeyondTheRate) {
  limits().requests_per_second_per_source = 10;
  limits().request_burst_per_source = 3;
  test_.start();
  TestClient client(test_.address());
  TestClient same_source(test_.address());
  const auto is_over = [](TestClient& c) { return c.get("/peer").body.find(" over ") != std::string::npos; };
  EXPECT_FALSE(is_over(client));
  EXPECT_FALSE(is_over(same_source));
  EXPECT_FALSE(is_over(client));
  EXPECT_TRUE(is_over(client));
  EXPECT_TRUE(is_over(same_source));
  test_.advance(milliseconds(100));
  EXPECT_FALSE(is_over(client));
  EXPECT_TRUE(is_over(client));
}

TEST_F(HttpLimitsTest, LetsOnlyAllowedNetworksIn) {
  test_.config.listeners[0].allowed_networks = {"10.0.0.0/8", "::1"};
  ListenerConfig open = test_.config.listeners[0];
  open.index = 8;
  open.allowed_networks = {"10.0.0.0/8", "127.0.0.0/8"};
  test_.config.listeners.push_back(open);
  test_.start();
  EXPECT_TRUE(TestClient(test_.address(0)).is_closed());
  EXPECT_TRUE(test_.control.wait_for_rejection(0, "not allowed"));
  EXPECT_EQ(TestClient(test_.address(1)).get("/peer").body, "127.0.0.1 loopback listener 8 [ ]");
}

// Lowers the limit on open files to what is open, and back again.
class NoMoreFiles {
 public:
  NoMoreFiles() {
    getrlimit(RLIMIT_NOFILE, &before_);
    rlimit none = before_;
    none.rlim_cur = 0;
    setrlimit(RLIMIT_NOFILE, &none);
  }
  ~NoMoreFiles() { setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

TEST_F(HttpLimitsTest, RestsWhenOutOfDescriptors) {
  test_.start();
  TestClient open(test_.address());
  ASSERT_EQ(open.get("/").status, 200);
  // A connected socket whose server side is still in the queue: the limit is lowered before connecting.
  UniqueFd prepared(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  {
    const NoMoreFiles no_more_files;
    ASSERT_TRUE(connect_socket(prepared.get(), test_.address()));
    test_.settle();
    EXPECT_EQ(open.get("/").status, 200);  // goes on with what it has
  }
  test_.advance(seconds(1));
  TestClient waiting(std::move(prepared));
  EXPECT_EQ(waiting.get("/").status, 200);
}

}  // namespace
}  // namespace kagimori
