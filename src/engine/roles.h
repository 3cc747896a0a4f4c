#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/iam_record.h"
#include "policy/policy.h"

namespace kagimori {

// Roles of an account (AWS IAM API reference: CreateRole, GetRole, UpdateRole, UpdateAssumeRolePolicy, DeleteRole).
// Sessions of a role that is deleted are worth nothing at once, also where a new role takes its name.

inline constexpr std::uint32_t kDefaultSessionSeconds = 3'600;

struct CreateRoleRequest {
  std::string name;
  std::string path = "/";
  std::string trust_policy;
  std::string description;
  std::uint32_t max_session_seconds = kDefaultSessionSeconds;
  std::string permissions_boundary;
  std::vector<Tag> tags;
};
// kEntityAlreadyExists, kLimitExceeded, kMalformedPolicy, kValidation, kTag.
Result<Role> create_role(Transaction& transaction, const CreateRoleRequest& request);
Result<Role> get_role(Transaction& transaction, std::string_view role_name);
struct UpdateRoleRequest {
  std::string name;
  std::optional<std::string> description;
  std::optional<std::uint32_t> max_session_seconds;
};
// `action` is iam:UpdateRole or iam:UpdateRoleDescription.
Result<Role> update_role(Transaction& transaction, const UpdateRoleRequest& request, std::string_view action);
// Live sessions stay.
Status update_assume_role_policy(Transaction& transaction, std::string_view role_name, std::string trust_policy);
// kDeleteConflict while it has policies.
Status delete_role(Transaction& transaction, std::string_view role_name);

Result<std::shared_ptr<const CompiledPolicy>> compile_trust_policy(const Role& role);

}  // namespace kagimori
