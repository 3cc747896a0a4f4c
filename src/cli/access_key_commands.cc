#include <fmt/format.h>

#include "cli/server_session.h"
#include "cli/text_table.h"
#include "client/iam.h"
#include "protocol/json_writer.h"

namespace kagimori::cli {
namespace {

void write_members(JsonWriter& json, const IamAccessKey& key) {
  if (!key.user_name.empty()) json.member("UserName", key.user_name);
  json.member("AccessKeyId", key.id).member("Status", key.status).member("CreateDate", key.created);
}

}  // namespace

Status create_access_key(const ClientOptions& options, const std::string& user) {
  TRY_ASSIGN(const auto connection, connect(options));
  TRY_ASSIGN(const NewIamAccessKey made, Iam(*connection).create_access_key(user));
  const std::string_view secret = as_text(made.secret.expose());
  std::string out;
  out.reserve(kSecretText);
  if (options.json) {
    JsonWriter json(out);
    json.begin_object().key("AccessKey").begin_object();
    write_members(json, made.key);
    json.member("SecretAccessKey", secret).end_object().end_object();
    out += '\n';
  } else {
    fmt::format_to(std::back_inserter(out),
                   "Made an access key of {}.\n"
                   "  AWS_ACCESS_KEY_ID={}\n"
                   "  AWS_SECRET_ACCESS_KEY={}\n"
                   "The secret is shown this once. Keep it now: nobody can read it again.\n",
                   made.key.user_name.empty() ? "the root user" : "user " + made.key.user_name, made.key.id, secret);
  }
  return print_secret(out);
}

Status list_access_keys(const ClientOptions& options, const std::string& user) {
  TRY_ASSIGN(const auto connection, connect(options));
  TRY_ASSIGN(const std::vector<IamAccessKey> keys, Iam(*connection).list_access_keys(user));
  if (options.json) {
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("AccessKeyMetadata").begin_array();
    for (const IamAccessKey& key : keys) {
      json.begin_object();
      write_members(json, key);
      json.end_object();
    }
    json.end_array().end_object();
    return print(out + "\n");
  }
  TextTable table({"ACCESS KEY", "STATUS", "USER", "CREATED"});
  for (const IamAccessKey& key : keys) table.add({key.id, key.status, key.user_name, key.created});
  return print(table.text("No access keys."));
}

Status set_access_key(const ClientOptions& options, const std::string& user, const std::string& id, bool active) {
  TRY_ASSIGN(const auto connection, connect(options));
  TRY(Iam(*connection).set_access_key(user, id, active));
  return print(options.json ? "{}\n" : fmt::format("The access key {} is {}.\n", id, active ? "enabled" : "disabled"));
}

Status delete_access_key(const ClientOptions& options, const std::string& user, const std::string& id) {
  TRY_ASSIGN(const auto connection, connect(options));
  TRY(Iam(*connection).delete_access_key(user, id));
  return print(options.json ? "{}\n" : fmt::format("Deleted the access key {}.\n", id));
}

}  // namespace kagimori::cli
