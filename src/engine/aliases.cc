#include "engine/aliases.h"

#include <fmt/format.h>

#include "engine/cache_key.h"
#include "engine/marker.h"
#include "model/arn.h"

namespace kagimori {
namespace {

constexpr std::string_view kPrefix = "alias/";
constexpr std::string_view kReserved = "alias/aws/";

Status check_prefix(std::string_view name) {
  if (!name.starts_with(kPrefix)) {
    return fail(ErrorCode::kValidation,
                "Alias must start with the prefix \"alias/\". Please see "
                "https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html");
  }
  return {};
}

Status check_new_name(std::string_view name) {
  TRY(check_prefix(name));
  if (name.size() == kPrefix.size())
    return fail(ErrorCode::kInvalidAliasName, "The alias has no name after \"alias/\".");
  if (name.find(':') != std::string_view::npos) {
    return fail(ErrorCode::kInvalidAliasName,
                "An alias name holds only letters, digits, slashes, underscores and dashes after \"alias/\".");
  }
  if (name.starts_with(kReserved)) {
    return fail(ErrorCode::kInvalidAliasName,
                "Aliases that begin with \"alias/aws/\" are reserved. Choose another name.");
  }
  return {};
}

// The alias as a resource of its own: identity policies alone decide.
Status authorize_alias(Transaction& transaction, std::string_view action, std::string_view alias_name) {
  const std::string arn = alias_arn(transaction.region(), transaction.account(), alias_name);
  return transaction.authorize({action, arn, nullptr, false, {}});
}

Result<Alias> find_alias(Transaction& transaction, std::string_view alias_name) {
  const std::string& account = transaction.account();
  const std::string& region = transaction.region();
  TRY_ASSIGN(auto alias,
             transaction.get<Alias>(account, Table::kAliases, record_key::alias(account, region, alias_name)));
  if (!alias) {
    return fail(ErrorCode::kNotFound, fmt::format("Alias {} is not found.", alias_arn(region, account, alias_name)));
  }
  return *std::move(alias);
}

Status save_alias(Transaction& transaction, const Alias& alias) {
  transaction.invalidate(cache_key::alias(alias.account, alias.region, alias.name));
  return transaction.put(alias.account, Table::kAliases, record_key::alias(alias.account, alias.region, alias.name),
                         encode(alias));
}

Status attach(Transaction& transaction, const TransactionKey& target, std::string_view alias_name) {
  const std::size_t quota = transaction.settings().quotas.aliases_per_key;
  Key key = target.key;
  if (key.alias_count >= quota) {
    return fail(ErrorCode::kLimitExceeded,
                fmt::format("The key has {} aliases, as many as the quota aliases_per_key allows.", key.alias_count));
  }
  ++key.alias_count;
  TRY(transaction.put(key.account, Table::kKeyAliases, record_key::key_alias(key.account, key.row, alias_name),
                      as_bytes(alias_name)));
  return transaction.save_key(target.key, key);
}

Status detach(Transaction& transaction, const TransactionKey& target, std::string_view alias_name) {
  Key key = target.key;
  --key.alias_count;
  TRY(transaction.erase(Table::kKeyAliases, record_key::key_alias(key.account, key.row, alias_name)));
  return transaction.save_key(target.key, key);
}

// The key whose aliases are listed.
Result<RowId> find_own_key(Transaction& transaction, std::string_view key_id) {
  TRY_ASSIGN(const TransactionKey found, transaction.find_key(key_id, false));
  if (found.key.account == transaction.account()) return found.key.row;
  // As find_key answers for a key that isn't there: a stranger learns neither of keys nor of their aliases.
  return fail(ErrorCode::kAccessDenied,
              access_denied_message(DecisionReason::kNoResourceAllow, transaction.caller().identity->arn,
                                    "kms:ListAliases", found.arn));
}

}  // namespace

Status create_alias(Transaction& transaction, std::string_view alias_name, std::string_view target_key_id) {
  transaction.trail().parameter("aliasName", alias_name).parameter("targetKeyId", target_key_id);
  TRY(check_new_name(alias_name));
  TRY_ASSIGN(const TransactionKey target, transaction.find_key(target_key_id, false));
  TRY(authorize_alias(transaction, "kms:CreateAlias", alias_name));
  TRY(transaction.authorize_key("kms:CreateAlias", target));
  const std::string& account = transaction.account();
  const std::string& region = transaction.region();
  TRY_ASSIGN(const auto existing,
             transaction.get<Alias>(account, Table::kAliases, record_key::alias(account, region, alias_name)));
  if (existing) {
    return fail(ErrorCode::kAlreadyExists,
                fmt::format("An alias with the name {} already exists", alias_arn(region, account, alias_name)));
  }
  TRY(check_key_state(KmsOperation::kCreateAlias, target.state(), target.arn));
  const Timestamp now = transaction.lifecycle_now();
  TRY(save_alias(transaction, {account, region, std::string(alias_name), target.key.row, target.key.key_id, now, now}));
  return attach(transaction, target, alias_name);
}

Status update_alias(Transaction& transaction, std::string_view alias_name, std::string_view target_key_id) {
  transaction.trail().parameter("aliasName", alias_name).parameter("targetKeyId", target_key_id);
  TRY(check_prefix(alias_name));
  TRY(authorize_alias(transaction, "kms:UpdateAlias", alias_name));
  TRY_ASSIGN(Alias alias, find_alias(transaction, alias_name));
  TRY_ASSIGN(const TransactionKey current, transaction.find_key(alias.target_key_id, false));
  TRY(transaction.authorize_key("kms:UpdateAlias", current));
  TRY_ASSIGN(const TransactionKey target, transaction.find_key(target_key_id, false));
  TRY(transaction.authorize_key("kms:UpdateAlias", target));
  if (current.key.type.algorithm != target.key.type.algorithm ||
      aws_key_usage(current.key.type) != aws_key_usage(target.key.type)) {
    return fail(ErrorCode::kValidation,
                "The new key must be of the same type and have the same key usage as the current one.");
  }
  TRY(check_key_state(KmsOperation::kUpdateAlias, target.state(), target.arn));
  alias.updated = transaction.lifecycle_now();
  if (current.key.row != target.key.row) {
    alias.target = target.key.row;
    alias.target_key_id = target.key.key_id;
    TRY(detach(transaction, current, alias_name));
    TRY(attach(transaction, target, alias_name));
  }
  return save_alias(transaction, alias);
}

Status delete_alias(Transaction& transaction, std::string_view alias_name) {
  transaction.trail().parameter("aliasName", alias_name);
  TRY(check_prefix(alias_name));
  TRY(authorize_alias(transaction, "kms:DeleteAlias", alias_name));
  TRY_ASSIGN(const Alias alias, find_alias(transaction, alias_name));
  TRY_ASSIGN(const TransactionKey target, transaction.find_key(alias.target_key_id, false));
  TRY(transaction.authorize_key("kms:DeleteAlias", target));
  TRY(check_key_state(KmsOperation::kDeleteAlias, target.state(), target.arn));
  transaction.invalidate(cache_key::alias(alias.account, alias.region, alias.name));
  TRY(transaction.erase(Table::kAliases, record_key::alias(alias.account, alias.region, alias.name)));
  return detach(transaction, target, alias_name);
}

Result<AliasList> list_aliases(Transaction& transaction, std::string_view key_id, std::size_t limit,
                               std::optional<std::string_view> marker) {
  TRY(transaction.authorize({"kms:ListAliases", "*", nullptr, false, {}}));
  const std::string& account = transaction.account();
  const std::string& region = transaction.region();
  std::optional<RowId> target;
  if (!key_id.empty()) {
    TRY_ASSIGN(target, find_own_key(transaction, key_id));
  }
  const Bytes prefix = target ? record_key::of_key(account, *target) : record_key::aliases_of(account, region);
  const ListMarkers markers(transaction.crypto(), "ListAliases", prefix);
  Bytes after;
  if (marker) {
    TRY_ASSIGN(const std::string last, markers.open(*marker));
    after = target ? record_key::key_alias(account, *target, last) : record_key::alias(account, region, last);
  }
  AliasList list;
  const auto add = [&](Alias alias) {
    if (list.aliases.size() == limit) {
      list.next_marker = markers.make(list.aliases.back().name);
      return false;
    }
    list.aliases.push_back(std::move(alias));
    return true;
  };
  if (!target) {
    TRY_ASSIGN(auto rows, transaction.scan<Alias>(account, Table::kAliases, prefix, after, limit + 1));
    for (Loaded<Alias>& row : rows) {
      if (!add(std::move(row.record))) break;
    }
    return list;
  }
  TRY_ASSIGN(const auto names, transaction.scan<Bytes>(account, Table::kKeyAliases, prefix, after, limit + 1));
  for (const Loaded<Bytes>& name : names) {
    TRY_ASSIGN(Alias alias, find_alias(transaction, as_text(name.record)));
    if (!add(std::move(alias))) break;
  }
  return list;
}

}  // namespace kagimori
