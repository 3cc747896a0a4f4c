#include "engine/user_policies.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/marker.h"
#include "engine/user_name.h"
#include "engine/users.h"

namespace kagimori {
namespace {

// As many as an identity's snapshot loads; AWS's quota of bytes leaves no room for so many.
constexpr std::size_t kMaxPolicies = 128;

Bytes policy_key(const User& user, std::string_view policy_name) {
  return record_key::user_policy(user.account, user.user_id, policy_name);
}

Result<std::optional<UserPolicy>> read_policy(Transaction& transaction, const User& user,
                                              std::string_view policy_name) {
  return transaction.get<UserPolicy>(user.account, Table::kUserPolicies, policy_key(user, policy_name));
}

tl::unexpected<Error> no_such_policy(std::string_view policy_name) {
  return fail(ErrorCode::kNoSuchEntity, fmt::format("The user policy with name {} cannot be found.", policy_name));
}

std::size_t counted_size(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return c != ' ' && c != '\t' && c != '\n' && c != '\r'; }));
}

// The list itself is no expectation; the user's record, which every change of a policy rewrites, is.
Status check_quota(Transaction& transaction, const User& user, std::string_view policy_name, std::string_view text) {
  TRY_ASSIGN(const auto policies,
             transaction.scan<UserPolicy>(user.account, Table::kUserPolicies,
                                          record_key::user_policies_of(user.account, user.user_id), {}, kMaxPolicies));
  std::size_t size = counted_size(text);
  std::size_t count = 1;
  for (const Loaded<UserPolicy>& policy : policies) {
    if (policy.record.name == policy_name) continue;
    size += counted_size(policy.record.text);
    ++count;
  }
  const std::size_t quota = transaction.settings().quotas.user_policy_bytes;
  if (size > quota) {
    return fail(ErrorCode::kLimitExceeded,
                fmt::format("Maximum policy size of {} bytes exceeded for user {}", quota, user.name));
  }
  if (count <= kMaxPolicies) return {};
  return fail(ErrorCode::kLimitExceeded, fmt::format("Cannot exceed quota for PoliciesPerUser: {}", kMaxPolicies));
}

}  // namespace

Status put_user_policy(Transaction& transaction, std::string_view user_name, std::string_view policy_name,
                       std::string text) {
  transaction.trail()
      .parameter("userName", user_name)
      .parameter("policyName", policy_name)
      .parameter("policyDocument", text);
  TRY(check_iam_name("policyName", policy_name));
  TRY_ASSIGN(User user, find_user(transaction, user_name, "iam:PutUserPolicy"));
  TRY(CompiledPolicy::compile(text, PolicyKind::kIdentity, {}));
  TRY(check_quota(transaction, user, policy_name, text));
  TRY_ASSIGN(const auto existing, read_policy(transaction, user, policy_name));
  if (!existing) ++user.policy_count;
  ++user.policy_revision;
  const UserPolicy policy{user.account, user.user_id, std::string(policy_name), std::move(text), transaction.now()};
  TRY(transaction.put(user.account, Table::kUserPolicies, policy_key(user, policy_name), encode(policy)));
  return save_user(transaction, user);
}

Result<NamedUserPolicy> get_user_policy(Transaction& transaction, std::string_view user_name,
                                        std::string_view policy_name) {
  transaction.trail().parameter("userName", user_name).parameter("policyName", policy_name);
  TRY_ASSIGN(const User user, find_user(transaction, user_name, "iam:GetUserPolicy"));
  TRY_ASSIGN(auto policy, read_policy(transaction, user, policy_name));
  if (!policy) return no_such_policy(policy_name);
  return NamedUserPolicy{user.name, *std::move(policy)};
}

Result<UserPolicyPage> list_user_policies(Transaction& transaction, std::string_view user_name, std::size_t limit,
                                          std::optional<std::string_view> marker) {
  transaction.trail().parameter("userName", user_name);
  TRY_ASSIGN(const User user, find_user(transaction, user_name, "iam:ListUserPolicies"));
  const Bytes prefix = record_key::user_policies_of(user.account, user.user_id);
  const ListMarkers markers(transaction.crypto(), "ListUserPolicies", prefix);
  Bytes after;
  if (marker) {
    TRY_ASSIGN(const std::string last, markers.open(*marker));
    after = policy_key(user, last);
  }
  TRY_ASSIGN(auto policies, transaction.scan<UserPolicy>(user.account, Table::kUserPolicies, prefix, after, limit + 1));
  UserPolicyPage page;
  for (Loaded<UserPolicy>& policy : policies) {
    if (page.names.size() == limit) {
      page.next_marker = markers.make(page.names.back());
      break;
    }
    page.names.push_back(std::move(policy.record.name));
  }
  return page;
}

Status delete_user_policy(Transaction& transaction, std::string_view user_name, std::string_view policy_name) {
  transaction.trail().parameter("userName", user_name).parameter("policyName", policy_name);
  TRY_ASSIGN(User user, find_user(transaction, user_name, "iam:DeleteUserPolicy"));
  TRY_ASSIGN(const auto policy, read_policy(transaction, user, policy_name));
  if (!policy) return no_such_policy(policy_name);
  TRY(transaction.erase(Table::kUserPolicies, policy_key(user, policy_name)));
  if (user.policy_count > 0) --user.policy_count;
  ++user.policy_revision;
  return save_user(transaction, user);
}

}  // namespace kagimori
