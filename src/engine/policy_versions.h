#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/managed_policies.h"

namespace kagimori {

// Versions of managed policies (AWS IAM API reference: CreatePolicyVersion, GetPolicyVersion, ListPolicyVersions,
// SetDefaultPolicyVersion, DeletePolicyVersion). `version` is "v1" and so on; kNoSuchEntity when the policy has none of
// that number.

struct PolicyVersion {
  ManagedPolicyVersion record;
  bool is_default = false;
};
// kLimitExceeded at the quota versions_per_policy.
Result<PolicyVersion> create_policy_version(Transaction& transaction, std::string_view policy_arn, std::string text,
                                            bool set_as_default);
Result<PolicyVersion> get_policy_version(Transaction& transaction, std::string_view policy_arn,
                                         std::string_view version);
struct PolicyVersionPage {
  std::vector<PolicyVersion> versions;
  std::optional<std::string> next_marker;
};
Result<PolicyVersionPage> list_policy_versions(Transaction& transaction, std::string_view policy_arn, std::size_t limit,
                                               std::optional<std::string_view> marker);
Status set_default_policy_version(Transaction& transaction, std::string_view policy_arn, std::string_view version);
// kDeleteConflict for the default version.
Status delete_policy_version(Transaction& transaction, std::string_view policy_arn, std::string_view version);

}  // namespace kagimori
