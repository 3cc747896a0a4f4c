#include "engine/principals.h"

#include "model/arn.h"

namespace kagimori {
namespace {

Result<std::optional<NamedUser>> user_by_id(Transaction& transaction, std::string_view account, std::string_view id) {
  TRY_ASSIGN(const auto user, transaction.get<User>(account, Table::kUsers, record_key::user(account, id)));
  if (!user) return std::optional<NamedUser>{};
  return std::optional(NamedUser{user_arn(user->account, user->path, user->name), user->user_id});
}

}  // namespace

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return lower;
}

Result<std::optional<NamedUser>> find_principal(Transaction& transaction, std::string_view principal) {
  const auto arn = parse_arn(principal);
  if (!arn) return user_by_id(transaction, transaction.account(), principal);
  constexpr std::string_view kUser = "user/";
  if (arn->service != "iam" || !arn->resource.starts_with(kUser) || !is_account_id(arn->account)) {
    return std::optional<NamedUser>{};
  }
  const std::string_view name = arn->resource.substr(arn->resource.rfind('/') + 1);
  TRY_ASSIGN(const auto user_id, transaction.get<Bytes>(arn->account, Table::kUserNames,
                                                        record_key::user_name(arn->account, lower_case(name))));
  if (!user_id) return std::optional<NamedUser>{};
  TRY_ASSIGN(auto user, user_by_id(transaction, arn->account, as_text(*user_id)));
  if (user && user->arn != principal) return std::optional<NamedUser>{};
  return user;
}

}  // namespace kagimori
