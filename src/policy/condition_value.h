#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/clock.h"

namespace kagimori {

// Reading the typed values of conditions, in policies and requests alike. None of these allocates.

// A decimal number, "7" or "-2.50" or "1e3".
std::optional<double> parse_number(std::string_view text);

// ISO 8601 as W3C's profile has it (2026-11, 2026-11-22, 2026-11-22T09:51Z, 2026-11-22T09:51:18.25+02:00) or seconds
// since the Unix epoch ("1795340000").
std::optional<Timestamp> parse_date(std::string_view text);

// "true" or "false", in any case.
std::optional<bool> parse_bool(std::string_view text);

// An address or a block of addresses ("203.0.113.0/24", "2001:db8::/32"). Bits after the prefix are cleared. An IPv4
// address in IPv6 clothes (::ffff:203.0.113.7) is the IPv4 address, so that a dual-stack listener can't evade a rule.
struct AddressRange {
  std::array<std::uint8_t, 16> address{};
  std::uint8_t prefix_bits = 0;
  bool v6 = false;

  static std::optional<AddressRange> parse(std::string_view text);
  bool contains(const AddressRange& other) const;
};

}  // namespace kagimori
