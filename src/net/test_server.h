#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/unique_fd.h"
#include "net/http_handler.h"
#include "net/http_worker.h"
#include "net/server.h"

namespace kagimori {

// For tests only.

// A request that TestHandler has not answered yet.
struct HeldRequest {
  HttpWorker* worker = nullptr;
  ResponseToken token;
  const HttpRequest* request = nullptr;
};

// What a test and the handlers of its server tell each other; any thread.
struct TestControl {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<HeldRequest> held;
  std::vector<std::pair<int, std::string>> rejections;
  std::size_t before_answers_calls = 0;
  std::function<bool()> before_answers;  // called under the mutex
  std::function<void(const HttpRequest&)> on_request;

  HeldRequest wait_for_held();
  bool wait_for_rejection(int status, std::string_view part_of_reason);
};

// Answers by path: /echo gives method, target and body back; /peer tells who asks; /close closes; /big answers as many
// bytes as the query says; /hold waits for the test; anything else is "ok". Every answer is marked with the size of the
// request's body and 1, except that of /unmarked.
class TestHandler final : public HttpHandler {
 public:
  TestHandler(HttpWorker& worker, TestControl& control) : worker_(worker), control_(control) {}
  void on_request(const HttpRequest& request, ResponseToken token) override;
  bool before_answers() override;
  HttpResponse instead_of(std::size_t mark) override;
  void on_rejected(const HttpPeer& peer, int status, std::string_view reason) override;

 private:
  HttpWorker& worker_;
  TestControl& control_;
};

// A certificate for localhost and the CA to trust it by.
struct TestCertificate {
  std::string ca_pem;
  TlsIdentity identity;
  static TestCertificate make();
};
TlsIdentity copy_of(const TlsIdentity& identity);

// A server on 127.0.0.1 with one worker, one plain listener (index 7) and clocks that stand still.
class TestServer {
 public:
  TestServer();
  ~TestServer() { stop(); }

  NetConfig config;  // change before start()
  TestControl control;
  ManualClock real_clock{Timestamp::from_seconds(784'111'777)};  // Sun, 06 Nov 1994 08:49:37 GMT
  ManualMonotonicClock clock;
  std::unique_ptr<HttpServer> server;

  void start();
  void stop() { server.reset(); }
  std::string address(std::size_t listener = 0) const { return server->addresses().at(listener).text; }
  // Returns when every worker has seen all that was sent to it before the call.
  void settle();
  void advance(MonotonicDuration by);
};

struct TestAnswer {
  int status = 0;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
};

// The bytes of a client's connection, with or without TLS.
class TestTransport {
 public:
  virtual ~TestTransport() = default;
  virtual bool send(std::string_view bytes) = 0;
  virtual std::string receive() = 0;  // empty at the end of the stream, on errors and after 20 s
};
std::unique_ptr<TestTransport> plain_transport(int fd);

// A blocking client.
class TestClient {
 public:
  explicit TestClient(const std::string& address);  // "127.0.0.1:port" or "unix:path"
  explicit TestClient(UniqueFd fd) : fd_(std::move(fd)), transport_(plain_transport(fd_.get())) {}
  TestClient(UniqueFd fd, std::unique_ptr<TestTransport> transport)
      : fd_(std::move(fd)), transport_(std::move(transport)) {}

  int fd() const { return fd_.get(); }
  bool send(std::string_view bytes) { return transport_->send(bytes); }
  TestAnswer read_answer(bool to_head = false);
  // The interim answers are skipped by nobody: reads one head.
  std::string read_head();
  std::string read_to_end();
  TestAnswer ask(std::string_view request) {
    send(request);
    return read_answer();
  }
  TestAnswer get(const std::string& target) { return ask("GET " + target + " HTTP/1.1\r\nHost: h\r\n\r\n"); }
  bool is_closed() { return read_to_end().empty(); }
  void disconnect() {
    transport_.reset();
    fd_.reset();
  }

 private:
  bool receive_more();
  UniqueFd fd_;
  std::unique_ptr<TestTransport> transport_;
  std::string received_;
};
UniqueFd connect_to(const std::string& address);
bool connect_socket(int fd, const std::string& address);
std::string post(std::string_view target, std::string_view body);

}  // namespace kagimori
