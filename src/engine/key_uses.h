#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/transaction.h"
#include "model/grant.h"

namespace kagimori {

// Who uses a key, and what would break without it: Kagimori.GetKeyUsage and Kagimori.GetKeyBlastRadius (docs/usage.md).
// Uses of this moment are in it.

struct ListKeyUsesRequest {
  std::string key_id;
  std::optional<std::uint32_t> version;  // nullopt: all
  std::size_t limit = 100;
  std::optional<std::string> marker;
};
struct KeyUseList {
  std::string key_arn;
  std::uint32_t primary_version = 1;
  std::vector<KeyUseCount> uses;  // by version, then principal
  std::optional<std::string> next_marker;
};
Result<KeyUseList> list_key_uses(Transaction& transaction, const ListKeyUsesRequest& request);

struct KeyUsesInAll {
  std::uint64_t uses = 0, bytes = 0;
  std::optional<Timestamp> first, last;  // nullopt: never used
};
struct VersionRadius {
  std::uint32_t number = 1;
  std::string material_id;
  LifecycleState state = LifecycleState::kGenerated;
  Timestamp created;
  std::size_t principals = 0;
  KeyUsesInAll in_all;
};
struct CallerRadius {
  std::string principal, arn;  // as in KeyUseCount
  std::vector<std::uint32_t> versions;
  KeyUsesInAll in_all;
};
struct KeyBlastRadius {
  TransactionKey key;
  std::optional<KeyLastUsage> last_usage;
  bool recently_used = false;
  std::vector<VersionRadius> versions;
  std::vector<CallerRadius> callers;  // who used it last comes first
  std::vector<Grant> grants;
  std::vector<std::string> replica_regions;
  std::string custom_key_store_id;  // empty: in none
  // There are more than these lists hold.
  bool more_callers = false, more_grants = false;
};
Result<KeyBlastRadius> get_key_blast_radius(Transaction& transaction, std::string_view key_id);

// Within alarms.recent_use_days.
bool used_recently(const Transaction& transaction, const std::optional<KeyLastUsage>& usage);

}  // namespace kagimori
