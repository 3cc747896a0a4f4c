#include "engine/permissions_boundaries.h"

#include <fmt/format.h>

namespace kagimori {
namespace {

// Notes that a policy bounds somebody, or no longer does.
Status note_boundary(Transaction& transaction, ManagedPolicy policy, std::string_view owner_id, bool bounds) {
  const std::string& account = transaction.account();
  const Bytes link = record_key::iam_link(account, boundary_list(policy.policy_id), owner_id);
  TRY(bounds ? transaction.put(account, Table::kPolicyEntities, link, as_bytes(owner_id))
             : transaction.erase(Table::kPolicyEntities, link));
  if (is_of_aws(policy)) return {};
  if (bounds) {
    ++policy.boundary_count;
  } else if (policy.boundary_count > 0) {
    --policy.boundary_count;
  }
  return save_named(transaction, policy);
}

constexpr std::string_view kBoundaryKey = "iam:permissionsboundary";

}  // namespace

std::string boundary_list(std::string_view policy_id) { return std::string(policy_id) + "/boundary"; }

template <typename R>
Status set_first_boundary(Transaction& transaction, R& record, std::string_view policy_arn) {
  if (policy_arn.empty()) return {};
  TRY_ASSIGN(ManagedPolicy policy, find_attachable(transaction, policy_arn, "Scope ARN:"));
  TRY(note_boundary(transaction, std::move(policy), id_of(record), true));
  record.permissions_boundary = policy_arn;
  return {};
}

template <typename R>
Status release_boundary(Transaction& transaction, const R& record) {
  if (record.permissions_boundary.empty()) return {};
  TRY_ASSIGN(auto policy, policy_by_arn(transaction, record.account, record.permissions_boundary));
  return policy ? note_boundary(transaction, *std::move(policy), id_of(record), false) : Status();
}

template <typename R>
Status put_boundary(Transaction& transaction, std::string_view owner_name, std::string_view policy_arn) {
  transaction.trail().parameter(IamRecord<R>::kMember, owner_name).parameter("permissionsBoundary", policy_arn);
  RequestFacts facts;
  const ConditionFact fact{kBoundaryKey, policy_arn};
  facts.extra = std::span(&fact, 1);
  TRY_ASSIGN(R record, find_named<R>(transaction, owner_name, iam_action<R>("Put", "PermissionsBoundary"), facts));
  if (record.permissions_boundary == policy_arn) return {};
  TRY(release_boundary(transaction, record));
  TRY(set_first_boundary(transaction, record, policy_arn));
  ++record.policy_revision;
  return save_named(transaction, record);
}

template <typename R>
Status delete_boundary(Transaction& transaction, std::string_view owner_name) {
  transaction.trail().parameter(IamRecord<R>::kMember, owner_name);
  TRY_ASSIGN(R record, find_named<R>(transaction, owner_name, iam_action<R>("Delete", "PermissionsBoundary")));
  if (record.permissions_boundary.empty()) {
    return fail(ErrorCode::kNoSuchEntity,
                fmt::format("The {} with name {} has no permissions boundary.", IamRecord<R>::kLower, record.name));
  }
  TRY(release_boundary(transaction, record));
  record.permissions_boundary.clear();
  ++record.policy_revision;
  return save_named(transaction, record);
}

#define KAGIMORI_BOUNDED(R)                                                          \
  template Status set_first_boundary<R>(Transaction&, R&, std::string_view);         \
  template Status release_boundary<R>(Transaction&, const R&);                       \
  template Status put_boundary<R>(Transaction&, std::string_view, std::string_view); \
  template Status delete_boundary<R>(Transaction&, std::string_view);
KAGIMORI_BOUNDED(User)
KAGIMORI_BOUNDED(Role)
#undef KAGIMORI_BOUNDED

}  // namespace kagimori
