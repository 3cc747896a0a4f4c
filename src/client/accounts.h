#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "client/connection.h"

namespace kagimori {

struct AccountSummary {
  std::string id, name, arn;
  Timestamp created;  // to the second
  bool is_operator = false;
};
struct NewAccount {
  AccountSummary account;
  std::string access_key_id;  // of its root user
  SecretBytes secret;         // text; said this once
};

// The tenants of the house, for principals of the operator account. Errors: Connection's, and refusal()'s. One thread.
class Accounts {
 public:
  explicit Accounts(Connection& connection) : connection_(connection) {}

  // An empty `id` asks for a random one.
  Result<NewAccount> create(std::string_view name, std::string_view id);
  // All of them; pages are fetched until the end.
  Result<std::vector<AccountSummary>> list();

 private:
  Connection& connection_;
};

}  // namespace kagimori
