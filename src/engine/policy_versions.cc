#include "engine/policy_versions.h"

#include <fmt/format.h>

#include <charconv>

#include "engine/marker.h"

namespace kagimori {
namespace {

std::string version_name(std::uint32_t number) { return fmt::format("v{}", number); }

// 0 for what is no version's name.
std::uint32_t version_number(std::string_view name) {
  std::uint32_t number = 0;
  if (name.size() < 2 || name.front() != 'v') return 0;
  const auto [end, error] = std::from_chars(name.data() + 1, name.data() + name.size(), number);
  return error == std::errc() && end == name.data() + name.size() ? number : 0;
}

Bytes version_key(const ManagedPolicy& policy, std::uint32_t number) {
  return record_key::policy_version(policy.account, policy.policy_id, number);
}

PolicyVersion aws_version(const ManagedPolicy& policy) {
  return {{policy.account, policy.policy_id, policy.default_version, std::string(aws_policy_text(policy.policy_id)),
           policy.updated},
          true};
}

tl::unexpected<Error> no_such_version(std::string_view policy_arn, std::string_view version) {
  return fail(ErrorCode::kNoSuchEntity,
              fmt::format("Policy {} version {} does not exist or is not attachable.", policy_arn, version));
}

Result<PolicyVersion> read_version(Transaction& transaction, const ManagedPolicy& policy, std::string_view version) {
  const std::uint32_t number = version_number(version);
  if (is_of_aws(policy)) {
    if (number != policy.default_version) return no_such_version(arn_of(policy), version);
    return aws_version(policy);
  }
  TRY_ASSIGN(auto found, transaction.get<ManagedPolicyVersion>(policy.account, Table::kPolicyVersions,
                                                               version_key(policy, number)));
  if (!found) return no_such_version(arn_of(policy), version);
  return PolicyVersion{*std::move(found), number == policy.default_version};
}

}  // namespace

Result<PolicyVersion> create_policy_version(Transaction& transaction, std::string_view policy_arn, std::string text,
                                            bool set_as_default) {
  transaction.trail()
      .parameter("policyArn", policy_arn)
      .parameter("policyDocument", text)
      .parameter_json("setAsDefault", set_as_default ? "true" : "false");
  TRY_ASSIGN(ManagedPolicy policy, find_own_policy(transaction, policy_arn, "iam:CreatePolicyVersion"));
  TRY(check_managed_text(transaction, text));
  const std::size_t quota = transaction.settings().quotas.versions_per_policy;
  if (policy.version_count >= quota) {
    return fail(ErrorCode::kLimitExceeded,
                fmt::format("A managed policy can have up to {} versions. Before you create a new version, you must "
                            "delete an existing version.",
                            quota));
  }
  ++policy.version_count;
  const std::uint32_t number = ++policy.last_version;
  if (set_as_default) policy.default_version = number;
  policy.updated = transaction.now();
  PolicyVersion made{{policy.account, policy.policy_id, number, std::move(text), policy.updated}, set_as_default};
  TRY(transaction.put_new(policy.account, Table::kPolicyVersions, version_key(policy, number), encode(made.record)));
  TRY(save_named(transaction, policy));
  transaction.trail().response("versionId", version_name(number));
  return made;
}

Result<PolicyVersion> get_policy_version(Transaction& transaction, std::string_view policy_arn,
                                         std::string_view version) {
  transaction.trail().parameter("policyArn", policy_arn).parameter("versionId", version);
  TRY_ASSIGN(const ManagedPolicy policy, find_policy(transaction, policy_arn, "iam:GetPolicyVersion"));
  return read_version(transaction, policy, version);
}

Result<PolicyVersionPage> list_policy_versions(Transaction& transaction, std::string_view policy_arn, std::size_t limit,
                                               std::optional<std::string_view> marker) {
  transaction.trail().parameter("policyArn", policy_arn);
  TRY_ASSIGN(const ManagedPolicy policy, find_policy(transaction, policy_arn, "iam:ListPolicyVersions"));
  const Bytes prefix = record_key::iam_links_of(policy.account, policy.policy_id);
  const ListMarkers markers(transaction.crypto(), "ListPolicyVersions", prefix);
  Bytes after;
  if (marker) {
    TRY_ASSIGN(const std::string last, markers.open(*marker));
    after = version_key(policy, version_number(last));
  }
  PolicyVersionPage page;
  if (is_of_aws(policy)) {
    page.versions.push_back(aws_version(policy));
    return page;
  }
  TRY_ASSIGN(auto versions,
             transaction.scan<ManagedPolicyVersion>(policy.account, Table::kPolicyVersions, prefix, after, limit + 1));
  for (Loaded<ManagedPolicyVersion>& version : versions) {
    if (page.versions.size() == limit) {
      page.next_marker = markers.make(version_name(page.versions.back().record.number));
      break;
    }
    const bool is_default = version.record.number == policy.default_version;
    page.versions.push_back({std::move(version.record), is_default});
  }
  return page;
}

Status set_default_policy_version(Transaction& transaction, std::string_view policy_arn, std::string_view version) {
  transaction.trail().parameter("policyArn", policy_arn).parameter("versionId", version);
  TRY_ASSIGN(ManagedPolicy policy, find_own_policy(transaction, policy_arn, "iam:SetDefaultPolicyVersion"));
  TRY_ASSIGN(const PolicyVersion found, read_version(transaction, policy, version));
  policy.default_version = found.record.number;
  policy.updated = transaction.now();
  return save_named(transaction, policy);
}

Status delete_policy_version(Transaction& transaction, std::string_view policy_arn, std::string_view version) {
  transaction.trail().parameter("policyArn", policy_arn).parameter("versionId", version);
  TRY_ASSIGN(ManagedPolicy policy, find_own_policy(transaction, policy_arn, "iam:DeletePolicyVersion"));
  TRY_ASSIGN(const PolicyVersion found, read_version(transaction, policy, version));
  if (found.is_default) {
    return fail(ErrorCode::kDeleteConflict, "Cannot delete the default version of a policy.");
  }
  TRY(transaction.erase(Table::kPolicyVersions, version_key(policy, found.record.number)));
  --policy.version_count;
  policy.updated = transaction.now();
  return save_named(transaction, policy);
}

}  // namespace kagimori
