#include "client/accounts.h"

#include "client/refusal.h"
#include "protocol/json.h"
#include "protocol/json_writer.h"

namespace kagimori {
namespace {

constexpr long kOk = 200;

std::string_view text_of(const JsonValue& object, std::string_view name) {
  const JsonValue* const member = object.find(name);
  return member == nullptr ? std::string_view() : member->string();
}

// The answer of one operation, while it is looked at. Wiped with everything that it was parsed into.
struct Document {
  ~Document() { json.wipe(); }
  ServiceAnswer answer;
  JsonDocument json{JsonLimits{std::size_t{16} << 20, 64, 1'000'000}};
  const JsonValue* root = nullptr;
};

Status call(Connection& connection, std::string_view operation, std::string_view body, Document& document) {
  TRY_ASSIGN(document.answer, connection.post("kms", "Kagimori." + std::string(operation), body));
  std::string& text = document.answer.body;
  const std::size_t size = text.size();
  text.resize(size + JsonDocument::kPadding);
  const auto parsed = document.json.parse(as_bytes(std::string_view(text).substr(0, size)));
  if (!parsed || !(*parsed)->is_object()) return fail(strange_answer(document.answer.status));
  document.root = *parsed;
  if (document.answer.status == kOk) return {};
  std::string_view code = text_of(*document.root, "__type");
  code.remove_prefix(code.rfind('#') == std::string_view::npos ? 0 : code.rfind('#') + 1);
  if (code.empty()) return fail(strange_answer(document.answer.status));
  const std::string_view message = text_of(*document.root, "message");
  return fail(refusal(code, message.empty() ? text_of(*document.root, "Message") : message));
}

AccountSummary summary_of(const JsonValue& json) {
  AccountSummary account{std::string(text_of(json, "AccountId")),
                         std::string(text_of(json, "Name")),
                         std::string(text_of(json, "Arn")),
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
  Document document;
  TRY(call(connection_, "CreateAccount", body, document));
  const JsonValue* const account = document.root->find("Account");
  const JsonValue* const key = document.root->find("AccessKey");
  if (account == nullptr || key == nullptr) return fail(strange_answer(kOk));
  return NewAccount{summary_of(*account), std::string(text_of(*key, "AccessKeyId")),
                    SecretBytes::copy_of(as_bytes(text_of(*key, "SecretAccessKey")))};
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
    Document document;
    TRY(call(connection_, "ListAccounts", body, document));
    const JsonValue* const accounts = document.root->find("Accounts");
    if (accounts == nullptr) return fail(strange_answer(kOk));
    for (const JsonValue& account : *accounts) all.push_back(summary_of(account));
    marker = text_of(*document.root, "NextMarker");
  } while (!marker.empty());
  return all;
}

}  // namespace kagimori
