#include "engine/attached_policies.h"

#include <fmt/format.h>

#include "engine/marker.h"
#include "engine/permissions_boundaries.h"

namespace kagimori {
namespace {

template <typename R>
Trail& put_names(Transaction& transaction, std::string_view owner_name, std::string_view policy_arn) {
  return transaction.trail().parameter(IamRecord<R>::kMember, owner_name).parameter("policyArn", policy_arn);
}

template <typename R>
Result<R> find_owner(Transaction& transaction, std::string_view name, std::string_view verb,
                     std::string_view policy_arn) {
  RequestFacts facts;
  const ConditionFact fact{"iam:policyarn", policy_arn};
  facts.extra = std::span(&fact, 1);
  return find_named<R>(transaction, name, iam_action<R>(verb, "Policy"), facts);
}

// Both directions; and both records move on, so that each of them expects the other.
template <typename R>
Status save_link(Transaction& transaction, R owner, ManagedPolicy policy, bool attached) {
  const std::string& account = owner.account;
  const Bytes down = record_key::iam_link(account, id_of(owner), policy.policy_id);
  const Bytes up = record_key::iam_link(account, policy.policy_id, id_of(owner));
  if (attached) {
    TRY(transaction.put(account, Table::kAttachedPolicies, down, as_bytes(policy.policy_id)));
    TRY(transaction.put(account, Table::kPolicyEntities, up, as_bytes(id_of(owner))));
    ++owner.attached_policy_count;
    ++policy.attachment_count;
  } else {
    TRY(transaction.erase(Table::kAttachedPolicies, down));
    TRY(transaction.erase(Table::kPolicyEntities, up));
    --owner.attached_policy_count;
    --policy.attachment_count;
  }
  ++owner.policy_revision;
  TRY(save_named(transaction, owner));
  return is_of_aws(policy) ? Status() : save_named(transaction, policy);
}

template <typename R>
Result<bool> is_attached(Transaction& transaction, const R& owner, const ManagedPolicy& policy) {
  TRY_ASSIGN(const auto row,
             transaction.get<Bytes>(owner.account, Table::kAttachedPolicies,
                                    record_key::iam_link(owner.account, id_of(owner), policy.policy_id)));
  return row.has_value();
}

// Adds the record of `id` if it is an R under the path.
template <typename R>
Status add_entity(Transaction& transaction, std::string_view id, std::string_view path_prefix, std::vector<R>& out) {
  const std::string& account = transaction.account();
  TRY_ASSIGN(auto found,
             transaction.reader().get<R>(account, IamRecord<R>::kTable, record_key::iam_entity(account, id)));
  if (found && found->record.path.starts_with(path_prefix)) out.push_back(std::move(found->record));
  return {};
}

Status add_any(Transaction& transaction, std::string_view id, const PolicyEntitiesQuery& query, PolicyEntities& page) {
  const std::string_view path = query.list.path_prefix;
  if (id.starts_with("AIDA")) return query.users ? add_entity(transaction, id, path, page.users) : Status();
  if (id.starts_with("AROA")) return query.roles ? add_entity(transaction, id, path, page.roles) : Status();
  return query.groups ? add_entity(transaction, id, path, page.groups) : Status();
}

}  // namespace

template <typename R>
Status attach_policy(Transaction& transaction, std::string_view owner_name, std::string_view policy_arn) {
  put_names<R>(transaction, owner_name, policy_arn);
  TRY_ASSIGN(R owner, find_owner<R>(transaction, owner_name, "Attach", policy_arn));
  TRY_ASSIGN(ManagedPolicy policy, find_attachable(transaction, policy_arn, "Policy"));
  TRY_ASSIGN(const bool attached, is_attached(transaction, owner, policy));
  if (attached) return {};
  const std::size_t quota = transaction.settings().quotas.policies_per_principal;
  if (owner.attached_policy_count >= quota) {
    return fail(ErrorCode::kLimitExceeded,
                fmt::format("Cannot exceed quota for PoliciesPer{}: {}", IamRecord<R>::kName, quota));
  }
  return save_link(transaction, std::move(owner), std::move(policy), true);
}

template <typename R>
Status detach_policy(Transaction& transaction, std::string_view owner_name, std::string_view policy_arn) {
  put_names<R>(transaction, owner_name, policy_arn);
  TRY_ASSIGN(R owner, find_owner<R>(transaction, owner_name, "Detach", policy_arn));
  if (!parse_policy_arn(policy_arn)) {
    return fail(ErrorCode::kInvalidInput, fmt::format("ARN {} is not valid.", policy_arn));
  }
  TRY_ASSIGN(auto policy, policy_by_arn(transaction, owner.account, policy_arn));
  if (policy) {
    TRY_ASSIGN(const bool attached, is_attached(transaction, owner, *policy));
    if (attached) return save_link(transaction, std::move(owner), *std::move(policy), false);
  }
  return fail(ErrorCode::kNoSuchEntity, fmt::format("Policy {} was not found.", policy_arn));
}

template <typename R>
Result<NamedPage<ManagedPolicy>> list_attached_policies(Transaction& transaction, std::string_view owner_name,
                                                        const PolicyListQuery& query) {
  transaction.trail().parameter(IamRecord<R>::kMember, owner_name);
  TRY_ASSIGN(const R owner,
             find_named<R>(transaction, owner_name,
                           std::string("iam:ListAttached").append(IamRecord<R>::kName).append("Policies")));
  const Bytes prefix = record_key::iam_links_of(owner.account, id_of(owner));
  const ListMarkers markers(transaction.crypto(), "ListAttachedPolicies", prefix);
  Bytes after;
  if (query.marker) {
    TRY_ASSIGN(const std::string last, markers.open(*query.marker));
    after = record_key::iam_link(owner.account, id_of(owner), last);
  }
  TRY_ASSIGN(const auto rows,
             transaction.scan<Bytes>(owner.account, Table::kAttachedPolicies, prefix, after, query.limit + 1));
  NamedPage<ManagedPolicy> page;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (i == query.limit) {
      page.next_marker = markers.make(as_text(rows[i - 1].record));
      break;
    }
    TRY_ASSIGN(auto policy, policy_by_id(transaction, owner.account, as_text(rows[i].record)));
    if (!policy) return fail(ErrorCode::kCorrupt, "An attached policy is missing from the store.");
    if (policy->path.starts_with(query.path_prefix)) page.records.push_back(*std::move(policy));
  }
  return page;
}

