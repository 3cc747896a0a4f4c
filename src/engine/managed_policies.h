#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/iam_record.h"
#include "engine/managed_policy_lookup.h"
#include "engine/transaction.h"

namespace kagimori {

// Managed policies and their versions (AWS IAM API reference: CreatePolicy, GetPolicy, ListPolicies, DeletePolicy,
// CreatePolicyVersion, ...). A change is in force on every worker when the transaction's answer goes out. A policy is
// named by its ARN; kNoSuchEntity when there is none, kInvalidInput for what is no ARN of one. AWS's own can be read,
// but not changed.

struct CreatePolicyRequest {
  std::string name;
  std::string path = "/";
  std::string description;
  std::string text;
  std::vector<Tag> tags;
};
// kEntityAlreadyExists, kLimitExceeded, kMalformedPolicy, kValidation, kTag.
Result<ManagedPolicy> create_policy(Transaction& transaction, const CreatePolicyRequest& request);
Result<ManagedPolicy> get_policy(Transaction& transaction, std::string_view arn);
// kDeleteConflict while somebody has it, or it has more versions than its default one.
Status delete_policy(Transaction& transaction, std::string_view arn);

struct PolicyQuery {
  NamedQuery named;
  bool of_account = true;
  bool of_aws = true;
  bool only_attached = false;
  bool attached_as_boundary = false;  // what only_attached looks at
};
Result<NamedPage<ManagedPolicy>> list_policies(Transaction& transaction, const PolicyQuery& query);

// The policy that a request names, once the caller may do `action` to it.
Result<ManagedPolicy> find_policy(Transaction& transaction, std::string_view arn, std::string_view action,
                                  const RequestFacts& facts = {});
// As find_policy, for what changes it: none of AWS's.
Result<ManagedPolicy> find_own_policy(Transaction& transaction, std::string_view arn, std::string_view action,
                                      const RequestFacts& facts = {});
// The policy of an ARN, to be attached or to bound; what is missing is said as `noun`.
Result<ManagedPolicy> find_attachable(Transaction& transaction, std::string_view arn, std::string_view noun);
// kMalformedPolicy, kLimitExceeded.
Status check_managed_text(const Transaction& transaction, std::string_view text);

}  // namespace kagimori
