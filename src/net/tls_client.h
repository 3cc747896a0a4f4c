#pragma once

#include <string>

#include "net/test_server.h"

namespace kagimori {

// For tests only: a client that speaks TLS.
struct TlsClientOptions {
  int min_version = 0;  // 0x0303 TLS 1.2, 0x0304 TLS 1.3; 0: any
  int max_version = 0;
  std::string ciphers{};    // of TLS 1.2
  std::string protocols{};  // ALPN, length-prefixed
  std::string session{};    // DER of an earlier session to resume
};

struct TlsClient {
  std::unique_ptr<TestClient> client;  // null if the handshake failed
  std::string version;
  std::string protocol;
  std::string certificate_pem;
  bool resumed = false;
  // After an answer has been read: the session to resume later, DER.
  std::function<std::string()> session;
};

TlsClient connect_tls(const std::string& address, const std::string& ca_pem, const TlsClientOptions& options = {});

}  // namespace kagimori
