#include "client/accounts.h"

#include "client/json_call.h"
#include "client/refusal.h"
#include "protocol/json_writer.h"

namespace kagimori {
namespace {

constexpr long kOk = 200;

AccountSummary summary_of(const JsonValue& json) {
  AccountSummary account{std::string(json_text(json, "AccountId")),
                         std::string(json_text(json, "Name")),
                         std::string(json_text(json, "Arn")),
                         {},
                         false};
  if (const JsonValue* created = json.find("CreationDate")) {
    account.created = Timestamp::from_seconds(static_cast<std::int64_t>(created->number()));
  }
  if (const JsonValue* is_operator = json.find("IsOperator")) account.is_operator = is_operator->boolean();
  return account;
}

}  // namespace

Result<NewAccount> Accounts::create(std::string_view name, std::string_view id) {
  std::string body;
  JsonWriter json(body);
  json.begin_object().member("Name", name);
  if (!id.empty()) json.member("AccountId", id);
  json.end_object();
  JsonDocumentOfAnswer document;
  TRY(call_json(connection_, "Kagimori.CreateAccount", body, document));
  const JsonValue* const account = document.root->find("Account");
  const JsonValue* const key = document.root->find("AccessKey");
  if (account == nullptr || key == nullptr) return fail(strange_answer(kOk));
  return NewAccount{summary_of(*account), std::string(json_text(*key, "AccessKeyId")),
                    SecretBytes::copy_of(as_bytes(json_text(*key, "SecretAccessKey")))};
}

Result<std::vector<AccountSummary>> Accounts::list() {
  std::vector<AccountSummary> all;
  std::string marker;
  do {
    std::string body;
    JsonWriter json(body);
    json.begin_object();
    if (!marker.empty()) json.member("Marker", marker);
    json.end_object();
    JsonDocumentOfAnswer document;
    TRY(call_json(connection_, "Kagimori.ListAccounts", body, document));
    const JsonValue* const accounts = document.root->find("Accounts");
    if (accounts == nullptr) return fail(strange_answer(kOk));
    for (const JsonValue& account : *accounts) all.push_back(summary_of(account));
    marker = json_text(*document.root, "NextMarker");
  } while (!marker.empty());
  return all;
}

}  // namespace kagimori
