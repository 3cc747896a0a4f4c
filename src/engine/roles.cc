#include "engine/roles.h"

#include <fmt/format.h>

#include "engine/permissions_boundaries.h"
#include "engine/policy_text.h"
#include "engine/principals.h"
#include "engine/tags.h"
#include "engine/user_name.h"

namespace kagimori {
namespace {

Status set_trust_policy(Transaction& transaction, Role& role, std::string text) {
  TRY_ASSIGN(role.trust_bindings, bind_trusted(transaction, text));
  role.trust_policy = std::move(text);
  TRY(compile_trust_policy(role));
  const std::size_t quota = transaction.settings().quotas.trust_policy_bytes;
  if (counted_size(role.trust_policy) <= quota) return {};
  return fail(ErrorCode::kLimitExceeded, fmt::format("Cannot exceed quota for ACLSizePerRole: {}", quota));
}

}  // namespace

Result<std::shared_ptr<const CompiledPolicy>> compile_trust_policy(const Role& role) {
  PrincipalBindings bindings;
  for (const auto& [arn, unique_id] : role.trust_bindings) bindings.emplace(arn, unique_id);
  return CompiledPolicy::compile(role.trust_policy, PolicyKind::kTrust, bindings);
}

Result<Role> create_role(Transaction& transaction, const CreateRoleRequest& request) {
  transaction.trail()
      .parameter("roleName", request.name)
      .parameter("path", request.path)
      .parameter("assumeRolePolicyDocument", request.trust_policy);
  TRY(check_iam_name("roleName", request.name));
  TRY(check_iam_path(request.path));
  Role role;
  role.account = transaction.account();
  role.name = request.name;
  role.path = request.path;
  TRY(authorize_creation<Role>(transaction, role, request.tags, request.permissions_boundary));
  role.tags = request.tags;
  role.description = request.description;
  role.max_session_seconds = request.max_session_seconds;
  TRY(check_tags(request.tags, kMaxIamTags));
  TRY(set_trust_policy(transaction, role, request.trust_policy));
  TRY(check_name_is_free<Role>(transaction, request.name));
  TRY(check_count<Role>(transaction, transaction.settings().quotas.roles_per_account));

  role.role_id = make_role_id(transaction.random());
  role.created = transaction.now();
  TRY(set_first_boundary(transaction, role, request.permissions_boundary));
  TRY(save_new_named(transaction, role));
  transaction.trail().response("arn", named_arn(role)).response("roleId", role.role_id);
  return role;
}

Result<Role> get_role(Transaction& transaction, std::string_view role_name) {
  transaction.trail().parameter("roleName", role_name);
  return find_named<Role>(transaction, role_name, "iam:GetRole");
}

Result<Role> update_role(Transaction& transaction, const UpdateRoleRequest& request, std::string_view action) {
  transaction.trail().parameter("roleName", request.name);
  if (request.description) transaction.trail().parameter("description", *request.description);
  TRY_ASSIGN(Role role, find_named<Role>(transaction, request.name, action));
  if (request.description) role.description = *request.description;
  if (request.max_session_seconds) role.max_session_seconds = *request.max_session_seconds;
  TRY(save_named(transaction, role));
  return role;
}

Status update_assume_role_policy(Transaction& transaction, std::string_view role_name, std::string trust_policy) {
  transaction.trail().parameter("roleName", role_name).parameter("policyDocument", trust_policy);
  TRY_ASSIGN(Role role, find_named<Role>(transaction, role_name, "iam:UpdateAssumeRolePolicy"));
  TRY(set_trust_policy(transaction, role, std::move(trust_policy)));
  return save_named(transaction, role);
}

Status delete_role(Transaction& transaction, std::string_view role_name) {
  transaction.trail().parameter("roleName", role_name);
  TRY_ASSIGN(const Role role, find_named<Role>(transaction, role_name, "iam:DeleteRole"));
  if (role.policy_count > 0) {
    return fail(ErrorCode::kDeleteConflict, "Cannot delete entity, must delete policies first.");
  }
  if (role.attached_policy_count > 0) {
    return fail(ErrorCode::kDeleteConflict, "Cannot delete entity, must detach all policies first.");
  }
  TRY(release_boundary(transaction, role));
  return erase_named(transaction, role);
}

}  // namespace kagimori
