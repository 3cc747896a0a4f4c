#pragma once

#include <string>
#include <string_view>

#include "engine/transaction.h"

namespace kagimori {

// Key policies (AWS KMS API reference: GetKeyPolicy, PutKeyPolicy, ListKeyPolicies).

// Validates the policy of a new key, binds its principals to unique ids, checks that the caller will be able to change
// it (unless bypassed), and writes its first version.
Status put_first_policy(Transaction& transaction, const Key& key, std::string text, bool bypass_lockout_check);

Status put_key_policy(Transaction& transaction, std::string_view key_id, std::string_view policy_name, std::string text,
                      bool bypass_lockout_check);
// The text as it is shown: principals that are gone appear by their unique ids, all others by their ARNs.
Result<std::string> get_key_policy(Transaction& transaction, std::string_view key_id, std::string_view policy_name);
// There is exactly one, "default".
Status list_key_policies(Transaction& transaction, std::string_view key_id);

}  // namespace kagimori
