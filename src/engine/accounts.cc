#include "engine/accounts.h"

#include <fmt/format.h>

#include <array>

#include "engine/access_keys.h"
#include "engine/marker.h"

namespace kagimori {
namespace {

constexpr int kMaxDraws = 16;
constexpr std::size_t kIdDigits = 12;

// 12 digits, the first not zero, so that no program that takes the id for a number shortens it.
std::string draw_account_id(RandomSource& random) {
  constexpr std::uint8_t kFair = 250;  // bytes from here on would make the low digits more frequent
  std::string id;
  while (id.size() < kIdDigits) {
    std::array<std::uint8_t, 16> bytes;
    random.fill_public(bytes);
    for (const std::uint8_t byte : bytes) {
      if (byte >= kFair || id.size() == kIdDigits || (id.empty() && byte % 10 == 0)) continue;
      id.push_back(static_cast<char>('0' + byte % 10));
    }
  }
  return id;
}

Result<bool> account_exists(Transaction& transaction, std::string_view id) {
  TRY_ASSIGN(const auto account, transaction.get<Account>(kSystemAccount, Table::kAccounts, record_key::account(id)));
  return account.has_value();
}

Result<std::string> free_account_id(Transaction& transaction) {
  for (int i = 0; i < kMaxDraws; ++i) {
    std::string id = draw_account_id(transaction.random());
    TRY_ASSIGN(const bool exists, account_exists(transaction, id));
    if (!exists) return id;
  }
  return fail(ErrorCode::kLimitExceeded, "No free account id was found. Give an AccountId of your own.");
}

Result<std::string> chosen_account_id(Transaction& transaction, std::string_view account_id) {
  if (account_id.empty()) return free_account_id(transaction);
  if (!is_account_id(account_id) || account_id == kSystemAccount) {
    return fail(ErrorCode::kValidation,
                fmt::format("'{}' is no account id. It has 12 digits that are not all zero.", account_id));
  }
  TRY_ASSIGN(const bool exists, account_exists(transaction, account_id));
  if (exists) return fail(ErrorCode::kAlreadyExists, fmt::format("The account {} already exists.", account_id));
  return std::string(account_id);
}

}  // namespace

Status authorize_operator(const Caller& caller, std::string_view action) {
  if (!caller.identity->account_is_operator) {
    return fail(ErrorCode::kAccessDenied,
                fmt::format("User: {} is not authorized to perform: {} because it does not belong to the operator "
                            "account",
                            caller.identity->arn, action));
  }
  return authorize(caller, {action, "*", nullptr, false, {}});
}

Result<CreatedAccount> create_account(Transaction& transaction, std::string_view account_id, std::string_view name) {
  transaction.trail().parameter("accountId", account_id).parameter("name", name);
  TRY(authorize_operator(transaction.caller(), "kagimori:CreateAccount"));
  TRY_ASSIGN(std::string id, chosen_account_id(transaction, account_id));
  CreatedAccount created;
  created.account = {std::move(id), std::string(name), transaction.now(), false};
  const Account& account = created.account;
  TRY(transaction.keyrings().create_account(transaction.crypto(), account.id, transaction.batch()));
  TRY(transaction.put(kSystemAccount, Table::kAccounts, record_key::account(account.id), encode(account)));
  TRY_ASSIGN(created.root_key, make_access_key(transaction.keyrings(), transaction.crypto(), transaction.random(),
                                               account.id, account.id, transaction.now()));
  TRY(put_access_key(transaction, created.root_key.record));
  transaction.trail().response("accountId", account.id).response("accessKeyId", created.root_key.record.access_key_id);
  return created;
}

Result<AccountPage> list_accounts(Transaction& transaction, std::size_t limit, std::optional<std::string_view> marker) {
  TRY(authorize_operator(transaction.caller(), "kagimori:ListAccounts"));
  const ListMarkers markers(transaction.crypto(), "ListAccounts", {});
  Bytes after;
  if (marker) {
    TRY_ASSIGN(const std::string last, markers.open(*marker));
    after = record_key::account(last);
  }
  TRY_ASSIGN(auto rows, transaction.scan<Account>(kSystemAccount, Table::kAccounts, {}, after, limit + 1));
  AccountPage page;
  for (Loaded<Account>& row : rows) {
    if (page.accounts.size() == limit) {
      page.next_marker = markers.make(page.accounts.back().id);
      break;
    }
    page.accounts.push_back(std::move(row.record));
  }
  return page;
}

}  // namespace kagimori
