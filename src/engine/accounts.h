#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/new_access_key.h"
#include "engine/transaction.h"

namespace kagimori {

// Accounts: the tenants (design, section 8). No AWS API makes them; these stand behind Kagimori.CreateAccount and
// Kagimori.ListAccounts. Only principals of the operator account may, and only where their own policies allow the
// action; kAccessDenied otherwise.

// The first gate of every operation on the whole house: `action` is "kagimori:CreateAccount" or the like.
Status authorize_operator(const Caller& caller, std::string_view action);

struct CreatedAccount {
  Account account;
  NewAccessKey root_key;
};
// With its keyring and an access key of its root user. An empty `account_id` asks for a random one. kAlreadyExists;
// kValidation for an id that is not 12 digits or is the house's own.
Result<CreatedAccount> create_account(Transaction& transaction, std::string_view account_id, std::string_view name);

struct AccountPage {
  std::vector<Account> accounts;
  std::optional<std::string> next_marker;
};
// By number.
Result<AccountPage> list_accounts(Transaction& transaction, std::size_t limit, std::optional<std::string_view> marker);

}  // namespace kagimori
