#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/transaction.h"

namespace kagimori {

// What users, roles, groups and managed policies have in common: a unique id, a name (unique in its account regardless
// of case), a path, and an ARN of both. R is one of User, Role, Group and ManagedPolicy; compiled in iam_record.cc.
template <typename R>
struct IamRecord;
template <>
struct IamRecord<User> {
  static constexpr Table kTable = Table::kUsers;
  static constexpr Table kNames = Table::kUserNames;
  static constexpr std::string_view kName = "User";        // as in "CreateUser"
  static constexpr std::string_view kMember = "userName";  // as in events
  static constexpr std::string_view kLower = "user";       // as in ARNs
  static constexpr auto kId = &User::user_id;
};
template <>
struct IamRecord<Role> {
  static constexpr Table kTable = Table::kRoles;
  static constexpr Table kNames = Table::kRoleNames;
  static constexpr std::string_view kName = "Role";
  static constexpr std::string_view kMember = "roleName";  // as in events
  static constexpr std::string_view kLower = "role";
  static constexpr auto kId = &Role::role_id;
};
template <>
struct IamRecord<Group> {
  static constexpr Table kTable = Table::kGroups;
  static constexpr Table kNames = Table::kGroupNames;
  static constexpr std::string_view kName = "Group";
  static constexpr std::string_view kMember = "groupName";  // as in events
  static constexpr std::string_view kLower = "group";
  static constexpr auto kId = &Group::group_id;
};
template <>
struct IamRecord<ManagedPolicy> {
  static constexpr Table kTable = Table::kPolicies;
  static constexpr Table kNames = Table::kPolicyNames;
  static constexpr std::string_view kName = "Policy";
  static constexpr std::string_view kLower = "policy";
  static constexpr auto kId = &ManagedPolicy::policy_id;
};

inline constexpr std::size_t kMaxIamTags = 50;

template <typename R>
const std::string& id_of(const R& record) {
  return record.*IamRecord<R>::kId;
}
template <typename R>
std::string named_arn(const R& record);

// "iam:<verb><kind><object>": iam_action<Role>("Put", "Policy") is "iam:PutRolePolicy".
template <typename R>
std::string iam_action(std::string_view verb, std::string_view object = {}) {
  return std::string("iam:").append(verb).append(IamRecord<R>::kName).append(object);
}

// The record of that name in an account, whatever the caller may do.
template <typename R>
Result<std::optional<R>> read_named(Transaction& transaction, std::string_view account, std::string_view name);
// The record of that name in the caller's account, once the caller may do `action` to it; kNoSuchEntity. Its tags and
// its permissions boundary are facts of the request.
template <typename R>
Result<R> find_named(Transaction& transaction, std::string_view name, std::string_view action,
                     const RequestFacts& facts = {});
// May the caller do `action` to a record that was read already?
template <typename R>
Status authorize_for(Transaction& transaction, const R& record, std::string_view action,
                     const RequestFacts& facts = {});

// May the caller make `record`, with these tags and this permissions boundary (where there are any)?
template <typename R>
Status authorize_creation(Transaction& transaction, const R& record, const std::vector<Tag>& tags = {},
                          std::string_view permissions_boundary = {});

// kEntityAlreadyExists where the name is taken.
template <typename R>
Status check_name_is_free(Transaction& transaction, std::string_view name);
// kLimitExceeded. Two requests at once may exceed the quota by one, which does no harm.
template <typename R>
Status check_count(Transaction& transaction, std::size_t quota);

template <typename R>
Status save_new_named(Transaction& transaction, const R& record);
// Writes the record anew, so that its revision moves and whoever decided by the old one starts again; drops every
// cached identity that depends on it. Call it with each change of what hangs on the record.
template <typename R>
Status save_named(Transaction& transaction, const R& record);
// Also moves its name where that has changed since `before`.
template <typename R>
Status rename_named(Transaction& transaction, const R& before, const R& after);
template <typename R>
Status erase_named(Transaction& transaction, const R& record);

template <typename R>
struct NamedPage {
  std::vector<R> records;
  std::optional<std::string> next_marker;
};
struct NamedQuery {
  std::string_view operation;  // "ListRoles"
  std::string_view path_prefix;
  std::size_t limit = 0;
  std::optional<std::string_view> marker;
};
// Those of the caller's account, by name without regard to case. A page may hold fewer than `limit` and still have a
// marker, as IAM's may.
template <typename R>
Result<NamedPage<R>> list_named(Transaction& transaction, const NamedQuery& query);

}  // namespace kagimori
