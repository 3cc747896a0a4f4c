#pragma once

#include <string>
#include <string_view>

#include "base/encoding.h"
#include "crypto/digest.h"
#include "model/ids.h"

namespace kagimori {

// The name of one item in a worker's cache; commits list those that they make stale.
namespace cache_key {

inline std::string identity(std::string_view access_key_id) { return std::string("I|").append(access_key_id); }
// No item of its own: every cached identity that depends on this user, role, group or managed policy.
inline std::string identities_of(std::string_view unique_id) { return std::string("O|").append(unique_id); }
inline std::string key(std::string_view account, std::string_view region, std::string_view key_id) {
  return std::string("K|").append(account).append("|").append(region).append("|").append(key_id);
}
// `name` with "alias/".
inline std::string alias(std::string_view account, std::string_view region, std::string_view name) {
  return std::string("A|").append(account).append("|").append(region).append("|").append(name);
}
// The grants to one identity for the key of a row.
inline std::string grants(std::string_view account, const RowId& row, std::string_view grantee) {
  return std::string("G|").append(account).append("|").append(hex_encode(row.bytes)).append("|").append(grantee);
}
inline std::string key_store(std::string_view account, std::string_view region, std::string_view store_id) {
  return std::string("S|").append(account).append("|").append(region).append("|").append(store_id);
}
// The attestation document of this digest.
inline std::string attestation(const Sha256Digest& document) { return "R|" + hex_encode(document); }
// No item of the cache: what a worker may still use of a key with a usage limit (engine/allowances.h).
inline constexpr std::string_view kAllowance = "U|";
inline std::string allowance(std::string_view account, const RowId& row, std::uint32_t version) {
  return std::string(kAllowance)
      .append(account)
      .append("|")
      .append(hex_encode(row.bytes))
      .append("|")
      .append(std::to_string(version));
}
// What authenticates the tokens of a grant.
inline std::string grant_tokens(std::string_view account, const RowId& row, std::string_view grant_id) {
  return std::string("T|").append(account).append("|").append(hex_encode(row.bytes)).append("|").append(grant_id);
}

}  // namespace cache_key
}  // namespace kagimori
