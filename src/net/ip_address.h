#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

struct sockaddr_storage;  // NOLINT(readability-identifier-naming): the C library names it

namespace kagimori {

// An IPv4 or IPv6 address. IPv4-mapped IPv6 addresses (::ffff:192.0.2.1) count as the IPv4 address they carry.
class IpAddress {
 public:
  IpAddress() = default;  // ::
  // kBadConfiguration if it is not numeric.
  static Result<IpAddress> parse(std::string_view text);
  // The address of an AF_INET or AF_INET6 socket; :: for any other family.
  static IpAddress of(const sockaddr_storage& socket_address);

  std::string text() const;
  bool is_v4() const;
  bool is_loopback() const;
  // What limits go by: the address itself, but an IPv6 client's whole /64, which is one customer's.
  IpAddress source() const;
  const std::array<std::uint8_t, 16>& bytes() const { return bytes_; }  // IPv4 in its mapped form
  auto operator<=>(const IpAddress&) const = default;

 private:
  std::array<std::uint8_t, 16> bytes_{};
};

// A range of addresses in CIDR form.
class IpNetwork {
 public:
  // "10.0.0.0/8", "2001:db8::/32", or one address. kBadConfiguration if it is neither, or has bits behind the prefix.
  static Result<IpNetwork> parse(std::string_view text);
  bool contains(const IpAddress& address) const;

 private:
  IpAddress base_;
  unsigned prefix_bits_ = 0;  // of 128
};

}  // namespace kagimori
