#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/secret.h"
#include "net/monotonic_clock.h"

namespace kagimori {

// What clients may take from the server. Every value must be positive.
struct NetLimits {
  std::size_t max_connections = 10'000;                   // of all workers together
  std::size_t max_connections_per_source = 1'000;         // an IPv4 address or an IPv6 /64; Unix sockets are exempt
  std::uint64_t requests_per_second_per_source = 20'000;  // sustained; Unix sockets are exempt
  std::uint64_t request_burst_per_source = 20'000;        // how many may come at once

  std::size_t max_head_bytes = std::size_t{32} << 10;  // request line and headers; 431 beyond
  std::size_t max_headers = 100;                       // 431 beyond
  std::size_t max_body_bytes = std::size_t{1} << 20;   // after joining chunks; 413 beyond
  std::size_t max_buffered_bytes = std::size_t{512}
                                   << 20;  // large requests in memory, all workers together; 503 beyond

  std::chrono::milliseconds idle_timeout{75'000};           // between requests
  std::chrono::milliseconds tls_handshake_timeout{10'000};  // from accept
  std::chrono::milliseconds request_timeout{20'000};        // from a request's first byte to its last; 408 beyond
  std::chrono::milliseconds send_timeout{30'000};           // for the client to take what was answered
  std::chrono::milliseconds linger_timeout{2'000};          // for the client to read a last answer before we close
};

// A certificate chain (leaf first) and its private key, both PEM.
struct TlsIdentity {
  std::string certificate_pem;
  SecretBytes key_pem;
};

struct ListenerConfig {
  std::size_t index = 0;    // handed to the handler with each request; means nothing to net
  std::string host;         // a numeric IPv4 or IPv6 address ("::" takes IPv6 only); empty with unix_path
  std::uint16_t port = 0;   // 0: any free one, see HttpServer::addresses()
  std::string unix_path;    // a Unix socket instead
  mode_t unix_mode = 0600;  // of its file, whatever the umask
  bool tls = true;
  std::vector<std::string> allowed_networks;  // "10.0.0.0/8", "2001:db8::/32", "192.0.2.1"; empty allows all
};

struct NetConfig {
  std::size_t workers = 0;  // 0: one a core
  std::vector<ListenerConfig> listeners;
  std::optional<TlsIdentity> tls_identity;  // needed if a listener has tls
  NetLimits limits;
  // Both outlive the server. `real_clock` is for the Date header.
  const Clock* real_clock = nullptr;
  const MonotonicClock* monotonic_clock = nullptr;
};

}  // namespace kagimori
