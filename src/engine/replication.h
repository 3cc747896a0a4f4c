#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/key_management.h"

namespace kagimori {

// Multi-Region keys (AWS KMS API reference: ReplicateKey, UpdatePrimaryRegion). Both leave the keys in a state that the
// clock ends (replication_changes.h), so that they end also when the server is killed in between.

struct ReplicateKeyRequest {
  std::string key_id;                 // of the primary, in the caller's Region
  std::string region;                 // of the replica
  std::optional<std::string> policy;  // default: the default key policy
  std::string description;
  std::vector<Tag> tags;
  bool bypass_policy_lockout_safety_check = false;
};
struct Replica {
  KeyDescription description;
  std::string policy;
};
Result<Replica> replicate_key(Transaction& transaction, const ReplicateKeyRequest& request);

Status update_primary_region(Transaction& transaction, std::string_view key_id, std::string_view primary_region);

}  // namespace kagimori
