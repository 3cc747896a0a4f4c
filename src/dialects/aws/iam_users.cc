// CreateUser, GetUser, ListUsers, UpdateUser, DeleteUser.

#include "dialects/aws/iam_operations.h"
#include "dialects/aws/iam_xml.h"
#include "engine/users.h"

namespace kagimori::aws {
namespace {

QueryWork create(const Form& form, const std::string& request_id) {
  QueryMembers members(form, kIamVersion);
  CreateUserRequest request;
  request.name = members.required_name("UserName", iam_member::kNewUserName);
  if (form.get("Path")) request.path = members.text("Path", iam_member::kPath);
  request.permissions_boundary = members.text("PermissionsBoundary", iam_member::kArn);
  request.tags = members.tags();
  TRY(members.status());
  return [request = std::move(request), request_id](Transaction& transaction) -> Result<std::string> {
    TRY_ASSIGN(const User user, create_user(transaction, request));
    return iam_answer("CreateUser", request_id, [&](XmlWriter& xml) { write_user(xml, user, "User", Detail::kWhole); });
  };
}

QueryWork get(const Form& form, const std::string& request_id) {
  QueryMembers members(form, kIamVersion);
  std::string name = members.name("UserName", iam_member::kUserName);
  TRY(members.status());
  return [name = std::move(name), request_id](Transaction& transaction) -> Result<std::string> {
    TRY_ASSIGN(const User user, get_user(transaction, name));
    return iam_answer("GetUser", request_id, [&](XmlWriter& xml) { write_user(xml, user, "User", Detail::kWhole); });
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
    TRY_ASSIGN(const auto page, list_named<User>(transaction, {"ListUsers", prefix, limit, marker}));
    return iam_answer("ListUsers", request_id, [&](XmlWriter& xml) {
      xml.begin("Users");
      for (const User& user : page.records) write_user(xml, user, "member", Detail::kListed);
      xml.end("Users");
      write_page_end(xml, page.next_marker);
    });
  };
}

QueryWork update(const Form& form, const std::string& request_id) {
  QueryMembers members(form, kIamVersion);
  std::string name = members.required_name("UserName", iam_member::kUserName);
  auto new_name = members.optional_text("NewUserName", iam_member::kNewUserName);
  auto new_path = members.optional_text("NewPath", iam_member::kPath);
  TRY(members.status());
  return iam_change("UpdateUser", request_id,
                    [name = std::move(name), new_name = std::move(new_name), new_path = std::move(new_path)](
                        Transaction& transaction) { return update_user(transaction, name, new_name, new_path); });
}

QueryWork remove(const Form& form, const std::string& request_id) {
  QueryMembers members(form, kIamVersion);
  std::string name = members.required_name("UserName", iam_member::kUserName);
  TRY(members.status());
  return iam_change("DeleteUser", request_id,
                    [name = std::move(name)](Transaction& transaction) { return delete_user(transaction, name); });
}

constexpr QueryOperation kOperations[] = {
    {"CreateUser", false, Plane::kManagement, create}, {"GetUser", true, Plane::kManagement, get},
    {"ListUsers", true, Plane::kManagement, list},     {"UpdateUser", false, Plane::kManagement, update},
    {"DeleteUser", false, Plane::kManagement, remove},
};

}  // namespace

std::span<const QueryOperation> iam_user_operations() { return kOperations; }

}  // namespace kagimori::aws
