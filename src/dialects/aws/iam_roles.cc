// CreateRole, GetRole, ListRoles, UpdateRole, UpdateRoleDescription, UpdateAssumeRolePolicy, DeleteRole,
// ListInstanceProfilesForRole.

#include "dialects/aws/iam_operations.h"
#include "dialects/aws/iam_xml.h"
#include "engine/roles.h"

namespace kagimori::aws {
namespace {

QueryWork create(const Form& form, const std::string& request_id) {
  QueryMembers members(form, kIamVersion);
  CreateRoleRequest request;
  request.name = members.required_name("RoleName", iam_member::kRoleName);
  if (form.get("Path")) request.path = members.text("Path", iam_member::kPath);
  request.trust_policy = members.required_text("AssumeRolePolicyDocument", iam_member::kPolicyDocument);
  request.description = members.text("Description", iam_member::kRoleDescription);
  const auto seconds = members.number("MaxSessionDuration", iam_member::kMaxSessionDuration);
  request.permissions_boundary = members.text("PermissionsBoundary", iam_member::kArn);
  request.tags = members.tags();
  TRY(members.status());
  if (seconds) request.max_session_seconds = static_cast<std::uint32_t>(*seconds);
  return [request = std::move(request), request_id](Transaction& transaction) -> Result<std::string> {
    TRY_ASSIGN(const Role role, create_role(transaction, request));
    return iam_answer("CreateRole", request_id, [&](XmlWriter& xml) { write_role(xml, role, "Role", Detail::kWhole); });
  };
}

QueryWork get(const Form& form, const std::string& request_id) {
  QueryMembers members(form, kIamVersion);
  std::string name = required_name_of<Role>(members);
  TRY(members.status());
  return [name = std::move(name), request_id](Transaction& transaction) -> Result<std::string> {
    TRY_ASSIGN(const Role role, get_role(transaction, name));
    return iam_answer("GetRole", request_id, [&](XmlWriter& xml) { write_role(xml, role, "Role", Detail::kWhole); });
  };
}

QueryWork list(const Form& form, const std::string& request_id) {
  QueryMembers members(form, kIamVersion);
  std::string prefix = members.path_prefix();
  const std::size_t limit = members.max_items();
  auto marker = members.marker();
  TRY(members.status());
  return [prefix = std::move(prefix), limit, marker = std::move(marker),
          request_id](Transaction& transaction) -> Result<std::string> {
    TRY_ASSIGN(const auto page, list_named<Role>(transaction, {"ListRoles", prefix, limit, marker}));
    return iam_answer("ListRoles", request_id, [&](XmlWriter& xml) {
      xml.begin("Roles");
      for (const Role& role : page.records) write_role(xml, role, "member", Detail::kListed);
      xml.end("Roles");
      write_page_end(xml, page.next_marker);
    });
  };
}

QueryWork update(const Form& form, const std::string& request_id) {
  QueryMembers members(form, kIamVersion);
  UpdateRoleRequest request;
  request.name = required_name_of<Role>(members);
  request.description = members.optional_text("Description", iam_member::kRoleDescription);
  const auto seconds = members.number("MaxSessionDuration", iam_member::kMaxSessionDuration);
  TRY(members.status());
  if (seconds) request.max_session_seconds = static_cast<std::uint32_t>(*seconds);
  return [request = std::move(request), request_id](Transaction& transaction) -> Result<std::string> {
    TRY(update_role(transaction, request, "iam:UpdateRole"));
    return iam_answer("UpdateRole", request_id, [](XmlWriter&) {});
  };
}

QueryWork update_description(const Form& form, const std::string& request_id) {
  QueryMembers members(form, kIamVersion);
  UpdateRoleRequest request;
  request.name = required_name_of<Role>(members);
  request.description = members.text("Description", iam_member::kRoleDescription);
  TRY(members.status());
  return [request = std::move(request), request_id](Transaction& transaction) -> Result<std::string> {
    TRY_ASSIGN(const Role role, update_role(transaction, request, "iam:UpdateRoleDescription"));
    return iam_answer("UpdateRoleDescription", request_id,
                      [&](XmlWriter& xml) { write_role(xml, role, "Role", Detail::kWhole); });
  };
}

QueryWork update_trust(const Form& form, const std::string& request_id) {
  QueryMembers members(form, kIamVersion);
  std::string name = required_name_of<Role>(members);
  std::string text = members.required_text("PolicyDocument", iam_member::kPolicyDocument);
  TRY(members.status());
  return iam_change("UpdateAssumeRolePolicy", request_id,
                    [name = std::move(name), text = std::move(text)](Transaction& transaction) {
                      return update_assume_role_policy(transaction, name, text);
                    });
}

QueryWork remove(const Form& form, const std::string& request_id) {
  QueryMembers members(form, kIamVersion);
  std::string name = required_name_of<Role>(members);
  TRY(members.status());
  return iam_change("DeleteRole", request_id,
                    [name = std::move(name)](Transaction& transaction) { return delete_role(transaction, name); });
}

// There are no instances here that could have profiles: the list of a role is empty.
QueryWork list_instance_profiles(const Form& form, const std::string& request_id) {
  QueryMembers members(form, kIamVersion);
  std::string name = required_name_of<Role>(members);
  TRY(members.status());
  return [name = std::move(name), request_id](Transaction& transaction) -> Result<std::string> {
    transaction.trail().parameter("roleName", name);
    TRY(find_named<Role>(transaction, name, "iam:ListInstanceProfilesForRole"));
    return iam_answer("ListInstanceProfilesForRole", request_id, [](XmlWriter& xml) {
      xml.begin("InstanceProfiles").end("InstanceProfiles");
      write_page_end(xml, std::nullopt);
    });
  };
}

constexpr QueryOperation kOperations[] = {
    {"CreateRole", false, Plane::kManagement, create},
    {"GetRole", true, Plane::kManagement, get},
    {"ListRoles", true, Plane::kManagement, list},
    {"UpdateRole", false, Plane::kManagement, update},
    {"UpdateRoleDescription", false, Plane::kManagement, update_description},
    {"UpdateAssumeRolePolicy", false, Plane::kManagement, update_trust},
    {"DeleteRole", false, Plane::kManagement, remove},
    {"ListInstanceProfilesForRole", true, Plane::kManagement, list_instance_profiles},
};

}  // namespace

std::span<const QueryOperation> iam_role_operations() { return kOperations; }

}  // namespace kagimori::aws
