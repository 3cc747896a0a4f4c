#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace kagimori {

// Where a listener stands: a TCP address or a Unix socket.
struct ListenAddress {
  std::string host;        // a numeric IPv4 or IPv6 address; empty with unix_path
  std::uint16_t port = 0;  // 0: any free one
  std::string unix_path;

  bool is_unix() const { return !unix_path.empty(); }
  // 127.0.0.0/8 or ::1.
  bool is_loopback() const;
};

// "127.0.0.1:8443", "[::1]:8443" or "unix:/run/kagimori.sock". kBadConfiguration says what is wrong.
Result<ListenAddress> parse_listen_address(std::string_view text);

// The plane of GET /metrics, which asks for no credentials.
inline constexpr std::string_view kMetricsPlane = "metrics";

// One [[listeners]] of the configuration.
struct ListenerOptions {
  std::string address = "127.0.0.1:8443";
  bool tls = true;
  std::string socket_mode;                                   // of a Unix socket: "0660"; empty: not set
  std::vector<std::string> allow;                            // networks of clients; empty: all
  std::vector<std::string> planes = {"data", "management"};  // docs/architecture.md, "Planes"

  ListenAddress where;  // address, parsed
  bool serves(std::string_view plane) const;
  mode_t unix_mode() const;
};

// Parses the address and checks the rest. kBadConfiguration on anything wrong, also on plain HTTP where others than
// this machine could reach it.
Status finish_listener(ListenerOptions& listener);

}  // namespace kagimori
