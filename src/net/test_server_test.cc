#include "net/test_server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <charconv>
#include <future>

#include "crypto/context.h"
#include "crypto/x509.h"

namespace kagimori {

HeldRequest TestControl::wait_for_held() {
  std::unique_lock lock(mutex);
  if (!changed.wait_for(lock, std::chrono::seconds(20), [&] { return !held.empty(); })) return {};
  const HeldRequest result = held.front();
  held.erase(held.begin());
  return result;
}

bool TestControl::wait_for_rejection(int status, std::string_view part) {
  std::unique_lock lock(mutex);
  return changed.wait_for(lock, std::chrono::seconds(20), [&] {
    return std::any_of(rejections.begin(), rejections.end(),
                       [&](const auto& r) { return r.first == status && r.second.find(part) != std::string::npos; });
  });
}

void TestHandler::on_request(const HttpRequest& request, ResponseToken token) {
  if (control_.on_request) control_.on_request(request);
  HttpResponse response{200, "text/plain", {}, "ok", false};
  if (request.path != "/unmarked") response.mark = request.body.size() + 1;
  if (request.path == "/hold") {
    const std::lock_guard lock(control_.mutex);
    control_.held.push_back({&worker_, token, &request});
    control_.changed.notify_all();
    return;
  }
  if (request.path == "/echo") {
    response.body = std::string(request.method) + " " + std::string(request.target) + " " + std::string(request.body);
  } else if (request.path == "/peer") {
    response.body = std::string(request.peer.address) + (request.peer.is_loopback ? " loopback" : "") +
                    (request.peer.is_unix ? " socket" : "") + " listener " + std::to_string(request.listener) +
                    (request.over_rate ? " over" : "") + " [" + std::string(request.tls.version) + " " +
                    std::string(request.tls.cipher) + "]";
  } else if (request.path == "/close") {
    response.close = true;
  } else if (request.path == "/big") {
    std::size_t size = 0;
    std::from_chars(request.query.data(), request.query.data() + request.query.size(), size);
    response.body.assign(size, 'b');
  }
  worker_.respond(token, std::move(response));
}

bool TestHandler::before_answers() {
  const std::lock_guard lock(control_.mutex);
  ++control_.before_answers_calls;
  return control_.before_answers == nullptr || control_.before_answers();
}

HttpResponse TestHandler::instead_of(std::size_t mark) {
  return {500, "application/json", {{"X-Why", "audit"}}, "{" + std::to_string(mark) + "}", false};
}

void TestHandler::on_rejected(const HttpPeer& peer, int status, std::string_view reason) {
  EXPECT_FALSE(peer.address.empty());
  const std::lock_guard lock(control_.mutex);
  control_.rejections.emplace_back(status, reason);
  control_.changed.notify_all();
}

TestCertificate TestCertificate::make() {
  const auto crypto = CryptoContext::create().value();
  const Timestamp now = SystemClock().now();
  const CertificateAndKey ca = make_local_ca(*crypto, now, "net-test").value();
  CertificateAndKey server = make_server_certificate(*crypto, now, ca, {}).value();
  return {ca.certificate_pem, {server.certificate_pem + ca.certificate_pem, std::move(server.private_key_pem)}};
}

TlsIdentity copy_of(const TlsIdentity& identity) { return {identity.certificate_pem, identity.key_pem.clone()}; }

TestServer::TestServer() {
  config.workers = 1;
  ListenerConfig listener;
  listener.index = 7;
  listener.host = "127.0.0.1";
  listener.tls = false;
  config.listeners.push_back(listener);
  config.real_clock = &real_clock;
  config.monotonic_clock = &clock;
}

void TestServer::start() {
  auto started =
      HttpServer::start(std::move(config), [this](HttpWorker& worker) -> Result<std::unique_ptr<HttpHandler>> {
        return std::make_unique<TestHandler>(worker, control);
      });
  ASSERT_TRUE(started) << started.error().message;
  server = *std::move(started);
}

void TestServer::settle() {
  // On the loopback device what was sent is in the receiver's socket when send() returns. A new connection takes a turn
  // to be accepted, one to shake hands and one to be read.
  for (int turn = 0; turn < 4; ++turn) {
    for (std::size_t i = 0; i < server->worker_count(); ++i) {
      std::promise<void> done;
      ASSERT_TRUE(server->post_to(i, [&done] { done.set_value(); }));
      done.get_future().wait();
    }
  }
}

void TestServer::advance(MonotonicDuration by) {
  settle();
  clock.advance(by);
  settle();
}

namespace {

class PlainTransport final : public TestTransport {
 public:
  explicit PlainTransport(int fd) : fd_(fd) {}
  bool send(std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  std::string receive() override {
    std::array<char, 16384> buffer;
    const ssize_t size = recv(fd_, buffer.data(), buffer.size(), 0);
    return size > 0 ? std::string(buffer.data(), static_cast<std::size_t>(size)) : std::string();
  }

 private:
  int fd_;
};

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(tolower(c));
  return text;
}

TestAnswer parse_head(std::string_view head) {
  TestAnswer answer;
  if (!head.starts_with("HTTP/1.1 ")) return answer;
  std::from_chars(head.data() + 9, head.data() + 12, answer.status);
  std::size_t at = head.find("\r\n");
  while (at != std::string_view::npos) {
    const std::size_t end = head.find("\r\n", at + 2);
    const std::string_view line = head.substr(at + 2, end - at - 2);
    const std::size_t colon = line.find(": ");
    if (colon != std::string_view::npos) {
      answer.headers[lower(std::string(line.substr(0, colon)))] = line.substr(colon + 2);
    }
    at = end;
  }
  return answer;
}

}  // namespace

std::unique_ptr<TestTransport> plain_transport(int fd) { return std::make_unique<PlainTransport>(fd); }

bool connect_socket(int fd, const std::string& address) {
  sockaddr_storage storage{};
  socklen_t size = 0;
  if (address.starts_with("unix:")) {
    sockaddr_un path{};
    path.sun_family = AF_UNIX;
    memcpy(path.sun_path, address.data() + 5, address.size() - 5);
    memcpy(&storage, &path, size = sizeof path);
  } else {
    sockaddr_in ip{};
    ip.sin_family = AF_INET;
    ip.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
    inet_pton(AF_INET, address.substr(0, address.rfind(':')).c_str(), &ip.sin_addr);
    memcpy(&storage, &ip, size = sizeof ip);
  }
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // refused by a Unix socket, which has no such delay
  const timeval timeout{20, 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
  return connect(fd, reinterpret_cast<const sockaddr*>(&storage), size) == 0;
}

UniqueFd connect_to(const std::string& address) {
  UniqueFd fd(socket(address.starts_with("unix:") ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_TRUE(connect_socket(fd.get(), address)) << address;
  return fd;
}

TestClient::TestClient(const std::string& address) : fd_(connect_to(address)), transport_(plain_transport(fd_.get())) {}

bool TestClient::receive_more() {
  const std::string more = transport_->receive();
  received_ += more;
  return !more.empty();
}

std::string TestClient::read_head() {
  std::size_t end = std::string::npos;
  while ((end = received_.find("\r\n\r\n")) == std::string::npos) {
    if (!receive_more()) return {};
  }
  std::string head = received_.substr(0, end + 4);
  received_.erase(0, end + 4);
  return head;
}

TestAnswer TestClient::read_answer(bool to_head) {
  TestAnswer answer = parse_head(read_head());
  const auto length = answer.headers.find("content-length");
  if (to_head || length == answer.headers.end()) return answer;
  const std::size_t size = std::stoul(length->second);
  while (received_.size() < size && receive_more()) {
  }
  answer.body = received_.substr(0, size);
  received_.erase(0, size);
  return answer;
}

std::string TestClient::read_to_end() {
  while (receive_more()) {
  }
  return std::exchange(received_, {});
}

std::string post(std::string_view target, std::string_view body) {
  return "POST " + std::string(target) + " HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + std::string(body);
}

}  // namespace kagimori
