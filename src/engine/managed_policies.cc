#include "engine/managed_policies.h"

#include <fmt/format.h>

#include "engine/marker.h"
#include "engine/permissions_boundaries.h"
#include "engine/policy_text.h"
#include "engine/tags.h"
#include "engine/user_name.h"
#include "model/arn.h"
#include "policy/aws_managed_policies.h"

namespace kagimori {
namespace {

// What a marker of ListPolicies begins with once the account's own are through; no name does.
constexpr char kAwsPart = '|';
constexpr std::size_t kMaxCounted = 10'000;

// Policies of AWS have no record that counts.
Status count_uses(Transaction& transaction, ManagedPolicy& policy) {
  if (!is_of_aws(policy)) return {};
  const auto count = [&](std::string_view list) {
    return transaction.reader().transaction().scan(
        Table::kPolicyEntities, record_key::iam_links_of(transaction.account(), list), {}, kMaxCounted);
  };
  TRY_ASSIGN(const auto attached, count(policy.policy_id));
  TRY_ASSIGN(const auto bounded, count(boundary_list(policy.policy_id)));
  policy.attachment_count = static_cast<std::uint32_t>(attached.size());
  policy.boundary_count = static_cast<std::uint32_t>(bounded.size());
  return {};
}

bool is_wanted(const PolicyQuery& query, const ManagedPolicy& policy) {
  if (!query.only_attached) return true;
  return (query.attached_as_boundary ? policy.boundary_count : policy.attachment_count) > 0;
}

// AWS's own, after the one that the marker names.
Status add_aws_policies(Transaction& transaction, const PolicyQuery& query, const ListMarkers& markers,
                        std::string_view after, NamedPage<ManagedPolicy>& page) {
  std::string last = kAwsPart + std::string(after);
  for (const AwsManagedPolicy& listed : aws_managed_policies()) {
    if (listed.name <= after || !listed.path.starts_with(query.named.path_prefix)) continue;
    if (page.records.size() >= query.named.limit) {
      page.next_marker = markers.make(last);
      break;
    }
    ManagedPolicy policy = *aws_policy_by_id(listed.policy_id);
    TRY(count_uses(transaction, policy));
    last = kAwsPart + policy.name;
    if (is_wanted(query, policy)) page.records.push_back(std::move(policy));
  }
  return {};
}

}  // namespace

Status check_managed_text(const Transaction& transaction, std::string_view text) {
  TRY(CompiledPolicy::compile(text, PolicyKind::kIdentity, {}));
  const std::size_t quota = transaction.settings().quotas.managed_policy_bytes;
  if (counted_size(text) <= quota) return {};
  return fail(ErrorCode::kLimitExceeded, fmt::format("Cannot exceed quota for PolicySize: {}", quota));
}

Result<ManagedPolicy> find_policy(Transaction& transaction, std::string_view arn, std::string_view action,
                                  const RequestFacts& facts) {
  if (!parse_policy_arn(arn)) return fail(ErrorCode::kInvalidInput, fmt::format("ARN {} is not valid.", arn));
  TRY_ASSIGN(auto policy, policy_by_arn(transaction, transaction.account(), arn));
  if (policy) {
    TRY(authorize_for(transaction, *policy, action, facts));
    return *std::move(policy);
  }
  TRY(transaction.authorize({action, arn, nullptr, false, facts}));
  return fail(ErrorCode::kNoSuchEntity, fmt::format("Policy {} was not found.", arn));
}

Result<ManagedPolicy> find_own_policy(Transaction& transaction, std::string_view arn, std::string_view action,
                                      const RequestFacts& facts) {
  TRY_ASSIGN(ManagedPolicy policy, find_policy(transaction, arn, action, facts));
  if (!is_of_aws(policy)) return policy;
  return fail(ErrorCode::kInvalidInput, fmt::format("Policy {} is AWS's own and can't be changed.", arn));
}

Result<ManagedPolicy> find_attachable(Transaction& transaction, std::string_view arn, std::string_view noun) {
  if (!parse_policy_arn(arn)) return fail(ErrorCode::kInvalidInput, fmt::format("ARN {} is not valid.", arn));
  TRY_ASSIGN(auto policy, policy_by_arn(transaction, transaction.account(), arn));
  if (policy) return *std::move(policy);
  return fail(ErrorCode::kNoSuchEntity, fmt::format("{} {} does not exist or is not attachable.", noun, arn));
}

Result<ManagedPolicy> create_policy(Transaction& transaction, const CreatePolicyRequest& request) {
  transaction.trail()
      .parameter("policyName", request.name)
      .parameter("path", request.path)
      .parameter("policyDocument", request.text);
  TRY(check_iam_name("policyName", request.name));
  TRY(check_iam_path(request.path));
  ManagedPolicy policy;
  policy.account = transaction.account();
  policy.name = request.name;
  policy.path = request.path;
  TRY(authorize_creation<ManagedPolicy>(transaction, policy, request.tags));
  policy.tags = request.tags;
  policy.description = request.description;
  TRY(check_tags(request.tags, kMaxIamTags));
  TRY(check_managed_text(transaction, request.text));
  TRY(check_name_is_free<ManagedPolicy>(transaction, request.name));
  TRY(check_count<ManagedPolicy>(transaction, transaction.settings().quotas.policies_per_account));

  policy.policy_id = make_policy_id(transaction.random());
  policy.created = transaction.now();
  policy.updated = policy.created;
  const ManagedPolicyVersion first{policy.account, policy.policy_id, 1, request.text, policy.created};
  TRY(transaction.put_new(policy.account, Table::kPolicyVersions,
                          record_key::policy_version(policy.account, policy.policy_id, 1), encode(first)));
  TRY(save_new_named(transaction, policy));
  transaction.trail().response("arn", arn_of(policy)).response("policyId", policy.policy_id);
  return policy;
}

Result<ManagedPolicy> get_policy(Transaction& transaction, std::string_view arn) {
  transaction.trail().parameter("policyArn", arn);
  TRY_ASSIGN(ManagedPolicy policy, find_policy(transaction, arn, "iam:GetPolicy"));
  TRY(count_uses(transaction, policy));
  return policy;
}

Status delete_policy(Transaction& transaction, std::string_view arn) {
  transaction.trail().parameter("policyArn", arn);
  TRY_ASSIGN(const ManagedPolicy policy, find_own_policy(transaction, arn, "iam:DeletePolicy"));
  if (policy.attachment_count > 0) {
    return fail(ErrorCode::kDeleteConflict, "Cannot delete a policy attached to entities.");
  }
  if (policy.boundary_count > 0) {
    return fail(ErrorCode::kDeleteConflict, "Cannot delete a policy that is used as a permissions boundary.");
  }
  if (policy.version_count > 1) {
    return fail(ErrorCode::kDeleteConflict,
                "This policy has more than one version. Before you delete a policy, you must delete the policy's "
                "versions. The default version is deleted with the policy.");
  }
  TRY(transaction.erase(Table::kPolicyVersions,
                        record_key::policy_version(policy.account, policy.policy_id, policy.default_version)));
  return erase_named(transaction, policy);
}

Result<NamedPage<ManagedPolicy>> list_policies(Transaction& transaction, const PolicyQuery& query) {
  const ListMarkers markers(transaction.crypto(), query.named.operation,
                            record_key::iam_names_of(transaction.account()));
  std::string after;
  if (query.named.marker) {
    TRY_ASSIGN(after, markers.open(*query.named.marker));
  }
  NamedQuery own = query.named;
  const bool own_are_through = !after.empty() && after.front() == kAwsPart;
  if (own_are_through) own.marker.reset();
  if (own_are_through || !query.of_account) own.limit = 0;
  TRY_ASSIGN(NamedPage<ManagedPolicy> page, list_named<ManagedPolicy>(transaction, own));
  if (own.limit == 0) page.next_marker.reset();
  std::erase_if(page.records, [&](const ManagedPolicy& policy) { return !is_wanted(query, policy); });
  if (page.next_marker || !query.of_aws) return page;
  TRY(add_aws_policies(transaction, query, markers, own_are_through ? std::string_view(after).substr(1) : "", page));
  return page;
}

}  // namespace kagimori
