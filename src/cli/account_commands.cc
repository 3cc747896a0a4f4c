#include <fmt/format.h>

#include "cli/server_session.h"
#include "cli/text_table.h"
#include "client/accounts.h"
#include "protocol/json_writer.h"

namespace kagimori::cli {
namespace {

void write_account(JsonWriter& json, const AccountSummary& account) {
  json.begin_object().member("AccountId", account.id).member("Name", account.name).member("Arn", account.arn);
  json.member("CreationDate", to_iso8601(account.created)).member("IsOperator", account.is_operator).end_object();
}

}  // namespace

Status create_account(const ClientOptions& options, const std::string& name, const std::string& id) {
  TRY_ASSIGN(const auto connection, connect(options));
  TRY_ASSIGN(const NewAccount made, Accounts(*connection).create(name, id));
  const std::string_view secret = as_text(made.secret.expose());
  std::string out;
  out.reserve(kSecretText);
  if (options.json) {
    JsonWriter json(out);
    json.begin_object().key("Account");
    write_account(json, made.account);
    json.key("AccessKey").begin_object().member("AccessKeyId", made.access_key_id);
    json.member("SecretAccessKey", secret).end_object().end_object();
    out += '\n';
  } else {
    fmt::format_to(std::back_inserter(out),
                   "Made the account {} ({}) with an access key of its root user.\n"
                   "  AWS_ACCESS_KEY_ID={}\n"
                   "  AWS_SECRET_ACCESS_KEY={}\n"
                   "The secret is shown this once. Use it to make users; then delete this key.\n",
                   made.account.id, made.account.name, made.access_key_id, secret);
  }
  return print_secret(out);
}

Status list_accounts(const ClientOptions& options) {
  TRY_ASSIGN(const auto connection, connect(options));
  TRY_ASSIGN(const std::vector<AccountSummary> accounts, Accounts(*connection).list());
  if (options.json) {
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("Accounts").begin_array();
    for (const AccountSummary& account : accounts) write_account(json, account);
    json.end_array().end_object();
    return print(out + "\n");
  }
  TextTable table({"ACCOUNT", "NAME", "CREATED", "OPERATOR"});
  for (const AccountSummary& account : accounts) {
    table.add({account.id, account.name, to_iso8601(account.created), account.is_operator ? "yes" : "no"});
  }
  return print(table.text("No accounts."));
}

}  // namespace kagimori::cli