Result<PolicyEntities> list_entities_for_policy(Transaction& transaction, const PolicyEntitiesQuery& query) {
  transaction.trail().parameter("policyArn", query.policy_arn);
  TRY_ASSIGN(const ManagedPolicy policy, find_policy(transaction, query.policy_arn, "iam:ListEntitiesForPolicy"));
  const std::string list = query.as_boundary ? boundary_list(policy.policy_id) : policy.policy_id;
  const std::string& account = transaction.account();
  const Bytes prefix = record_key::iam_links_of(account, list);
  const ListMarkers markers(transaction.crypto(), "ListEntitiesForPolicy", prefix);
  Bytes after;
  if (query.list.marker) {
    TRY_ASSIGN(const std::string last, markers.open(*query.list.marker));
    after = record_key::iam_link(account, list, last);
  }
  TRY_ASSIGN(const auto rows,
             transaction.scan<Bytes>(account, Table::kPolicyEntities, prefix, after, query.list.limit + 1));
  PolicyEntities page;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (i == query.list.limit) {
      page.next_marker = markers.make(as_text(rows[i - 1].record));
      break;
    }
    TRY(add_any(transaction, as_text(rows[i].record), query, page));
  }
  return page;
}

#define KAGIMORI_ATTACHED(R)                                                                          \
  template Status attach_policy<R>(Transaction&, std::string_view, std::string_view);                 \
  template Status detach_policy<R>(Transaction&, std::string_view, std::string_view);                 \
  template Result<NamedPage<ManagedPolicy>> list_attached_policies<R>(Transaction&, std::string_view, \
                                                                      const PolicyListQuery&);
KAGIMORI_ATTACHED(User)
KAGIMORI_ATTACHED(Role)
KAGIMORI_ATTACHED(Group)
#undef KAGIMORI_ATTACHED

}  // namespace kagimori
