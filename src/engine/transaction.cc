#include "engine/transaction.h"

#include <fmt/format.h>

#include "engine/cache_key.h"
#include "engine/loader.h"
#include "engine/named_key.h"

namespace kagimori {

Transaction::Transaction(const Environment& environment, std::unique_ptr<ReadTransaction> read, const Caller& caller,
                         Trail& trail)
    : environment_(environment),
      read_(std::move(read)),
      reader_(environment_.crypto, environment_.keyrings, *read_),
      caller_(std::make_shared<const Caller>(caller)),
      trail_(trail) {}

void Transaction::expect(Table table, const Bytes& key, std::uint64_t revision) {
  for (const Expectation& known : batch_.expectations) {
    if (known.table == table && known.key == key) return;
  }
  batch_.expectations.push_back({table, key, revision});
}

template <typename T>
Result<std::optional<T>> Transaction::get(std::string_view account, Table table, const Bytes& key) {
  TRY_ASSIGN(auto loaded, reader_.get<T>(account, table, key));
  expect(table, key, loaded ? loaded->revision : 0);
  if (!loaded) return std::optional<T>{};
  return std::optional<T>(std::move(loaded->record));
}

#define KAGIMORI_GET(T) template Result<std::optional<T>> Transaction::get<T>(std::string_view, Table, const Bytes&);
KAGIMORI_RECORD_TYPES(KAGIMORI_GET)
#undef KAGIMORI_GET

Result<std::uint64_t> Transaction::known_revision(Table table, const Bytes& key) {
  for (const Expectation& known : batch_.expectations) {
    if (known.table == table && known.key == key) return known.revision;
  }
  TRY_ASSIGN(const auto stored, read_->get(table, key));
  const std::uint64_t revision = stored ? stored->revision : 0;
  batch_.expectations.push_back({table, key, revision});
  return revision;
}

Status Transaction::put(std::string_view account, Table table, const Bytes& key, ByteView content) {
  TRY_ASSIGN(const std::uint64_t old_revision, known_revision(table, key));
  // Above every revision that this primary key ever had: those are at most the store revision that is read here.
  const std::uint64_t revision = std::max(old_revision, read_->store_revision()) + 1;
  TRY_ASSIGN(Bytes value, keyrings().seal_record(crypto(), account, table, key, revision, content));
  batch_.writes.push_back({table, key, revision, std::move(value)});
  return {};
}

Status Transaction::put_new(std::string_view account, Table table, const Bytes& key, ByteView content) {
  batch_.expectations.push_back({table, key, 0});
  return put(account, table, key, content);
}

Status Transaction::erase(Table table, const Bytes& key) {
  TRY_ASSIGN(const std::uint64_t old_revision, known_revision(table, key));
  if (old_revision == 0) return {};
  batch_.writes.push_back({table, key, std::max(old_revision, read_->store_revision()) + 1, std::nullopt});
  return {};
}

Result<TransactionKey> Transaction::load_key(Key key) {
  TransactionKey loaded;
  loaded.arn = key_arn(key.region, key.account, key.key_id);
  loaded.key = std::move(key);
  loaded.expired = has_expired_material(loaded.key, lifecycle_now());
  const Key& k = loaded.key;
  TRY_ASSIGN(auto policy, get<KeyPolicy>(k.account, Table::kKeyPolicies,
                                         record_key::key_policy(k.account, k.row, k.policy_version)));
  if (!policy)
    return fail(ErrorCode::kCorrupt, fmt::format("The policy of key {} is missing from the store.", k.key_id));
  loaded.policy_record = *std::move(policy);
  TRY_ASSIGN(loaded.policy, compile_key_policy(loaded.policy_record));
  TRY_ASSIGN(loaded.aliases, load_alias_names(reader_, k));
  TRY_ASSIGN(auto primary,
             get<KeyObject>(k.account, Table::kObjects, record_key::object(k.account, k.row, k.primary_version, 0)));
  if (!primary)
    return fail(ErrorCode::kCorrupt, fmt::format("The material of key {} is missing from the store.", k.key_id));
  loaded.primary = *std::move(primary);
  if (const auto external = external_key_of(k, loaded.primary)) {
    TRY_ASSIGN(const auto store,
               get<CustomKeyStore>(k.account, Table::kCustomKeyStores,
                                   record_key::custom_key_store(k.account, k.region, external->store_id)));
    loaded.store_is_disconnected = store && store->is_disconnected();
  }
  return loaded;
}

Result<TransactionKey> Transaction::find_key(std::string_view reference_text, bool allow_alias) {
  TRY_ASSIGN(const KeyReference reference, parse_named_key(trail_, reference_text));
  if (reference.is_alias() && !allow_alias) {
    return fail(ErrorCode::kNotFound, fmt::format("Invalid keyId '{}'", reference_text));
  }
  const std::string& region = caller_->region;
  if (!reference.region.empty() && reference.region != region) {
    return fail(ErrorCode::kNotFound, fmt::format("Invalid arn {}", reference.region));
  }
  const std::string owner(reference.account.empty() ? std::string_view(account()) : reference.account);
  std::string key_id(reference.name);
  std::string alias;
  if (reference.is_alias()) {
    alias = key_id;
    TRY_ASSIGN(auto found, get<Alias>(owner, Table::kAliases, record_key::alias(owner, region, alias)));
    if (!found)
      return fail(ErrorCode::kNotFound, fmt::format("Alias {} is not found.", alias_arn(region, owner, alias)));
    key_id = found->target_key_id;
  }
  const std::string arn = key_arn(region, owner, key_id);
  trail_.resource(arn);
  // Whether another account has such a key is not for the caller to learn.
  const auto unknown = [&]() -> Error {
    if (owner == account()) return {ErrorCode::kNotFound, fmt::format("Key '{}' does not exist", arn)};
    return {ErrorCode::kAccessDenied, access_denied_message(DecisionReason::kNoResourceAllow, caller_->identity->arn,
                                                            fmt::format("kms:{}", trail_.operation()), arn)};
  };
  TRY_ASSIGN(auto row, get<RowId>(owner, Table::kKeyIds, record_key::key_id(owner, region, key_id)));
  if (!row) return fail(unknown());
  TRY_ASSIGN(auto key, get<Key>(owner, Table::kKeys, record_key::key(owner, *row)));
  if (!key || aws_key_spec(key->type).empty()) return fail(unknown());
  TRY_ASSIGN(TransactionKey loaded, load_key(*std::move(key)));
  loaded.request_alias = std::move(alias);
  return loaded;
}

Status Transaction::authorize_in(std::string_view region, const AccessRequest& request) {
  if (region == caller_->region) return authorize(request);
  Caller there = *caller_;
  there.region = region;
  return kagimori::authorize(there, request);
}

Status Transaction::authorize_key(std::string_view action, const TransactionKey& key, RequestFacts facts,
                                  bool cross_account_operation) {
  const AccessKeyTarget target = key.target();
  return authorize_in(key.key.region, {action, key.arn, &target, cross_account_operation, facts});
}

Result<KeyUses> Transaction::recent_uses(const Key& key) {
  if (environment_.usages == nullptr) return KeyUses();
  return environment_.usages->recent_uses(read_->store_revision(), key.row);
}

Result<std::optional<KeyLastUsage>> Transaction::last_usage(const Key& key) {
  TRY_ASSIGN(const KeyUses recent, recent_uses(key));
  if (const auto found = recent.last.find(key.row); found != recent.last.end()) return found->second;
  TRY_ASSIGN(auto stored,
             reader_.get<KeyLastUsage>(key.account, Table::kKeyUsages, record_key::key(key.account, key.row)));
  return stored ? std::optional(std::move(stored->record)) : std::nullopt;
}

Status Transaction::move_due(const Key& key, DueKind kind, std::optional<Timestamp> before,
                             std::optional<Timestamp> after) {
  if (before == after) return {};
  const auto kind_number = static_cast<std::uint8_t>(kind);
  if (before) TRY(erase(Table::kDue, record_key::due(*before, key.account, key.row, kind_number)));
  if (after) TRY(put(kSystemAccount, Table::kDue, record_key::due(*after, key.account, key.row, kind_number), {}));
  return {};
}

Status Transaction::save_key(const Key& before, const Key& after) {
  TRY(move_due(after, DueKind::kRotate, rotation_due(before), rotation_due(after)));
  TRY(move_due(after, DueKind::kDelete, deletion_due(before), deletion_due(after)));
  TRY(move_due(after, DueKind::kReplicate, replication_due(before), replication_due(after)));
  TRY(move_due(after, DueKind::kExpireMaterial, expiry_due(before), expiry_due(after)));
  TRY(move_due(after, DueKind::kExpirePendingMaterial, pending_expiry_due(before), pending_expiry_due(after)));
  invalidate(cache_key::key(after.account, after.region, after.key_id));
  return put(after.account, Table::kKeys, record_key::key(after.account, after.row), encode(after));
}

Status Transaction::save_new_key(const Key& key) {
  TRY(move_due(key, DueKind::kReplicate, std::nullopt, replication_due(key)));
  invalidate(cache_key::key(key.account, key.region, key.key_id));
  return put_new(key.account, Table::kKeys, record_key::key(key.account, key.row), encode(key));
}

Status Transaction::add_transition(Key& key, std::string_view from, std::string_view to, std::string_view reason_code,
                                   std::string_view object_id) {
  Transition transition;
  transition.row = key.row;
  transition.account = key.account;
  transition.sequence = ++key.transition_count;
  transition.object_id = object_id;
  transition.from = from;
  transition.to = to;
  transition.who = caller_->identity == nullptr ? "kagimori" : caller_->identity->arn;
  transition.when = lifecycle_now();
  transition.reason_code = reason_code;
  return put(key.account, Table::kTransitions, record_key::transition(key.account, key.row, transition.sequence),
             encode(transition));
}

void Transaction::count_alarm(Alarm alarm) {
  if (environment_.alarms != nullptr) on_commit([alarms = environment_.alarms, alarm] { alarms->count(alarm); });
}

Trail& Transaction::raise_alarm(Alarm alarm, const Key& key) {
  count_alarm(alarm);
  return add_event(alarm_operation(alarm))
      .by_service()
      .service_event()
      .region(key.region)
      .resource(key_arn(key.region, key.account, key.key_id))
      .detail("keyId", key.key_id);
}

Status Transaction::check_caller() {
  bool same = true;
  for (const Expectation& record : caller_->identity->basis) {
    TRY_ASSIGN(const auto stored, read_->get(record.table, record.key));
    const std::uint64_t revision = stored ? stored->revision : 0;
    same = same && revision == record.revision;
    expect(record.table, record.key, revision);
  }
  if (same) return {};
  TRY_ASSIGN(std::shared_ptr<const IdentitySnapshot> fresh,
             load_identity(reader_, caller_->identity->access_key.access_key_id));
  if (fresh == nullptr || !fresh->access_key.active) {
    return fail(ErrorCode::kUnrecognizedClient, "The security token included in the request is invalid.");
  }
  for (const Expectation& record : fresh->basis) expect(record.table, record.key, record.revision);
  auto caller = std::make_shared<Caller>(*caller_);
  caller->identity = std::move(fresh);
  caller_ = std::move(caller);
  return {};
}

}  // namespace kagimori
