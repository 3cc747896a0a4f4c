#include "engine/managed_policy_lookup.h"

#include <algorithm>

#include "model/arn.h"
#include "policy/aws_managed_policies.h"

namespace kagimori {
namespace {

// 2015-02-06, when AWS brought managed policies out.
constexpr Timestamp kAwsCreated = Timestamp::from_seconds(1'423'180'800);

ManagedPolicy record_of(const AwsManagedPolicy& policy) {
  ManagedPolicy record;
  record.account = kAwsPolicies;
  record.policy_id = policy.policy_id;
  record.name = policy.name;
  record.path = policy.path;
  record.description = policy.description;
  record.created = kAwsCreated;
  record.updated = kAwsCreated;
  record.default_version = static_cast<std::uint32_t>(policy.version);
  record.last_version = record.default_version;
  return record;
}

std::optional<ManagedPolicy> find_aws_policy(std::string_view AwsManagedPolicy::* member, std::string_view value) {
  for (const AwsManagedPolicy& policy : aws_managed_policies()) {
    if (policy.*member == value) return record_of(policy);
  }
  return std::nullopt;
}

}  // namespace

std::string arn_of(const ManagedPolicy& policy) { return iam_arn(policy.account, "policy", policy.path, policy.name); }

std::optional<ManagedPolicy> aws_policy_by_id(std::string_view policy_id) {
  return find_aws_policy(&AwsManagedPolicy::policy_id, policy_id);
}

std::optional<ManagedPolicy> aws_policy_by_name(std::string_view name) {
  return find_aws_policy(&AwsManagedPolicy::name, name);
}

std::string_view aws_policy_text(std::string_view policy_id) {
  for (const AwsManagedPolicy& policy : aws_managed_policies()) {
    if (policy.policy_id == policy_id) return policy.text;
  }
  return {};
}

std::optional<PolicyArn> parse_policy_arn(std::string_view text) {
  const auto arn = parse_arn(text);
  constexpr std::string_view kPolicy = "policy/";
  if (!arn || arn->partition != kPartition || arn->service != "iam" || !arn->region.empty() ||
      !arn->resource.starts_with(kPolicy)) {
    return std::nullopt;
  }
  if (arn->account != kAwsPolicies && !is_account_id(arn->account)) return std::nullopt;
  return PolicyArn{arn->account, arn->resource.substr(arn->resource.rfind('/') + 1)};
}

}  // namespace kagimori
