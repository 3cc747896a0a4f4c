#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/random.h"
#include "base/result.h"

namespace kagimori {

// A surrogate id: random, unique for ever, never shown as a name. Rows of keys and objects are found by it, so that a
// re-created name never meets its own past.
struct RowId {
  std::array<std::uint8_t, 16> bytes{};
  auto operator<=>(const RowId&) const = default;
  static RowId make(RandomSource& random);
};

// An account is the tenant: 12 digits. The number 000000000000 is the house itself (records that belong to no tenant).
using AccountId = std::string;
inline constexpr std::string_view kSystemAccount = "000000000000";
bool is_account_id(std::string_view text);

// AWS-style unique ids of principals and access keys: a four-letter prefix and 16 (17 unless of access keys) characters
// of A-Z2-7.
std::string make_user_id(RandomSource& random);         // AIDA...
std::string make_access_key_id(RandomSource& random);   // AKIA...
std::string make_session_key_id(RandomSource& random);  // ASIA...
std::string make_role_id(RandomSource& random);         // AROA...
std::string make_group_id(RandomSource& random);        // AGPA...
std::string make_policy_id(RandomSource& random);       // ANPA...

// The id of a multi-Region key: mrk- and 32 lower-case hexadecimal digits (AWS KMS developer guide).
std::string make_multi_region_key_id(RandomSource& random);

}  // namespace kagimori
