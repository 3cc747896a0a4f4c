// Kagimori.CreateAccount, Kagimori.ListAccounts.

#include "dialects/aws/kagimori_operations.h"
#include "engine/accounts.h"
#include "model/arn.h"

namespace kagimori::aws {
namespace {

// More than the answer has: growing would leave copies of the secret access key behind.
constexpr std::size_t kReserved = 2'048;

bool is_printable_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}
bool is_digits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

constexpr TextConstraint kAccountId{12, 12, "^\\d{12}$", is_digits};
constexpr TextConstraint kAccountName{1, 50, "[\\u0020-\\u007E]+", is_printable_ascii};

void write_account(JsonWriter& json, const Account& account) {
  json.begin_object().member("AccountId", account.id).member("Name", account.name);
  json.member("Arn", root_arn(account.id)).member("CreationDate", account.created);
  json.member("IsOperator", account.is_operator).end_object();
}

}  // namespace

JsonAnswer kagimori_create_account(JsonCall& call) {
  JsonMembers members(call.body);
  std::string id(members.text("AccountId", kAccountId).value_or(""));
  std::string name(members.required_text("Name", kAccountName));
  ANSWER_IF_FAILED(members.status());
  return answer_later([id = std::move(id), name = std::move(name)](Transaction& transaction) -> Result<std::string> {
    TRY_ASSIGN(const CreatedAccount created, create_account(transaction, id, name));
    std::string body;
    body.reserve(kReserved);
    JsonWriter json(body);
    json.begin_object().key("Account");
    write_account(json, created.account);
    json.key("AccessKey").begin_object().member("AccessKeyId", created.root_key.record.access_key_id);
    json.member("SecretAccessKey", as_text(created.root_key.secret.expose())).end_object().end_object();
    return body;
  });
}

JsonAnswer kagimori_list_accounts(JsonCall& call) {
  JsonMembers members(call.body);
  const std::size_t limit = members.limit(service_limit::kKeyPage);
  std::optional<std::string> marker;
  if (const auto text = members.text("Marker", member::kMarker)) marker = std::string(*text);
  ANSWER_IF_FAILED(members.status());
  return answer_later([limit, marker = std::move(marker)](Transaction& transaction) -> Result<std::string> {
    TRY_ASSIGN(const AccountPage page, list_accounts(transaction, limit, marker));
    std::string body;
    JsonWriter json(body);
    json.begin_object().key("Accounts").begin_array();
    for (const Account& account : page.accounts) write_account(json, account);
    json.end_array();
    if (page.next_marker) json.member("NextMarker", *page.next_marker);
    json.member("Truncated", page.next_marker.has_value()).end_object();
    return body;
  });
}

}  // namespace kagimori::aws
