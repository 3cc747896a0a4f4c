#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/allowances.h"
#include "engine/transaction.h"

namespace kagimori {

// A maximum of uses or bytes that one version of a key may protect: Kagimori.PutKeyUsageLimit, GetKeyUsageLimit and
// DeleteKeyUsageLimit (docs/usage.md). Uses are reserved in the store before they happen, so the limit holds across
// crashes; what was reserved when the server was killed counts as used.

struct KeyUsageLimit {
  std::string key_arn;
  std::uint32_t version = 1;  // the primary one
  UsageLimit limit;
  UsageReservation reservation;  // of that version
};

struct PutUsageLimitRequest {
  std::string key_id;
  std::optional<std::uint64_t> maximum_uses, maximum_bytes;
  std::uint16_t warning_percent = 80;
  bool rotates = false;
};
// Replaces the limit that there is. The first limit of a key counts what its primary version protected before.
// kUnsupportedOperation when the key is to be rotated but can't be.
Result<KeyUsageLimit> put_usage_limit(Transaction& transaction, const PutUsageLimitRequest& request);
// kNotFound when the key has no limit.
Result<KeyUsageLimit> get_usage_limit(Transaction& transaction, std::string_view key_id);
Result<std::string> delete_usage_limit(Transaction& transaction, std::string_view key_id);

// Of a key that is destroyed.
Status remove_usage_limit(Transaction& transaction, const Key& key);

// --- For the engine ---

// Reserves a share of what the limit leaves, for one of so many workers: what it wants, or more.
struct ReservedShare {
  Allowance share;
  bool limited = false;        // the key has a limit (any more)
  bool limit_reached = false;  // what is wanted is not left
  bool near_limit = false;     // and nothing was done about it yet
  bool rotates = false;        // then the key is to be rotated
};
Result<ReservedShare> reserve_share(Transaction& transaction, const AllowanceName& name, std::size_t workers);
// Gives back what was reserved and not used.
Status return_allowance(Transaction& transaction, const AllowanceName& name, const Allowance& unused);
// What is done near the limit, once for a version. The first writes nothing where the key can't be rotated.
Status rotate_near_limit(Transaction& transaction, const AllowanceName& name);
Status warn_near_limit(Transaction& transaction, const AllowanceName& name);

}  // namespace kagimori
