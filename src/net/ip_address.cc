#include "net/ip_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>

namespace kagimori {
namespace {

constexpr std::array<std::uint8_t, 12> kMappedPrefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr unsigned kMappedBits = 96;

// The first `bits` bits of `bytes`, the others zero.
std::array<std::uint8_t, 16> masked(std::array<std::uint8_t, 16> bytes, unsigned bits) {
  for (unsigned i = 0; i < bytes.size(); ++i) {
    const unsigned kept = std::clamp(bits, i * 8, i * 8 + 8) - i * 8;
    bytes[i] = static_cast<std::uint8_t>(bytes[i] & (0xff00U >> kept));
  }
  return bytes;
}

tl::unexpected<Error> bad(std::string_view text, const char* what) {
  std::string message = "\"";
  message.append(text).append("\" is not ").append(what).append(".");
  return fail(ErrorCode::kBadConfiguration, std::move(message));
}

}  // namespace

Result<IpAddress> IpAddress::parse(std::string_view text) {
  const std::string terminated(text);
  IpAddress result;
  if (inet_pton(AF_INET, terminated.c_str(), &result.bytes_[12]) == 1) {
    std::copy(kMappedPrefix.begin(), kMappedPrefix.end(), result.bytes_.begin());
    return result;
  }
  if (inet_pton(AF_INET6, terminated.c_str(), result.bytes_.data()) == 1) return result;
  return bad(text, "a numeric IPv4 or IPv6 address, such as 127.0.0.1 or ::1");
}

IpAddress IpAddress::of(const sockaddr_storage& socket_address) {
  IpAddress result;
  if (socket_address.ss_family == AF_INET) {
    sockaddr_in v4{};
    memcpy(&v4, &socket_address, sizeof v4);
    std::copy(kMappedPrefix.begin(), kMappedPrefix.end(), result.bytes_.begin());
    memcpy(&result.bytes_[12], &v4.sin_addr, 4);
  } else if (socket_address.ss_family == AF_INET6) {
    sockaddr_in6 v6{};
    memcpy(&v6, &socket_address, sizeof v6);
    memcpy(result.bytes_.data(), &v6.sin6_addr, 16);
  }
  return result;
}

bool IpAddress::is_v4() const { return std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), bytes_.begin()); }

std::string IpAddress::text() const {
  std::array<char, INET6_ADDRSTRLEN> buffer{};
  if (is_v4()) {
    inet_ntop(AF_INET, &bytes_[12], buffer.data(), buffer.size());
  } else {
    inet_ntop(AF_INET6, bytes_.data(), buffer.data(), buffer.size());
  }
  return buffer.data();
}

bool IpAddress::is_loopback() const {
  if (is_v4()) return bytes_[12] == 127;
  return bytes_[15] == 1 && std::all_of(bytes_.begin(), bytes_.end() - 1, [](std::uint8_t b) { return b == 0; });
}

IpAddress IpAddress::source() const {
  IpAddress result = *this;
  if (!is_v4()) result.bytes_ = masked(bytes_, 64);
  return result;
}

Result<IpNetwork> IpNetwork::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  IpNetwork result;
  TRY_ASSIGN(result.base_, IpAddress::parse(text.substr(0, slash)));
  const unsigned offset = result.base_.is_v4() ? kMappedBits : 0;
  unsigned bits = 128 - offset;
  if (slash != std::string_view::npos) {
    const std::string_view number = text.substr(slash + 1);
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), bits);
    if (error != std::errc() || end != number.data() + number.size() || bits > 128 - offset) {
      return bad(text, "a network: behind the slash goes the number of bits, such as 10.0.0.0/8");
    }
  }
  result.prefix_bits_ = offset + bits;
  if (masked(result.base_.bytes(), result.prefix_bits_) != result.base_.bytes()) {
    return bad(text, "a network: the address has bits set behind the prefix");
  }
  return result;
}

bool IpNetwork::contains(const IpAddress& address) const {
  // ::/0 would hold every IPv4 address in its mapped form; an operator who writes it means IPv6.
  return address.is_v4() == base_.is_v4() && masked(address.bytes(), prefix_bits_) == base_.bytes();
}

}  // namespace kagimori
