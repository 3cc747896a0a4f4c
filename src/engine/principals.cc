#include "engine/principals.h"

#include <fmt/format.h>

#include "engine/iam_record.h"
#include "model/arn.h"

namespace kagimori {
namespace {

using Found = std::optional<NamedPrincipal>;

template <typename R>
Result<Found> by_id(Transaction& transaction, std::string_view id) {
  const std::string& account = transaction.account();
  TRY_ASSIGN(const auto record, transaction.get<R>(account, IamRecord<R>::kTable, record_key::iam_entity(account, id)));
  if (!record) return Found{};
  return Found(NamedPrincipal{named_arn(*record), id_of(*record)});
}

template <typename R>
Result<Found> by_arn(Transaction& transaction, const ArnView& arn, std::string_view text) {
  const std::string_view name = arn.resource.substr(arn.resource.rfind('/') + 1);
  TRY_ASSIGN(const auto record, read_named<R>(transaction, arn.account, name));
  if (!record || named_arn(*record) != text) return Found{};
  return Found(NamedPrincipal{std::string(text), id_of(*record)});
}

// arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION. The session itself need not be there.
Result<Found> by_session_arn(Transaction& transaction, const ArnView& arn, std::string_view text) {
  std::string_view name = arn.resource.substr(arn.resource.find('/') + 1);
  name = name.substr(0, name.find('/'));
  TRY_ASSIGN(const auto role, read_named<Role>(transaction, arn.account, name));
  // Names differ by case here: what is written must be what sessions are called.
  if (!role || role->name != name) return Found{};
  return Found(NamedPrincipal{std::string(text), role->role_id});
}

}  // namespace

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return lower;
}

Result<std::optional<NamedPrincipal>> find_principal(Transaction& transaction, std::string_view principal) {
  const auto arn = parse_arn(principal);
  if (!arn)
    return principal.starts_with("AROA") ? by_id<Role>(transaction, principal) : by_id<User>(transaction, principal);
  if (!is_account_id(arn->account)) return Found{};
  if (arn->service == "iam" && arn->resource.starts_with("user/")) return by_arn<User>(transaction, *arn, principal);
  if (arn->service == "iam" && arn->resource.starts_with("role/")) return by_arn<Role>(transaction, *arn, principal);
  if (arn->service == "sts" && arn->resource.starts_with("assumed-role/")) {
    return by_session_arn(transaction, *arn, principal);
  }
  return Found{};
}

Result<std::vector<std::pair<std::string, std::string>>> bind_trusted(Transaction& transaction, std::string_view text) {
  TRY_ASSIGN(const std::vector<std::string> named, named_principals(text, PolicyKind::kTrust));
  std::vector<std::pair<std::string, std::string>> bindings;
  for (const std::string& principal : named) {
    TRY_ASSIGN(const auto found, find_principal(transaction, principal));
    if (!found) {
      return fail(ErrorCode::kMalformedPolicy, fmt::format("Invalid principal in policy: \"AWS\":\"{}\"", principal));
    }
    bindings.emplace_back(found->arn, found->unique_id);
  }
  return bindings;
}

}  // namespace kagimori
