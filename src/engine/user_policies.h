#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/transaction.h"

namespace kagimori {

// Inline policies of users (AWS IAM API reference: PutUserPolicy, GetUserPolicy, ListUserPolicies, DeleteUserPolicy).
// A change is in force on every worker when the transaction's answer goes out. kNoSuchEntity when there is no such
// user, or it has no such policy. Names of policies differ by case too.

// Replaces or makes. kMalformedPolicy with what is wrong; kLimitExceeded when all inline policies of the user together,
// white space not counted, exceed the quota user_policy_bytes.
Status put_user_policy(Transaction& transaction, std::string_view user_name, std::string_view policy_name,
                       std::string text);

struct NamedUserPolicy {
  std::string user_name;
  UserPolicy policy;
};
Result<NamedUserPolicy> get_user_policy(Transaction& transaction, std::string_view user_name,
                                        std::string_view policy_name);

struct UserPolicyPage {
  std::vector<std::string> names;
  std::optional<std::string> next_marker;
};
Result<UserPolicyPage> list_user_policies(Transaction& transaction, std::string_view user_name, std::size_t limit,
                                          std::optional<std::string_view> marker);
Status delete_user_policy(Transaction& transaction, std::string_view user_name, std::string_view policy_name);

}  // namespace kagimori
