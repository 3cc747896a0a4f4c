#include "client/iam.h"

#include "client/refusal.h"
#include "protocol/percent.h"

namespace kagimori {
namespace {

constexpr long kOk = 200;

std::string query(std::string_view action,
                  const std::vector<std::pair<std::string_view, std::string_view>>& parameters) {
  std::string body = "Action=" + std::string(action) + "&Version=2010-05-08";
  for (const auto& [name, value] : parameters) {
    if (value.empty()) continue;
    body += '&';
    percent_encode(body, name);
    body += '=';
    percent_encode(body, value);
  }
  return body;
}

IamUser user_of(const XmlElement& xml) {
  return {std::string(xml.text_of("Path")), std::string(xml.text_of("UserName")), std::string(xml.text_of("UserId")),
          std::string(xml.text_of("Arn")), std::string(xml.text_of("CreateDate"))};
}

IamAccessKey access_key_of(const XmlElement& xml) {
  return {std::string(xml.text_of("UserName")), std::string(xml.text_of("AccessKeyId")),
          std::string(xml.text_of("Status")), std::string(xml.text_of("CreateDate"))};
}

Result<IamUser> user_in(const Result<XmlElement>& result) {
  if (!result) return fail(result.error());
  const XmlElement* const user = result->find("User");
  if (user == nullptr) return fail(strange_answer(kOk));
  return user_of(*user);
}

}  // namespace

Result<XmlElement> Iam::call(std::string_view action, const Parameters& parameters) {
  TRY_ASSIGN(const ServiceAnswer answer, connection_.post("iam", {}, query(action, parameters)));
  Result<XmlElement> root = parse_xml(answer.body);
  if (!root) return fail(strange_answer(answer.status));
  if (answer.status != kOk) {
    const XmlElement* const error = root->find("Error");
    if (error == nullptr) return fail(strange_answer(answer.status));
    return fail(refusal(error->text_of("Code"), error->text_of("Message")));
  }
  if (root->name != std::string(action) + "Response") return fail(strange_answer(answer.status));
  XmlElement result;
  for (XmlElement& child : root->children) {
    if (child.name == std::string(action) + "Result") std::swap(result, child);
  }
  return result;
}

Status Iam::tell(std::string_view action, const Parameters& parameters) {
  TRY(call(action, parameters));
  return {};
}

Result<std::vector<XmlElement>> Iam::call_pages(std::string_view action, const Parameters& parameters,
                                                std::string_view list) {
  std::vector<XmlElement> all;
  std::string marker;
  do {
    Parameters page = parameters;
    page.emplace_back("Marker", marker);
    TRY_ASSIGN(XmlElement result, call(action, page));
    marker = result.text_of("IsTruncated") == "true" ? result.text_of("Marker") : std::string_view();
    for (XmlElement& child : result.children) {
      if (child.name == list) std::ranges::move(child.children, std::back_inserter(all));
    }
  } while (!marker.empty());
  return all;
}

Result<IamUser> Iam::create_user(std::string_view name, std::string_view path) {
  return user_in(call("CreateUser", {{"UserName", name}, {"Path", path}}));
}
Result<IamUser> Iam::get_user(std::string_view name) { return user_in(call("GetUser", {{"UserName", name}})); }

Result<std::vector<IamUser>> Iam::list_users() {
  TRY_ASSIGN(const auto members, call_pages("ListUsers", {}, "Users"));
  std::vector<IamUser> users;
  for (const XmlElement& member : members) users.push_back(user_of(member));
  return users;
}

Status Iam::delete_user(std::string_view name) { return tell("DeleteUser", {{"UserName", name}}); }

Status Iam::put_policy(std::string_view user, std::string_view policy, std::string_view document) {
  return tell("PutUserPolicy", {{"UserName", user}, {"PolicyName", policy}, {"PolicyDocument", document}});
}

Result<std::string> Iam::get_policy(std::string_view user, std::string_view policy) {
  TRY_ASSIGN(const XmlElement result, call("GetUserPolicy", {{"UserName", user}, {"PolicyName", policy}}));
  std::string document;
  form_decode(document, result.text_of("PolicyDocument"));
  return document;
}

Result<std::vector<std::string>> Iam::list_policies(std::string_view user) {
  TRY_ASSIGN(const auto members, call_pages("ListUserPolicies", {{"UserName", user}}, "PolicyNames"));
  std::vector<std::string> names;
  for (const XmlElement& member : members) names.push_back(member.text);
  return names;
}

Status Iam::delete_policy(std::string_view user, std::string_view policy) {
  return tell("DeleteUserPolicy", {{"UserName", user}, {"PolicyName", policy}});
}

Result<NewIamAccessKey> Iam::create_access_key(std::string_view user) {
  TRY_ASSIGN(XmlElement result, call("CreateAccessKey", {{"UserName", user}}));
  const XmlElement* const made = result.find("AccessKey");
  if (made == nullptr) return fail(strange_answer(kOk));
  NewIamAccessKey key{access_key_of(*made), SecretBytes::copy_of(as_bytes(made->text_of("SecretAccessKey")))};
  wipe(result);
  return key;
}

Result<std::vector<IamAccessKey>> Iam::list_access_keys(std::string_view user) {
  TRY_ASSIGN(const auto members, call_pages("ListAccessKeys", {{"UserName", user}}, "AccessKeyMetadata"));
  std::vector<IamAccessKey> keys;
  for (const XmlElement& member : members) keys.push_back(access_key_of(member));
  return keys;
}

Status Iam::set_access_key(std::string_view user, std::string_view id, bool active) {
  return tell("UpdateAccessKey", {{"UserName", user}, {"AccessKeyId", id}, {"Status", active ? "Active" : "Inactive"}});
}

Status Iam::delete_access_key(std::string_view user, std::string_view id) {
  return tell("DeleteAccessKey", {{"UserName", user}, {"AccessKeyId", id}});
}

}  // namespace kagimori
