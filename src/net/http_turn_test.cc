// The order of things within a turn, late answers, and the end.
#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <atomic>
#include <thread>

#include "net/test_server.h"

namespace kagimori {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class HttpTurnTest : public testing::Test {
 protected:
  void answer(const HeldRequest& held, std::string body) {
    ASSERT_TRUE(held.worker->loop().post(
        [held, body = std::move(body)]() mutable { held.worker->respond(held.token, {.body = std::move(body)}); }));
  }
  TestServer test_;
};

int bytes_arrived(int fd) {
  int count = 0;
  ioctl(fd, FIONREAD, &count);
  return count;
}

TEST_F(HttpTurnTest, AsksBeforeAnyByteOfAnAnswerLeaves) {
  test_.start();
  TestClient client(test_.address());
  std::atomic<int> arrived{-1};
  test_.control.before_answers = [&] {
    arrived = bytes_arrived(client.fd());
    return true;
  };
  EXPECT_EQ(client.get("/").status, 200);
  EXPECT_EQ(arrived.load(), 0);
}

TEST_F(HttpTurnTest, AsksOnceForAllAnswersOfATurn) {
  test_.start();
  TestClient client(test_.address());
  client.send(post("/echo", "1") + post("/echo", "2") + post("/echo", "3"));
  for (int i = 0; i < 3; ++i) client.read_answer();
  const std::lock_guard lock(test_.control.mutex);
  EXPECT_EQ(test_.control.before_answers_calls, 1U);
}

TEST_F(HttpTurnTest, ReplacesEveryMarkedAnswerOfTheTurnAndNoOther) {
  test_.start();
  TestClient client(test_.address());
  TestClient rejected(test_.address());
  test_.settle();
  std::atomic<bool> refuse{true};
  test_.control.before_answers = [&] { return !refuse; };
  client.send(post("/echo", "1") + post("/unmarked", "") + "HEAD / HTTP/1.1\r\nHost: h\r\n\r\n" + post("/", "22") +
              "POST /echo HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n");
  TestAnswer answer = client.read_answer();
  EXPECT_EQ(answer.status, 500);
  EXPECT_EQ(answer.body, "{2}");
  EXPECT_EQ(answer.headers.at("x-why"), "audit");
  EXPECT_EQ(client.read_answer().body, "ok");
  EXPECT_EQ(client.read_answer(true).status, 500);  // no body behind it
  EXPECT_EQ(client.read_answer().body, "{3}");
  EXPECT_EQ(client.read_head(), "HTTP/1.1 100 Continue\r\n\r\n");
  rejected.send("nonsense\r\n");
  EXPECT_EQ(rejected.read_answer().status, 400);
  EXPECT_TRUE(rejected.is_closed());
  refuse = false;
  EXPECT_EQ(client.ask("x").body, "POST /echo x");
}

TEST_F(HttpTurnTest, AnswersFromAnotherThread) {
  test_.start();
  TestClient client(test_.address());
  client.send(post("/hold", "payload"));
  const HeldRequest held = test_.control.wait_for_held();
  ASSERT_NE(held.worker, nullptr);
  std::thread pool([&] {
    // The request may be read elsewhere until it is answered.
    const std::string body(held.request->body);
    answer(held, "late " + body);
  });
  EXPECT_EQ(client.read_answer().body, "late payload");
  pool.join();
  EXPECT_EQ(client.get("/").body, "ok");
}

TEST_F(HttpTurnTest, KeepsTheRequestsMemoryWhileTheClientSendsMore) {
  test_.start();
  TestClient client(test_.address());
  client.send(post("/hold", "payload"));
  const HeldRequest held = test_.control.wait_for_held();
  ASSERT_NE(held.worker, nullptr);
  const char* const where = held.request->body.data();
  client.send(post("/echo", std::string(100'000, 'x')));
  test_.settle();
  EXPECT_EQ(held.request->body, "payload");
  EXPECT_EQ(held.request->body.data(), where);
  answer(held, "first");
  EXPECT_EQ(client.read_answer().body, "first");
  EXPECT_EQ(client.read_answer().body.size(), 100'000 + std::string_view("POST /echo ").size());
}

TEST_F(HttpTurnTest, KeepsTheRequestsMemoryWhenTheClientHasGone) {
  test_.start();
  auto client = std::make_unique<TestClient>(test_.address());
  client->send(post("/hold", "payload"));
  const HeldRequest held = test_.control.wait_for_held();
  ASSERT_NE(held.worker, nullptr);
  const linger reset{1, 0};
  setsockopt(client->fd(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  client.reset();
  test_.settle();
  EXPECT_EQ(held.request->method, "POST");
  EXPECT_EQ(held.request->body, "payload");
  EXPECT_EQ(held.request->header("host"), "h");
  answer(held, "into the void");
  answer(held, "twice");
  test_.settle();
  EXPECT_EQ(TestClient(test_.address()).get("/").status, 200);
}

TEST_F(HttpTurnTest, IgnoresSecondAnswersAndForeignTokens) {
  test_.start();
  TestClient client(test_.address());
  client.send(post("/hold", ""));
  const HeldRequest held = test_.control.wait_for_held();
  ASSERT_NE(held.worker, nullptr);
  held.worker->loop().post([held] {
    for (ResponseToken wrong : {ResponseToken{}, ResponseToken{held.token.serial, 999, 0},
                                ResponseToken{held.token.serial, held.token.slot, 1}}) {
      held.worker->respond(wrong, {.body = "wrong"});
    }
    held.worker->respond(held.token, {.body = "right"});
    held.worker->respond(held.token, {.body = "again"});
  });
  EXPECT_EQ(client.read_answer().body, "right");
  EXPECT_EQ(client.get("/").body, "ok");
}

TEST_F(HttpTurnTest, WipesTheRequestAndTheAnswer) {
  test_.start();
  TestClient client(test_.address());
  std::atomic<const char*> body{nullptr};
  test_.control.on_request = [&](const HttpRequest& request) { body = request.body.data(); };
  EXPECT_EQ(client.ask(post("/echo", "super secret body")).status, 200);
  bool found = true;
  test_.settle();
  // The block has gone back to the worker's pool, which still owns it.
  test_.server->post_to(0, [&] { found = std::string_view(body.load(), 17).find("secret") != std::string_view::npos; });
  test_.settle();
  EXPECT_FALSE(found);
}

TEST_F(HttpTurnTest, FinishesWhatIsUnderWayWhenItStops) {
  test_.start();
  const std::string address = test_.address();
  TestClient idle(address);
  ASSERT_EQ(idle.get("/").status, 200);
  TestClient half(address);
  half.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\na");
  TestClient busy(address);
  busy.send(post("/hold", "x") + post("/echo", "not handled any more"));
  const HeldRequest held = test_.control.wait_for_held();
  ASSERT_NE(held.worker, nullptr);
  test_.settle();
  std::thread stopping([&] { test_.server->shutdown(seconds(60)); });
  EXPECT_TRUE(idle.is_closed());
  half.send("b");
  const TestAnswer last = half.read_answer();
  EXPECT_EQ(last.body, "POST /echo ab");
  EXPECT_EQ(last.headers.at("connection"), "close");
  answer(held, "done");
  const TestAnswer done = busy.read_answer();
  EXPECT_EQ(done.body, "done");
  EXPECT_EQ(done.headers.at("connection"), "close");
  EXPECT_TRUE(busy.is_closed());
  half.disconnect();
  busy.disconnect();
  stopping.join();
  EXPECT_FALSE(test_.server->post_to(0, [] {}));
  const UniqueFd late(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_FALSE(connect_socket(late.get(), address));
}

TEST_F(HttpTurnTest, CutsOffAtTheDeadlineAndKeepsTheMemory) {
  test_.start();
  TestClient client(test_.address());
  client.send(post("/hold", "payload"));
  const HeldRequest held = test_.control.wait_for_held();
  ASSERT_NE(held.worker, nullptr);
  test_.server->shutdown(milliseconds(0));
  EXPECT_TRUE(client.is_closed());
  EXPECT_EQ(held.request->body, "payload");
}

TEST_F(HttpTurnTest, RunsWhatIsPostedOnEveryWorker) {
  test_.config.workers = 3;
  test_.start();
  std::atomic<unsigned> seen{0};
  EXPECT_TRUE(test_.server->post_to_all([&](std::size_t worker) { seen |= 1U << worker; }));
  test_.settle();
  EXPECT_EQ(seen.load(), 7U);
  EXPECT_FALSE(test_.server->post_to(3, [] {}));
}

}  // namespace
}  // namespace kagimori
