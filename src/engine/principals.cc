#include "engine/principals.h"

#include "model/arn.h"

namespace kagimori {

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return lower;
}

Result<std::optional<std::string>> find_principal(Transaction& transaction, std::string_view arn_text) {
  constexpr std::string_view kUser = "user/";
  const auto arn = parse_arn(arn_text);
  if (!arn || arn->service != "iam" || !arn->resource.starts_with(kUser) || !is_account_id(arn->account)) {
    return std::optional<std::string>{};
  }
  const std::string_view name = arn->resource.substr(arn->resource.rfind('/') + 1);
  TRY_ASSIGN(const auto user_id, transaction.get<Bytes>(arn->account, Table::kUserNames,
                                                        record_key::user_name(arn->account, lower_case(name))));
  if (!user_id) return std::optional<std::string>{};
  const std::string_view id = as_text(*user_id);
  TRY_ASSIGN(const auto user, transaction.get<User>(arn->account, Table::kUsers, record_key::user(arn->account, id)));
  if (!user || user_arn(user->account, user->path, user->name) != arn_text) return std::optional<std::string>{};
  return std::optional(std::string(id));
}

}  // namespace kagimori
