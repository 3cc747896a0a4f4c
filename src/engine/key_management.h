#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/key_material.h"
#include "engine/transaction.h"

namespace kagimori {

// The life of keys (AWS KMS API reference, operations of the same names). Each runs inside a transaction; shapes and
// lengths of members have been checked by the dialect, meaning is checked here.

// What DescribeKey and CreateKey tell of a key.
struct KeyDescription {
  Key key;
  std::string arn;
  AwsKeyState state = AwsKeyState::kEnabled;
  std::string material_id;                   // of the primary version
  std::vector<std::string> replica_regions;  // of a multi-Region key, whatever its own role
  std::optional<ExternalKey> external;       // of a key in a custom key store
  std::string cluster_id;                    // of a key in an HSM
};

struct CreateKeyRequest {
  KeyType type;                              // default: SYMMETRIC_DEFAULT
  KeyOrigin origin = KeyOrigin::kGenerated;  // or kImported: the key awaits its material
  std::optional<std::string> policy;         // default: the default key policy
  std::string description;
  std::vector<Tag> tags;
  bool bypass_policy_lockout_safety_check = false;
  bool multi_region = false;  // a primary
  // The custom key store that it is to be in. Of an external key store also the key there that doubles it, about which
  // the proxy is asked; of an HSM the key is made there, once for all tries of the request.
  std::optional<ExternalKey> external;
  std::shared_ptr<NewHsmKey> hsm_key;
};
// Whether the caller may, before anything is spent on a key. kUnsupportedOperation for a kind of key that the loaded
// OpenSSL lacks, or whose material can't be imported.
Status admit_create_key(const CryptoContext& crypto, const Caller& caller, const CreateKeyRequest& request);
// `material` is the key's, or null: then it is generated here (unless it will be imported), where the store is being
// read. So pass it for kinds whose generation takes long.
Result<KeyDescription> create_key(Transaction& transaction, const CreateKeyRequest& request,
                                  const KeyMaterial* material = nullptr);

Status enable_key(Transaction& transaction, std::string_view key_id);
Status disable_key(Transaction& transaction, std::string_view key_id);
Status update_key_description(Transaction& transaction, std::string_view key_id, std::string description);

struct ScheduledDeletion {
  std::string key_arn;
  AwsKeyState state = AwsKeyState::kPendingDeletion;
  std::optional<Timestamp> deletion_date;  // none while replicas are waited for
  std::uint16_t window_days = 30;
};
inline constexpr int kMinPendingWindowDays = 7;
inline constexpr int kMaxPendingWindowDays = 30;
Result<ScheduledDeletion> schedule_key_deletion(Transaction& transaction, std::string_view key_id,
                                                std::optional<std::int64_t> window_days);
// The key's ARN.
Result<std::string> cancel_key_deletion(Transaction& transaction, std::string_view key_id);

struct KeyUsageAnswer {
  std::string key_id;
  Timestamp created;                       // since when uses have been noted, too
  std::optional<KeyLastUsage> last_usage;  // nullopt: never used
};
Result<KeyUsageAnswer> get_key_last_usage(Transaction& transaction, std::string_view key_id);

struct KeyList {
  std::vector<std::string> key_ids;
  std::optional<std::string> next_marker;
};
Result<KeyList> list_keys(Transaction& transaction, std::size_t limit, std::optional<std::string_view> marker);

}  // namespace kagimori
