#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/principals.h"
#include "model/identity.h"
#include "model/record_keys.h"
#include "store/store.h"

namespace kagimori {

// Managed policies as IAM names them, whoever looks: a transaction, or the loader of identities. `Source` reads records
// by get<T>(account, table, key) and keeps book of what it read.

// Where AWS's own policies lie; it is no account.
inline constexpr std::string_view kAwsPolicies = "aws";

inline bool is_of_aws(const ManagedPolicy& policy) { return policy.account == kAwsPolicies; }
std::string arn_of(const ManagedPolicy& policy);
std::optional<ManagedPolicy> aws_policy_by_id(std::string_view policy_id);
std::optional<ManagedPolicy> aws_policy_by_name(std::string_view name);
// The text of a policy of AWS, whose only version is its default one.
std::string_view aws_policy_text(std::string_view policy_id);
// The parts of a policy's ARN; nullopt for what is none.
struct PolicyArn {
  std::string_view account;  // or kAwsPolicies
  std::string_view name;
};
std::optional<PolicyArn> parse_policy_arn(std::string_view text);

template <typename Source>
Result<std::optional<ManagedPolicy>> policy_by_id(Source& source, std::string_view account, std::string_view id) {
  if (auto of_aws = aws_policy_by_id(id)) return of_aws;
  return source.template get<ManagedPolicy>(account, Table::kPolicies, record_key::iam_entity(account, id));
}

// A policy of AWS or of `account`; nullopt where there is none of that ARN.
template <typename Source>
Result<std::optional<ManagedPolicy>> policy_by_arn(Source& source, std::string_view account, std::string_view arn) {
  const auto parts = parse_policy_arn(arn);
  std::optional<ManagedPolicy> found;
  if (parts && parts->account == kAwsPolicies) {
    found = aws_policy_by_name(parts->name);
  } else if (parts && parts->account == account) {
    TRY_ASSIGN(const auto id, source.template get<Bytes>(account, Table::kPolicyNames,
                                                         record_key::iam_name(account, lower_case(parts->name))));
    if (!id) return found;
    TRY_ASSIGN(found, policy_by_id(source, account, as_text(*id)));
  }
  if (found && arn_of(*found) != arn) found.reset();
  return found;
}

// kCorrupt when the version is missing.
template <typename Source>
Result<std::string> default_text(Source& source, const ManagedPolicy& policy) {
  if (is_of_aws(policy)) return std::string(aws_policy_text(policy.policy_id));
  TRY_ASSIGN(auto version, source.template get<ManagedPolicyVersion>(
                               policy.account, Table::kPolicyVersions,
                               record_key::policy_version(policy.account, policy.policy_id, policy.default_version)));
  if (!version) {
    return fail(ErrorCode::kCorrupt, "The default version of policy " + policy.policy_id +
                                         " is missing from the store; restore it from a backup.");
  }
  return std::move(version->text);
}

}  // namespace kagimori
