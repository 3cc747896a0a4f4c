#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/new_access_key.h"
#include "engine/transaction.h"

namespace kagimori {

// Access keys (AWS IAM API reference: CreateAccessKey, ListAccessKeys, UpdateAccessKey, DeleteAccessKey). Where
// `user_name` is empty the caller's own are meant, the root user's too. A change is in force on every worker when the
// transaction's answer goes out. kNoSuchEntity when there is no such user, or it has no such key.

struct CreatedAccessKey {
  std::string user_name;  // empty for the root user
  NewAccessKey key;
};
// kLimitExceeded at the quota access_keys_per_user.
Result<CreatedAccessKey> create_access_key(Transaction& transaction, std::string_view user_name);

struct AccessKeyPage {
  std::string user_name;
  std::vector<AccessKey> keys;
  std::optional<std::string> next_marker;
};
Result<AccessKeyPage> list_access_keys(Transaction& transaction, std::string_view user_name, std::size_t limit,
                                       std::optional<std::string_view> marker);

Status update_access_key(Transaction& transaction, std::string_view user_name, std::string_view access_key_id,
                         bool active);
Status delete_access_key(Transaction& transaction, std::string_view user_name, std::string_view access_key_id);

struct AccessKeyLastUsed {
  std::string user_name;            // empty for the root user
  std::optional<AccessKeyUse> use;  // to the minute; none when it was never used
};
// kNoSuchEntity unless the key is of the caller's account.
Result<AccessKeyLastUsed> get_access_key_last_used(Transaction& transaction, std::string_view access_key_id);

// Writes the two records of a new access key. The rest (the quota, the user's record) is the caller's.
Status put_access_key(Transaction& transaction, const AccessKey& key);

}  // namespace kagimori
