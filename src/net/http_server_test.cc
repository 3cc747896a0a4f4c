#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <filesystem>

#include "net/test_server.h"

namespace kagimori {
namespace {

class HttpServerTest : public testing::Test {
 protected:
  TestServer test_;
};

TEST_F(HttpServerTest, KeepsTheConnectionAndTellsTheDate) {
  test_.start();
  TestClient client(test_.address());
  for (int i = 0; i < 3; ++i) {
    const TestAnswer answer = client.ask(post("/echo?q", "body" + std::to_string(i)));
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "POST /echo?q body" + std::to_string(i));
    EXPECT_EQ(answer.headers.at("date"), "Sun, 06 Nov 1994 08:49:37 GMT");
    EXPECT_EQ(answer.headers.at("content-type"), "text/plain");
    EXPECT_FALSE(answer.headers.contains("connection"));
  }
  test_.real_clock.advance_seconds(1);
  EXPECT_EQ(client.get("/").headers.at("date"), "Sun, 06 Nov 1994 08:49:38 GMT");
}

TEST_F(HttpServerTest, AnswersPipelinedRequestsInOrder) {
  test_.start();
  TestClient client(test_.address());
  std::string requests;
  constexpr int kCount = 200;  // more than one turn handles
  for (int i = 0; i < kCount; ++i) requests += post("/echo", std::to_string(i));
  ASSERT_TRUE(client.send(requests));
  for (int i = 0; i < kCount; ++i) ASSERT_EQ(client.read_answer().body, "POST /echo " + std::to_string(i));
}

TEST_F(HttpServerTest, PipelinedAnswersKeepTheirOrderWhenOneIsLate) {
  test_.start();
  TestClient client(test_.address());
  client.send("GET /hold HTTP/1.1\r\nHost: h\r\n\r\n" + post("/echo", "second"));
  const HeldRequest held = test_.control.wait_for_held();
  ASSERT_NE(held.worker, nullptr);
  test_.settle();
  held.worker->loop().post([held] { held.worker->respond(held.token, {.body = "first"}); });
  EXPECT_EQ(client.read_answer().body, "first");
  EXPECT_EQ(client.read_answer().body, "POST /echo second");
}

TEST_F(HttpServerTest, TakesARequestInAnyTwoPieces) {
  test_.start();
  TestClient client(test_.address());
  const std::string request =
      "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
  for (std::size_t cut = 1; cut < request.size(); ++cut) {
    client.send(request.substr(0, cut));
    test_.settle();
    client.send(request.substr(cut));
    ASSERT_EQ(client.read_answer().body, "POST /echo abc") << cut;
  }
}

TEST_F(HttpServerTest, AnswersHeadWithoutBody) {
  test_.start();
  TestClient client(test_.address());
  client.send("HEAD /echo HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.read_answer(true).headers.at("content-length"), "11");
  EXPECT_EQ(client.get("/").body, "ok");
}

TEST_F(HttpServerTest, SendsContinueBeforeTheBodyComes) {
  test_.start();
  TestClient client(test_.address());
  client.send("POST /echo HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  EXPECT_EQ(client.read_head(), "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(client.ask("abc").body, "POST /echo abc");
}

TEST_F(HttpServerTest, ClosesWhenAskedTo) {
  test_.start();
  TestClient client(test_.address());
  const TestAnswer answer = client.ask("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(answer.headers.at("connection"), "close");
  EXPECT_TRUE(client.is_closed());
  TestClient other(test_.address());
  EXPECT_EQ(other.get("/close").headers.at("connection"), "close");
  EXPECT_TRUE(other.is_closed());
}

TEST_F(HttpServerTest, NothingIsHandledBehindTheLastAnswer) {
  test_.start();
  TestClient client(test_.address());
  client.send("GET /close HTTP/1.1\r\nHost: h\r\n\r\n" + post("/echo", "too late"));
  EXPECT_EQ(client.read_answer().status, 200);
  EXPECT_TRUE(client.is_closed());
}

TEST_F(HttpServerTest, AnswersAClientThatHasFinishedSending) {
  test_.start();
  TestClient client(test_.address());
  client.send(post("/echo", "1") + post("/echo", "2"));
  shutdown(client.fd(), SHUT_WR);
  EXPECT_EQ(client.read_answer().body, "POST /echo 1");
  EXPECT_EQ(client.read_answer().body, "POST /echo 2");
  EXPECT_TRUE(client.is_closed());
}

TEST_F(HttpServerTest, RefusesGarbageAndGoesOn) {
  test_.start();
  for (const std::string& garbage : {std::string("\x16\x03\x01\x00\x05hello"), std::string(100'000, '\xff'),
                                     std::string("GET / HTTP/1.1\nHost: h\n\n"), std::string(4096, '\0')}) {
    TestClient client(test_.address());
    client.send(garbage);
    const TestAnswer answer = client.read_answer();
    EXPECT_TRUE(answer.status == 400 || answer.status == 431) << answer.status;
    EXPECT_EQ(answer.headers.at("connection"), "close");
    EXPECT_TRUE(client.is_closed());
  }
  EXPECT_EQ(TestClient(test_.address()).get("/").status, 200);
  EXPECT_TRUE(test_.control.wait_for_rejection(400, "control character"));
}

TEST_F(HttpServerTest, SendsLargeAnswersToASlowReader) {
  test_.start();
  TestClient client(test_.address());
  constexpr std::size_t kSize = 9'000'000;  // more than the sockets take
  client.send("GET /big?" + std::to_string(kSize) + " HTTP/1.1\r\nHost: h\r\n\r\n" + post("/echo", "next"));
  test_.settle();
  const TestAnswer answer = client.read_answer();
  EXPECT_EQ(answer.body.size(), kSize);
  EXPECT_EQ(answer.body.find_first_not_of('b'), std::string::npos);
  EXPECT_EQ(client.read_answer().body, "POST /echo next");
}

TEST_F(HttpServerTest, TakesLargeBodies) {
  test_.config.limits.max_body_bytes = 3'000'000;
  test_.start();
  TestClient client(test_.address());
  const std::string body(3'000'000, 'z');
  const TestAnswer answer = client.ask(post("/echo", body));
  EXPECT_EQ(answer.body, "POST /echo " + body);
}

TEST_F(HttpServerTest, TellsThePeer) {
  test_.start();
  EXPECT_EQ(TestClient(test_.address()).get("/peer").body, "127.0.0.1 loopback listener 7 [ ]");
}

class UnixSocketTest : public HttpServerTest, public testing::WithParamInterface<mode_t> {};
INSTANTIATE_TEST_SUITE_P(Modes, UnixSocketTest, testing::Values(0600, 0660, 0666));

TEST_P(UnixSocketTest, ListensForWhomItsModeSays) {
  const std::string path = testing::TempDir() + "kagimori-net-test-" + std::to_string(getpid()) + ".sock";
  test_.config.workers = 2;
  test_.config.listeners[0].host.clear();
  test_.config.listeners[0].unix_path = path;
  test_.config.listeners[0].unix_mode = GetParam();
  const mode_t before = umask(0077);
  test_.start();
  umask(before);
  struct stat status{};
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, GetParam());
  EXPECT_EQ(TestClient(test_.address()).get("/peer").body, "unix socket listener 7 [ ]");
  test_.stop();
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(HttpServerTest, ServesManyConnectionsOnSeveralWorkers) {
  test_.config.workers = 3;
  test_.start();
  std::vector<std::unique_ptr<TestClient>> clients;
  for (int i = 0; i < 60; ++i) clients.push_back(std::make_unique<TestClient>(test_.address()));
  for (int round = 0; round < 3; ++round) {
    for (auto& client : clients) client->send(post("/echo", "x"));
    for (auto& client : clients) ASSERT_EQ(client->read_answer().body, "POST /echo x");
  }
}

Error start_error(TestServer& test) {
  const auto started =
      HttpServer::start(std::move(test.config), [&](HttpWorker& w) -> Result<std::unique_ptr<HttpHandler>> {
        return std::make_unique<TestHandler>(w, test.control);
      });
  return started ? Error{ErrorCode::kInternal, "it started"} : started.error();
}

TEST_F(HttpServerTest, RefusesWrongConfigurations) {
  const auto error_of = [](const std::function<void(NetConfig&)>& change) {
    TestServer test;
    change(test.config);
    return start_error(test);
  };
  EXPECT_EQ(error_of([](NetConfig& c) { c.listeners.clear(); }).code, ErrorCode::kBadConfiguration);
  EXPECT_EQ(error_of([](NetConfig& c) { c.limits.max_headers = 0; }).code, ErrorCode::kBadConfiguration);
  EXPECT_EQ(error_of([](NetConfig& c) { c.listeners[0].host = "localhost"; }).code, ErrorCode::kBadConfiguration);
  EXPECT_EQ(error_of([](NetConfig& c) { c.listeners[0].tls = true; }).code, ErrorCode::kBadConfiguration);
  EXPECT_EQ(error_of([](NetConfig& c) { c.listeners[0].allowed_networks = {"10.0.0.1/8"}; }).code,
            ErrorCode::kBadConfiguration);
  EXPECT_EQ(error_of([](NetConfig& c) { c.listeners[0].host = "192.0.2.1"; }).code, ErrorCode::kIo);
}

TEST_F(HttpServerTest, DoesNotShareItsPortWithAnotherServer) {
  test_.start();
  TestServer other;
  other.config.listeners[0].port = test_.server->addresses()[0].port;
  const Error error = start_error(other);
  EXPECT_EQ(error.code, ErrorCode::kIo);
  EXPECT_NE(error.message.find("another program listens there"), std::string::npos) << error.message;
}

TEST_F(HttpServerTest, PassesTheFactorysErrorOn) {
  test_.config.workers = 2;
  const auto started =
      HttpServer::start(std::move(test_.config), [&](HttpWorker& w) -> Result<std::unique_ptr<HttpHandler>> {
        if (w.index() == 1) return fail(ErrorCode::kStorageFull, "no room");
        return std::make_unique<TestHandler>(w, test_.control);
      });
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, ErrorCode::kStorageFull);
}

}  // namespace
}  // namespace kagimori
