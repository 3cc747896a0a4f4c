#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/sessions.h"

namespace kagimori {

// AWS STS API reference, AssumeRole; IAM user guide, "Passing session tags in AWS STS", "Monitor and control actions
// taken with assumed roles" and "Roles terms and concepts" (role chaining).
struct AssumeRoleRequest {
  std::string role_arn;
  std::string session_name;
  std::optional<std::int64_t> duration_seconds;
  std::string policy;
  std::vector<std::string> policy_arns;
  std::vector<Tag> tags;
  std::vector<std::string> transitive_tag_keys;
  std::optional<std::string> external_id;
  std::string source_identity;
};
struct AssumedRole {
  NewSession session;
  std::string arn;  // of the session
  std::string id;   // "AROA...:session name"
};
// kAccessDenied where the trust policy, or (across accounts always) the caller's identity policies don't allow
// sts:AssumeRole, sts:TagSession and sts:SetSourceIdentity as needed, also for a role that is not there; and to root
// users. kMalformedPolicy, kPackedPolicyTooLarge, kValidation.
Result<AssumedRole> assume_role(Transaction& transaction, const AssumeRoleRequest& request);

}  // namespace kagimori
