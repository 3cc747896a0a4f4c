#include <fmt/format.h>

#include "cli/server_session.h"
#include "cli/text_table.h"
#include "client/iam.h"
#include "protocol/json_writer.h"

namespace kagimori::cli {
namespace {

void write_user(JsonWriter& json, const IamUser& user) {
  json.begin_object().member("Path", user.path).member("UserName", user.name).member("UserId", user.id);
  json.member("Arn", user.arn).member("CreateDate", user.created).end_object();
}

std::string user_as_json(const IamUser& user) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().key("User");
  write_user(json, user);
  json.end_object();
  return out + "\n";
}

struct UserDetails {
  IamUser user;
  std::vector<IamAccessKey> keys;
  std::vector<std::string> policies;
};

std::string as_json(const UserDetails& details) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().key("User");
  write_user(json, details.user);
  json.key("AccessKeys").begin_array();
  for (const IamAccessKey& key : details.keys) {
    json.begin_object().member("AccessKeyId", key.id).member("Status", key.status);
    json.member("CreateDate", key.created).end_object();
  }
  json.end_array().key("PolicyNames").begin_array();
  for (const std::string& name : details.policies) json.string(name);
  json.end_array().end_object();
  return out + "\n";
}

std::string as_text(const UserDetails& details) {
  const IamUser& user = details.user;
  std::string out = fmt::format("name      {}\nid        {}\narn       {}\npath      {}\ncreated   {}\n", user.name,
                                user.id, user.arn, user.path, user.created);
  for (const std::string& name : details.policies) out += fmt::format("policy    {}\n", name);
  for (const IamAccessKey& key : details.keys) out += fmt::format("key       {}  {}\n", key.id, key.status);
  return out;
}

}  // namespace

Status create_user(const ClientOptions& options, const std::string& name, const std::string& path) {
  TRY_ASSIGN(const auto connection, connect(options));
  TRY_ASSIGN(const IamUser user, Iam(*connection).create_user(name, path));
  return print(options.json ? user_as_json(user)
                            : fmt::format("Made the user {}.\nIt may do nothing yet. Try next:\n"
                                          "  kagimori user policy put {} NAME --file POLICY.json\n"
                                          "  kagimori access-key create --user {}\n",
                                          user.arn, user.name, user.name));
}

Status list_users(const ClientOptions& options) {
  TRY_ASSIGN(const auto connection, connect(options));
  TRY_ASSIGN(const std::vector<IamUser> users, Iam(*connection).list_users());
  if (options.json) {
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("Users").begin_array();
    for (const IamUser& user : users) write_user(json, user);
    json.end_array().end_object();
    return print(out + "\n");
  }
  TextTable table({"NAME", "ID", "PATH", "CREATED"});
  for (const IamUser& user : users) table.add({user.name, user.id, user.path, user.created});
  return print(table.text("No users. `kagimori user create NAME` makes one."));
}

Status show_user(const ClientOptions& options, const std::string& name) {
  TRY_ASSIGN(const auto connection, connect(options));
  Iam iam(*connection);
  UserDetails details;
  TRY_ASSIGN(details.user, iam.get_user(name));
  TRY_ASSIGN(details.keys, iam.list_access_keys(name));
  TRY_ASSIGN(details.policies, iam.list_policies(name));
  return print(options.json ? as_json(details) : as_text(details));
}

Status delete_user(const ClientOptions& options, const std::string& name) {
  TRY_ASSIGN(const auto connection, connect(options));
  TRY(Iam(*connection).delete_user(name));
  return print(options.json ? "{}\n" : fmt::format("Deleted the user {}.\n", name));
}

}  // namespace kagimori::cli
