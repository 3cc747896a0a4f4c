#include "engine/inline_policies.h"

#include <fmt/format.h>

#include "engine/marker.h"
#include "engine/policy_text.h"
#include "engine/user_name.h"

namespace kagimori {
namespace {

// As many as an identity's snapshot loads; AWS's quota of bytes leaves no room for so many.
constexpr std::size_t kMaxPolicies = 128;

template <typename R>
Bytes policy_key(const R& owner, std::string_view policy_name) {
  return record_key::user_policy(owner.account, id_of(owner), policy_name);
}
template <typename R>
Bytes policies_of(const R& owner) {
  return record_key::user_policies_of(owner.account, id_of(owner));
}

template <typename R>
Result<std::optional<UserPolicy>> read_policy(Transaction& transaction, const R& owner, std::string_view policy_name) {
  return transaction.get<UserPolicy>(owner.account, Table::kUserPolicies, policy_key(owner, policy_name));
}

template <typename R>
tl::unexpected<Error> no_such_policy(std::string_view policy_name) {
  return fail(ErrorCode::kNoSuchEntity,
              fmt::format("The {} policy with name {} cannot be found.", IamRecord<R>::kLower, policy_name));
}

std::size_t quota_of(const User&, const Quotas& quotas) { return quotas.user_policy_bytes; }
std::size_t quota_of(const Role&, const Quotas& quotas) { return quotas.role_policy_bytes; }
std::size_t quota_of(const Group&, const Quotas& quotas) { return quotas.group_policy_bytes; }

// The list itself is no expectation; the owner's record, which every change of a policy rewrites, is.
template <typename R>
Status check_quota(Transaction& transaction, const R& owner, std::string_view policy_name, std::string_view text) {
  TRY_ASSIGN(const auto policies,
             transaction.scan<UserPolicy>(owner.account, Table::kUserPolicies, policies_of(owner), {}, kMaxPolicies));
  std::size_t size = counted_size(text);
  std::size_t count = 1;
  for (const Loaded<UserPolicy>& policy : policies) {
    if (policy.record.name == policy_name) continue;
    size += counted_size(policy.record.text);
    ++count;
  }
  const std::size_t quota = quota_of(owner, transaction.settings().quotas);
  if (size > quota) {
    return fail(ErrorCode::kLimitExceeded, fmt::format("Maximum policy size of {} bytes exceeded for {} {}", quota,
                                                       IamRecord<R>::kLower, owner.name));
  }
  if (count <= kMaxPolicies) return {};
  return fail(ErrorCode::kLimitExceeded,
              fmt::format("Cannot exceed quota for PoliciesPer{}: {}", IamRecord<R>::kName, kMaxPolicies));
}

template <typename R>
Trail& put_owner(Transaction& transaction, std::string_view owner_name) {
  return transaction.trail().parameter(IamRecord<R>::kMember, owner_name);
}
template <typename R>
Trail& put_names(Transaction& transaction, std::string_view owner_name, std::string_view policy_name) {
  return put_owner<R>(transaction, owner_name).parameter("policyName", policy_name);
}

}  // namespace

template <typename R>
Status put_inline_policy(Transaction& transaction, std::string_view owner_name, std::string_view policy_name,
                         std::string text) {
  put_names<R>(transaction, owner_name, policy_name).parameter("policyDocument", text);
  TRY(check_iam_name("policyName", policy_name));
  TRY_ASSIGN(R owner, find_named<R>(transaction, owner_name, iam_action<R>("Put", "Policy")));
  TRY(CompiledPolicy::compile(text, PolicyKind::kIdentity, {}));
  TRY(check_quota(transaction, owner, policy_name, text));
  TRY_ASSIGN(const auto existing, read_policy(transaction, owner, policy_name));
  if (!existing) ++owner.policy_count;
  ++owner.policy_revision;
  const UserPolicy policy{owner.account, id_of(owner), std::string(policy_name), std::move(text), transaction.now()};
  TRY(transaction.put(owner.account, Table::kUserPolicies, policy_key(owner, policy_name), encode(policy)));
  return save_named(transaction, owner);
}

template <typename R>
Result<NamedInlinePolicy> get_inline_policy(Transaction& transaction, std::string_view owner_name,
                                            std::string_view policy_name) {
  put_names<R>(transaction, owner_name, policy_name);
  TRY_ASSIGN(const R owner, find_named<R>(transaction, owner_name, iam_action<R>("Get", "Policy")));
  TRY_ASSIGN(auto policy, read_policy(transaction, owner, policy_name));
  if (!policy) return no_such_policy<R>(policy_name);
  return NamedInlinePolicy{owner.name, *std::move(policy)};
}

template <typename R>
Result<InlinePolicyPage> list_inline_policies(Transaction& transaction, std::string_view owner_name, std::size_t limit,
                                              std::optional<std::string_view> marker) {
  put_owner<R>(transaction, owner_name);
  TRY_ASSIGN(const R owner, find_named<R>(transaction, owner_name, iam_action<R>("List", "Policies")));
  const Bytes prefix = policies_of(owner);
  const ListMarkers markers(transaction.crypto(), "ListUserPolicies", prefix);
  Bytes after;
  if (marker) {
    TRY_ASSIGN(const std::string last, markers.open(*marker));
    after = policy_key(owner, last);
  }
  TRY_ASSIGN(auto policies,
             transaction.scan<UserPolicy>(owner.account, Table::kUserPolicies, prefix, after, limit + 1));
  InlinePolicyPage page;
  for (Loaded<UserPolicy>& policy : policies) {
    if (page.names.size() == limit) {
      page.next_marker = markers.make(page.names.back());
      break;
    }
    page.names.push_back(std::move(policy.record.name));
  }
  return page;
}

template <typename R>
Status delete_inline_policy(Transaction& transaction, std::string_view owner_name, std::string_view policy_name) {
  put_names<R>(transaction, owner_name, policy_name);
  TRY_ASSIGN(R owner, find_named<R>(transaction, owner_name, iam_action<R>("Delete", "Policy")));
  TRY_ASSIGN(const auto policy, read_policy(transaction, owner, policy_name));
  if (!policy) return no_such_policy<R>(policy_name);
  TRY(transaction.erase(Table::kUserPolicies, policy_key(owner, policy_name)));
  if (owner.policy_count > 0) --owner.policy_count;
  ++owner.policy_revision;
  return save_named(transaction, owner);
}

#define KAGIMORI_INLINE_POLICIES(R)                                                                          \
  template Status put_inline_policy<R>(Transaction&, std::string_view, std::string_view, std::string);       \
  template Result<NamedInlinePolicy> get_inline_policy<R>(Transaction&, std::string_view, std::string_view); \
  template Result<InlinePolicyPage> list_inline_policies<R>(Transaction&, std::string_view, std::size_t,     \
                                                            std::optional<std::string_view>);                \
  template Status delete_inline_policy<R>(Transaction&, std::string_view, std::string_view);
KAGIMORI_INLINE_POLICIES(User)
KAGIMORI_INLINE_POLICIES(Role)
KAGIMORI_INLINE_POLICIES(Group)
#undef KAGIMORI_INLINE_POLICIES

}  // namespace kagimori
