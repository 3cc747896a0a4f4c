#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/iam_record.h"
#include "engine/managed_policies.h"

namespace kagimori {

// Managed policies that are attached to users, roles and groups (AWS IAM API reference: AttachUserPolicy,
// DetachUserPolicy, ListAttachedUserPolicies, the same of roles and groups, and ListEntitiesForPolicy). R is one of
// User, Role and Group. A change is in force on every worker when the transaction's answer goes out. kNoSuchEntity when
// there is no such owner or policy.

// kLimitExceeded at the quota policies_per_principal. Attaching what is attached does nothing.
template <typename R>
Status attach_policy(Transaction& transaction, std::string_view owner_name, std::string_view policy_arn);
// kNoSuchEntity where it is not attached.
template <typename R>
Status detach_policy(Transaction& transaction, std::string_view owner_name, std::string_view policy_arn);

struct PolicyListQuery {
  std::string_view path_prefix;
  std::size_t limit = 0;
  std::optional<std::string_view> marker;
};
template <typename R>
Result<NamedPage<ManagedPolicy>> list_attached_policies(Transaction& transaction, std::string_view owner_name,
                                                        const PolicyListQuery& query);

// Who has a policy; by unique id.
struct PolicyEntities {
  std::vector<User> users;
  std::vector<Role> roles;
  std::vector<Group> groups;
  std::optional<std::string> next_marker;
};
struct PolicyEntitiesQuery {
  std::string_view policy_arn;
  bool users = true;
  bool roles = true;
  bool groups = true;
  bool as_boundary = false;  // those whom it bounds, instead of those it is attached to
  PolicyListQuery list;
};
Result<PolicyEntities> list_entities_for_policy(Transaction& transaction, const PolicyEntitiesQuery& query);

}  // namespace kagimori
