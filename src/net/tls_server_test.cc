#include <gtest/gtest.h>

#include "net/tls_client.h"
#include "net/tls_tickets.h"

namespace kagimori {
namespace {

constexpr int kTls11 = 0x0302;
constexpr int kTls12 = 0x0303;
constexpr int kTls13 = 0x0304;
using std::chrono::seconds;

class TlsServerTest : public testing::Test {
 protected:
  TlsServerTest() {
    test_.config.listeners[0].tls = true;
    test_.config.tls_identity = copy_of(certificate_.identity);
  }
  TlsClient connect(const TlsClientOptions& options = {}) {
    return connect_tls(test_.address(), certificate_.ca_pem, options);
  }

  const TestCertificate certificate_ = TestCertificate::make();
  TestServer test_;
};

TEST_F(TlsServerTest, Speaks13And12) {
  test_.start();
  const TlsClient newest = connect({.protocols = "\x02h2\x08http/1.1"});
  ASSERT_NE(newest.client, nullptr);
  EXPECT_EQ(newest.version, "TLSv1.3");
  EXPECT_EQ(newest.protocol, "http/1.1");
  EXPECT_EQ(newest.client->get("/peer").body, "127.0.0.1 loopback listener 7 [TLSv1.3 TLS_AES_256_GCM_SHA384]");
  EXPECT_EQ(newest.client->get("/").body, "ok");
  const TlsClient older = connect({.max_version = kTls12});
  ASSERT_NE(older.client, nullptr);
  EXPECT_EQ(older.client->get("/peer").body, "127.0.0.1 loopback listener 7 [TLSv1.2 ECDHE-ECDSA-AES256-GCM-SHA384]");
}

TEST_F(TlsServerTest, RefusesOldVersionsWeakCiphersAndForeignProtocols) {
  test_.start();
  EXPECT_EQ(connect({.max_version = kTls11}).client, nullptr);
  EXPECT_TRUE(test_.control.wait_for_rejection(0, "no TLS version from 1.2 on"));
  EXPECT_EQ(connect({.max_version = kTls12, .ciphers = "ECDHE-ECDSA-AES128-SHA256:AES128-GCM-SHA256"}).client, nullptr);
  EXPECT_TRUE(test_.control.wait_for_rejection(0, "none of our cipher suites"));
  EXPECT_EQ(connect({.protocols = "\x02h2"}).client, nullptr);
  EXPECT_TRUE(test_.control.wait_for_rejection(0, "but not http/1.1"));
}

TEST_F(TlsServerTest, TakesPipelinedAndLargeRequests) {
  test_.config.limits.max_body_bytes = 2'000'000;
  test_.start();
  for (const int version : {kTls12, kTls13}) {
    const TlsClient tls = connect({.max_version = version});
    ASSERT_NE(tls.client, nullptr);
    tls.client->send(post("/echo", "1") + post("/echo", "2") + post("/echo", "3"));
    for (const char* expected : {"POST /echo 1", "POST /echo 2", "POST /echo 3"}) {
      EXPECT_EQ(tls.client->read_answer().body, expected);
    }
    const std::string body(1'500'000, 'x');
    EXPECT_EQ(tls.client->ask(post("/echo", body)).body, "POST /echo " + body);
  }
}

TEST_F(TlsServerTest, SendsLargeAnswersToASlowReader) {
  test_.start();
  const TlsClient tls = connect();
  ASSERT_NE(tls.client, nullptr);
  tls.client->send("GET /big?9000000 HTTP/1.1\r\nHost: h\r\n\r\n" + post("/echo", "next"));
  test_.settle();
  EXPECT_EQ(tls.client->read_answer().body.size(), 9'000'000U);
  EXPECT_EQ(tls.client->read_answer().body, "POST /echo next");
}

TEST_F(TlsServerTest, SaysGoodbye) {
  test_.start();
  const TlsClient tls = connect();
  ASSERT_NE(tls.client, nullptr);
  EXPECT_EQ(tls.client->get("/close").status, 200);
  EXPECT_TRUE(tls.client->is_closed());  // the transport checks for close_notify
  const TlsClient idle = connect();
  ASSERT_NE(idle.client, nullptr);
  EXPECT_EQ(idle.client->get("/").status, 200);
  test_.advance(std::chrono::minutes(2));
  EXPECT_TRUE(idle.client->is_closed());
}

TEST_F(TlsServerTest, TellsAPlainHttpClientWhatToDo) {
  test_.start();
  TestClient plain(test_.address());
  const TestAnswer answer = plain.get("/");
  EXPECT_EQ(answer.status, 400);
  EXPECT_NE(answer.body.find("TLS"), std::string::npos);
  EXPECT_TRUE(plain.is_closed());
  EXPECT_TRUE(test_.control.wait_for_rejection(400, "HTTP without TLS"));
}

TEST_F(TlsServerTest, RefusesGarbageAndGoesOn) {
  test_.start();
  for (const std::string& garbage : {std::string("\x01\x02\x03\x04\x05\x06"), std::string(50'000, '\xff'),
                                     std::string("\x16\x03\x01\xff\xff") + std::string(100, 'x')}) {
    TestClient client(test_.address());
    client.send(garbage);
    client.read_to_end();  // an alert, perhaps
  }
  EXPECT_TRUE(test_.control.wait_for_rejection(0, ""));
  const TlsClient good = connect();
  ASSERT_NE(good.client, nullptr);
  EXPECT_EQ(good.client->get("/").status, 200);
}

TEST_F(TlsServerTest, EndsAHandshakeThatTakesTooLong) {
  test_.config.limits.tls_handshake_timeout = seconds(10);
  test_.start();
  TestClient client(test_.address());
  client.send("\x16\x03\x01");
  test_.advance(seconds(9));
  client.send("\x01");
  test_.advance(seconds(2));
  EXPECT_TRUE(client.is_closed());
  EXPECT_TRUE(test_.control.wait_for_rejection(0, "handshake in time"));
}

TEST_F(TlsServerTest, ResumesOnAnyWorkerUntilTheTicketIsTooOld) {
  test_.config.workers = 3;
  test_.config.limits.idle_timeout = std::chrono::hours(24);
  test_.start();
  for (const int version : {kTls12, kTls13}) {
    TlsClientOptions options{.max_version = version};
    const TlsClient first = connect(options);
    ASSERT_NE(first.client, nullptr);
    EXPECT_FALSE(first.resumed);
    first.client->get("/");
    options.session = first.session();
    for (int i = 0; i < 12; ++i) EXPECT_TRUE(connect(options).resumed) << i;
    test_.advance(TlsTicketKeys::kLifetime);
    const TlsClient late = connect(options);
    ASSERT_NE(late.client, nullptr);
    EXPECT_FALSE(late.resumed);
  }
}

TEST_F(TlsServerTest, UsesANewCertificateForNewConnections) {
  test_.config.workers = 2;
  test_.start();
  const TlsClient before = connect();
  ASSERT_NE(before.client, nullptr);
  const TestCertificate next = TestCertificate::make();
  ASSERT_TRUE(test_.server->reload_certificate(copy_of(next.identity)));
  test_.settle();
  EXPECT_EQ(before.client->get("/").status, 200);  // goes on
  for (int i = 0; i < 8; ++i) {
    const TlsClient after = connect_tls(test_.address(), next.ca_pem);
    ASSERT_NE(after.client, nullptr);
    EXPECT_TRUE(next.identity.certificate_pem.starts_with(after.certificate_pem));
  }
  EXPECT_EQ(connect().client, nullptr);  // trusts the old CA only
}

TEST_F(TlsServerTest, KeepsTheOldCertificateWhenTheNewOneIsWrong) {
  test_.start();
  const TestCertificate next = TestCertificate::make();
  const auto error_of = [&](TlsIdentity identity) {
    const Status status = test_.server->reload_certificate(std::move(identity));
    return status ? Error{ErrorCode::kInternal, "it was taken"} : status.error();
  };
  const auto key = [&] { return next.identity.key_pem.clone(); };
  const Error mixed = error_of({certificate_.identity.certificate_pem, key()});
  EXPECT_EQ(mixed.code, ErrorCode::kBadConfiguration);
  EXPECT_NE(mixed.message.find("does not belong"), std::string::npos);
  EXPECT_EQ(error_of({"", key()}).code, ErrorCode::kBadConfiguration);
  EXPECT_EQ(error_of({"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", key()}).code,
            ErrorCode::kBadConfiguration);
  EXPECT_EQ(error_of({next.identity.certificate_pem, SecretBytes::copy_of(as_bytes("no key"))}).code,
            ErrorCode::kBadConfiguration);
  std::string damaged = next.identity.certificate_pem;
  damaged[damaged.rfind("-----END") - 100] = '!';
  EXPECT_NE(error_of({damaged, key()}).message.find("damaged"), std::string::npos);
  test_.settle();
  EXPECT_NE(connect().client, nullptr);
}

TEST_F(TlsServerTest, StopsWithTlsConnectionsOpen) {
  test_.start();
  const TlsClient idle = connect();
  ASSERT_NE(idle.client, nullptr);
  EXPECT_EQ(idle.client->get("/").status, 200);
  TestClient silent(test_.address());
  test_.settle();
  test_.server->shutdown(seconds(60));  // the clock stands still: only a clean end returns
  EXPECT_TRUE(idle.client->is_closed());
  EXPECT_TRUE(silent.is_closed());
}

}  // namespace
}  // namespace kagimori
