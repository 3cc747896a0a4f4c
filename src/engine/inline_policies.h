#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/iam_record.h"
#include "engine/transaction.h"

namespace kagimori {

// Inline policies of users, roles and groups (AWS IAM API reference: PutUserPolicy, GetUserPolicy, ListUserPolicies,
// DeleteUserPolicy, and the same of roles and groups). R is one of User, Role and Group. A change is in force on every
// worker when the transaction's answer goes out. kNoSuchEntity when there is no such owner, or it has no such policy.
// Names of policies differ by case too.

// Replaces or makes. kMalformedPolicy with what is wrong; kLimitExceeded when all inline policies of the owner
// together, white space not counted, exceed the quota.
template <typename R>
Status put_inline_policy(Transaction& transaction, std::string_view owner_name, std::string_view policy_name,
                         std::string text);

struct NamedInlinePolicy {
  std::string owner_name;
  UserPolicy policy;
};
template <typename R>
Result<NamedInlinePolicy> get_inline_policy(Transaction& transaction, std::string_view owner_name,
                                            std::string_view policy_name);

struct InlinePolicyPage {
  std::vector<std::string> names;
  std::optional<std::string> next_marker;
};
template <typename R>
Result<InlinePolicyPage> list_inline_policies(Transaction& transaction, std::string_view owner_name, std::size_t limit,
                                              std::optional<std::string_view> marker);
template <typename R>
Status delete_inline_policy(Transaction& transaction, std::string_view owner_name, std::string_view policy_name);

}  // namespace kagimori
