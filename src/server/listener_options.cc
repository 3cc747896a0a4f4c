#include "server/listener_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "net/ip_address.h"

namespace kagimori {
namespace {

constexpr std::string_view kUnixPrefix = "unix:";
constexpr std::size_t kMaxUnixPath = 107;  // sockaddr_un

template <typename Number>
std::optional<Number> parse_number(std::string_view text, int base = 10) {
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return number;
}

tl::unexpected<Error> bad(std::string message) { return fail(ErrorCode::kBadConfiguration, std::move(message)); }

Result<ListenAddress> parse_unix(std::string_view path) {
  if (!path.starts_with('/')) return bad("the path of a Unix socket must be absolute, as in unix:/run/kagimori.sock.");
  if (path.size() > kMaxUnixPath) {
    return bad(
        fmt::format("the path of a Unix socket has at most {} bytes; this one has {}.", kMaxUnixPath, path.size()));
  }
  ListenAddress result;
  result.unix_path = path;
  return result;
}

}  // namespace

bool ListenAddress::is_loopback() const {
  const auto ip = IpAddress::parse(host);
  return ip && ip->is_loopback();
}

Result<ListenAddress> parse_listen_address(std::string_view text) {
  if (text.starts_with(kUnixPrefix)) return parse_unix(text.substr(kUnixPrefix.size()));
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) {
    return bad(fmt::format("\"{}\" has no port; write it as in 127.0.0.1:8443, [::1]:8443 or unix:/path.", text));
  }
  std::string_view host = text.substr(0, colon);
  const bool bracketed = host.starts_with('[') && host.ends_with(']') && host.size() > 2;
  if (bracketed) host = host.substr(1, host.size() - 2);
  const auto ip = IpAddress::parse(host);
  if (!ip || ip->is_v4() == bracketed) {
    return bad(
        fmt::format("\"{}\" is not a numeric address; write 127.0.0.1 for localhost, 0.0.0.0 for every IPv4 "
                    "address, and an IPv6 address in brackets, as in [::1]:8443.",
                    text.substr(0, colon)));
  }
  const auto port = parse_number<std::uint16_t>(text.substr(colon + 1));
  if (!port) return bad(fmt::format("\"{}\" is not a port; use 0 (any free one) to 65535.", text.substr(colon + 1)));
  ListenAddress result;
  result.host = host;
  result.port = *port;
  return result;
}

bool ListenerOptions::serves(std::string_view plane) const {
  return std::find(planes.begin(), planes.end(), plane) != planes.end();
}

mode_t ListenerOptions::unix_mode() const {
  constexpr mode_t kOwnerOnly = 0600;
  if (socket_mode.empty()) return kOwnerOnly;
  return parse_number<mode_t>(socket_mode, 8).value_or(kOwnerOnly);
}

Status finish_listener(ListenerOptions& listener) {
  TRY_ASSIGN(listener.where, parse_listen_address(listener.address));
  if (listener.where.is_unix() && !listener.allow.empty()) {
    return bad(
        "allow lists networks, and the clients of a Unix socket come from none. Leave it out; socket_mode says who may "
        "open the socket.");
  }
  if (!listener.where.is_unix() && !listener.socket_mode.empty()) {
    return bad(
        "socket_mode is the mode of a Unix socket's file, and a TCP address has none. Leave it out; allow says which "
        "networks clients may come from.");
  }
  for (const std::string& network : listener.allow) {
    if (auto parsed = IpNetwork::parse(network); !parsed) return fail(std::move(parsed).error());
  }
  if (listener.planes.empty()) return bad("planes must name at least one of \"data\", \"management\" and \"metrics\".");
  for (const std::string& plane : listener.planes) {
    if (plane != "data" && plane != "management" && plane != kMetricsPlane) {
      return bad(fmt::format("\"{}\" is not a plane; planes are \"data\", \"management\" and \"metrics\".", plane));
    }
  }
  if (listener.serves(kMetricsPlane) && listener.planes.size() > 1) {
    return bad(
        "metrics are served to whoever reaches the listener, so it serves nothing else: give them one of their own.");
  }
  if (!listener.tls && !listener.where.is_unix() && !listener.where.is_loopback()) {
    return bad(
        fmt::format("plain HTTP is allowed on a loopback address only, not on {}: set tls = true, or listen on "
                    "127.0.0.1.",
                    listener.address));
  }
  return {};
}

}  // namespace kagimori
