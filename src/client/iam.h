#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "client/connection.h"
#include "client/xml_element.h"

namespace kagimori {

// What IAM says, with AWS's texts as they are (AWS IAM API reference, "Data Types").
struct IamUser {
  std::string path, name, id, arn, created;
};
struct IamAccessKey {
  std::string user_name, id, status, created;
};
struct NewIamAccessKey {
  IamAccessKey key;
  SecretBytes secret;  // text; said this once
};

// Users, their access keys and inline policies. An empty `user` of an access key's call means who asks. Lists are
// whole: pages are fetched until the end. Errors: Connection's, and refusal()'s. One thread.
class Iam {
 public:
  explicit Iam(Connection& connection) : connection_(connection) {}

  Result<IamUser> create_user(std::string_view name, std::string_view path);
  Result<IamUser> get_user(std::string_view name);
  Result<std::vector<IamUser>> list_users();
  Status delete_user(std::string_view name);

  Status put_policy(std::string_view user, std::string_view policy, std::string_view document);
  Result<std::string> get_policy(std::string_view user, std::string_view policy);
  Result<std::vector<std::string>> list_policies(std::string_view user);
  Status delete_policy(std::string_view user, std::string_view policy);

  Result<NewIamAccessKey> create_access_key(std::string_view user);
  Result<std::vector<IamAccessKey>> list_access_keys(std::string_view user);
  Status set_access_key(std::string_view user, std::string_view id, bool active);
  Status delete_access_key(std::string_view user, std::string_view id);

 private:
  using Parameters = std::vector<std::pair<std::string_view, std::string_view>>;
  // The element ACTIONResult, empty for actions that answer nothing.
  Result<XmlElement> call(std::string_view action, const Parameters& parameters);
  Status tell(std::string_view action, const Parameters& parameters);
  // The members of `list` on all pages.
  Result<std::vector<XmlElement>> call_pages(std::string_view action, const Parameters& parameters,
                                             std::string_view list);

  Connection& connection_;
};

}  // namespace kagimori
