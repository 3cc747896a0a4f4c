// CreateUser, GetUser, ListUsers, DeleteUser.

#include "dialects/aws/iam_operations.h"
#include "engine/users.h"

namespace kagimori::aws {
namespace {

// The root user has no name and no path.
void write_user(XmlWriter& xml, const User& user, std::string_view element) {
  xml.begin(element);
  if (!user.path.empty()) xml.element("Path", user.path);
  if (!user.name.empty()) xml.element("UserName", user.name);
  xml.element("UserId", user.user_id).element("Arn", arn_of(user)).element("CreateDate", to_iso8601(user.created));
  // Lists leave tags out (AWS IAM API reference, ListUsers).
  if (!user.tags.empty() && element == "User") {
    xml.begin("Tags");
    for (const Tag& tag : user.tags) {
      xml.begin("member").element("Key", tag.key).element("Value", tag.value).end("member");
    }
    xml.end("Tags");
  }
  xml.end(element);
}

}  // namespace

QueryWork iam_create_user(const Form& form, const std::string& request_id) {
  QueryMembers members(form, kIamVersion);
  CreateUserRequest request;
  request.name = members.required_name("UserName", iam_member::kNewUserName);
  if (form.get("Path")) request.path = members.text("Path", iam_member::kPath);
  request.tags = members.tags();
  TRY(members.status());
  if (form.get("PermissionsBoundary")) {
    return fail(ErrorCode::kInvalidInput, "PermissionsBoundary is not supported by this server. Leave it out.");
  }
  return [request = std::move(request), request_id](Transaction& transaction) -> Result<std::string> {
    TRY_ASSIGN(const User user, create_user(transaction, request));
    return iam_answer("CreateUser", request_id, [&](XmlWriter& xml) { write_user(xml, user, "User"); });
  };
}

QueryWork iam_get_user(const Form& form, const std::string& request_id) {
  QueryMembers members(form, kIamVersion);
  std::string name = members.name("UserName", iam_member::kUserName);
  TRY(members.status());
  return [name = std::move(name), request_id](Transaction& transaction) -> Result<std::string> {
    TRY_ASSIGN(const User user, get_user(transaction, name));
    return iam_answer("GetUser", request_id, [&](XmlWriter& xml) { write_user(xml, user, "User"); });
  };
}

QueryWork iam_list_users(const Form& form, const std::string& request_id) {
  QueryMembers members(form, kIamVersion);
  std::string prefix = members.text("PathPrefix", iam_member::kPath);
  const std::size_t limit = members.max_items();
  auto marker = members.marker();
  TRY(members.status());
  if (!prefix.empty() && prefix.front() != '/') {
    return fail(ErrorCode::kValidation,
                "The specified value for pathPrefix is invalid. It must begin with / and contain only alphanumeric "
                "characters and/or / characters.");
  }
  return [prefix = std::move(prefix), limit, marker = std::move(marker),
          request_id](Transaction& transaction) -> Result<std::string> {
    TRY_ASSIGN(const UserPage page, list_users(transaction, prefix, limit, marker));
    return iam_answer("ListUsers", request_id, [&](XmlWriter& xml) {
      xml.begin("Users");
      for (const User& user : page.users) write_user(xml, user, "member");
      xml.end("Users");
      write_page_end(xml, page.next_marker);
    });
  };
}

QueryWork iam_delete_user(const Form& form, const std::string& request_id) {
  QueryMembers members(form, kIamVersion);
  std::string name = members.required_name("UserName", iam_member::kUserName);
  TRY(members.status());
  return [name = std::move(name), request_id](Transaction& transaction) -> Result<std::string> {
    TRY(delete_user(transaction, name));
    return iam_answer("DeleteUser", request_id);
  };
}

}  // namespace kagimori::aws
