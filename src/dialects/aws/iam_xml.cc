#include "dialects/aws/iam_xml.h"

#include "engine/managed_policies.h"
#include "engine/users.h"

namespace kagimori::aws {
namespace {

void write_boundary(XmlWriter& xml, std::string_view arn) {
  if (arn.empty()) return;
  xml.begin("PermissionsBoundary").element("PermissionsBoundaryType", "Policy");
  xml.element("PermissionsBoundaryArn", arn).end("PermissionsBoundary");
}

}  // namespace

void write_tags(XmlWriter& xml, const std::vector<Tag>& tags) {
  xml.begin("Tags");
  for (const Tag& tag : tags) {
    xml.begin("member").element("Key", tag.key).element("Value", tag.value).end("member");
  }
  xml.end("Tags");
}

// The root user has no name and no path.
void write_user(XmlWriter& xml, const User& user, std::string_view element, Detail detail) {
  xml.begin(element);
  if (!user.path.empty()) xml.element("Path", user.path);
  if (!user.name.empty()) xml.element("UserName", user.name);
  xml.element("UserId", user.user_id).element("Arn", arn_of(user)).element("CreateDate", to_iso8601(user.created));
  if (detail == Detail::kWhole) {
    write_boundary(xml, user.permissions_boundary);
    if (!user.tags.empty()) write_tags(xml, user.tags);
  }
  xml.end(element);
}

void write_role(XmlWriter& xml, const Role& role, std::string_view element, Detail detail) {
  xml.begin(element).element("Path", role.path).element("RoleName", role.name).element("RoleId", role.role_id);
  xml.element("Arn", named_arn(role)).element("CreateDate", to_iso8601(role.created));
  xml.element("AssumeRolePolicyDocument", encoded_policy(role.trust_policy));
  if (!role.description.empty()) xml.element("Description", role.description);
  xml.element("MaxSessionDuration", std::to_string(role.max_session_seconds));
  if (detail == Detail::kWhole) {
    write_boundary(xml, role.permissions_boundary);
    if (!role.tags.empty()) write_tags(xml, role.tags);
  }
  xml.end(element);
}

void write_group(XmlWriter& xml, const Group& group, std::string_view element) {
  xml.begin(element).element("Path", group.path).element("GroupName", group.name).element("GroupId", group.group_id);
  xml.element("Arn", named_arn(group)).element("CreateDate", to_iso8601(group.created)).end(element);
}

void write_policy(XmlWriter& xml, const ManagedPolicy& policy, std::string_view element, Detail detail) {
  xml.begin(element).element("PolicyName", policy.name).element("PolicyId", policy.policy_id);
  xml.element("Arn", arn_of(policy)).element("Path", policy.path);
  xml.element("DefaultVersionId", "v" + std::to_string(policy.default_version));
  xml.element("AttachmentCount", std::to_string(policy.attachment_count));
  xml.element("PermissionsBoundaryUsageCount", std::to_string(policy.boundary_count));
  xml.element("IsAttachable", "true");
  xml.element("CreateDate", to_iso8601(policy.created)).element("UpdateDate", to_iso8601(policy.updated));
  if (detail == Detail::kWhole) {
    if (!policy.description.empty()) xml.element("Description", policy.description);
    if (!policy.tags.empty()) write_tags(xml, policy.tags);
  }
  xml.end(element);
}

}  // namespace kagimori::aws
