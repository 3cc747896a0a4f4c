#include "dialects/aws/iam_operations.h"

namespace kagimori::aws {
namespace {

constexpr QueryOperation kOperations[] = {
    {"CreateUser", false, Plane::kManagement, iam_create_user},
    {"GetUser", true, Plane::kManagement, iam_get_user},
    {"ListUsers", true, Plane::kManagement, iam_list_users},
    {"DeleteUser", false, Plane::kManagement, iam_delete_user},
    {"CreateAccessKey", false, Plane::kManagement, iam_create_access_key},
    {"ListAccessKeys", true, Plane::kManagement, iam_list_access_keys},
    {"UpdateAccessKey", false, Plane::kManagement, iam_update_access_key},
    {"DeleteAccessKey", false, Plane::kManagement, iam_delete_access_key},
    {"PutUserPolicy", false, Plane::kManagement, iam_put_user_policy},
    {"GetUserPolicy", true, Plane::kManagement, iam_get_user_policy},
    {"ListUserPolicies", true, Plane::kManagement, iam_list_user_policies},
    {"DeleteUserPolicy", false, Plane::kManagement, iam_delete_user_policy},
};

}  // namespace

const QueryOperation* iam_operation(std::string_view name) {
  for (const QueryOperation& operation : kOperations) {
    if (operation.name == name) return &operation;
  }
  return nullptr;
}

void write_page_end(XmlWriter& xml, const std::optional<std::string>& next_marker) {
  xml.element("IsTruncated", next_marker ? "true" : "false");
  if (next_marker) xml.element("Marker", *next_marker);
}

}  // namespace kagimori::aws
