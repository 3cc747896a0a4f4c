#include "engine/key_management.h"

#include <fmt/format.h>

#include "engine/import_wrapping.h"
#include "engine/imported_versions.h"
#include "engine/key_policies.h"
#include "engine/key_protection.h"
#include "engine/key_store_records.h"
#include "engine/key_uses.h"
#include "engine/lifecycle_changes.h"
#include "engine/marker.h"
#include "engine/new_key.h"
#include "engine/tags.h"
#include "model/arn.h"
#include "policy/key_policy.h"

namespace kagimori {
namespace {

constexpr std::int64_t kSecondsPerDay = 86'400;

std::string_view state_name(bool enabled) { return enabled ? "Enabled" : "Disabled"; }

// The whole days since the key was last used, or made where it never was (kms:TrailingDaysWithoutKeyUsage).
std::int64_t days_without_usage(Transaction& transaction, const Key& key, const std::optional<KeyLastUsage>& usage) {
  const Timestamp since = usage ? usage->when : key.created;
  return (transaction.lifecycle_now().seconds() - since.seconds()) / kSecondsPerDay;
}

// Who takes a key out of use that somebody has just used should hear of it before the deletion date does.
void tell_of_recent_use(Transaction& transaction, const Key& key, const std::optional<KeyLastUsage>& usage) {
  if (!used_recently(transaction, usage)) return;
  const std::string_view operation = transaction.trail().operation();
  transaction.raise_alarm(Alarm::kKeyUsedRecently, key)
      .detail("operation", operation)
      .detail("principal", transaction.caller().identity->arn)
      .detail("requestId", transaction.caller().origin.request_id)
      .detail("lastUsageTime", to_iso8601(usage->when))
      .detail("lastUsageOperation", usage->operation);
}

Status set_enabled(Transaction& transaction, std::string_view key_id, bool enabled) {
  const KmsOperation operation = enabled ? KmsOperation::kEnableKey : KmsOperation::kDisableKey;
  transaction.trail().parameter("keyId", key_id);
  TRY_ASSIGN(const TransactionKey found, transaction.find_key(key_id, false));
  RequestFacts facts;
  std::optional<KeyLastUsage> usage;
  if (!enabled) {
    TRY_ASSIGN(usage, transaction.last_usage(found.key));
    facts.trailing_days_without_usage = days_without_usage(transaction, found.key, usage);
  }
  TRY(transaction.authorize_key(enabled ? "kms:EnableKey" : "kms:DisableKey", found, facts));
  TRY(check_key_state(operation, found.state(), found.arn));
  if (!enabled) TRY(check_deletion_protection(found.key, found.arn, "disabled"));
  transaction.trail().response("keyId", found.arn);
  if (found.key.enabled == enabled) return {};
  Key key = found.key;
  TRY(transaction.add_transition(key, state_name(found.key.enabled), state_name(enabled),
                                 enabled ? "enabled" : "disabled"));
  key.enabled = enabled;
  if (!enabled) tell_of_recent_use(transaction, key, usage);
  // A rotation that fell due while the key was disabled happens now.
  if (enabled && key.rotation_period_days && key.next_rotation <= transaction.lifecycle_now()) {
    TRY(rotate_key(transaction, key, RotationType::kAutomatic));
  }
  return transaction.save_key(found.key, key);
}

Key new_key(Transaction& transaction, const CreateKeyRequest& request) {
  Key key;
  key.row = RowId::make(transaction.random());
  key.account = transaction.account();
  key.region = transaction.region();
  key.key_id = request.multi_region ? make_multi_region_key_id(transaction.random()) : make_uuid(transaction.random());
  if (request.multi_region) {
    key.replication = ReplicationRole::kPrimary;
    key.primary_region = key.region;
  }
  key.owner = transaction.caller().identity->unique_id();
  key.type = request.type;
  key.origin = request.origin;
  key.description = request.description;
  key.tags = request.tags;
  std::sort(key.tags.begin(), key.tags.end(), [](const Tag& a, const Tag& b) { return a.key < b.key; });
  key.created = transaction.lifecycle_now();
  return key;
}

Status authorize_create(const Caller& caller, const CreateKeyRequest& request) {
  RequestFacts facts;
  facts.key_spec = aws_key_spec(request.type);
  facts.key_usage = aws_key_usage(request.type);
  facts.key_origin = aws_origin(request.origin);
  facts.multi_region = request.multi_region;
  if (request.multi_region) facts.multi_region_key_type = "PRIMARY";
  facts.request_tags = request.tags;
  facts.bypass_policy_lockout_safety_check = request.bypass_policy_lockout_safety_check;
  TRY(authorize(caller, {"kms:CreateKey", "*", nullptr, false, facts}));
  if (request.tags.empty()) return {};
  return authorize(caller, {"kms:TagResource", "*", nullptr, false, facts});
}

// Of a key that is to be in a custom key store: gets it there.
Status claim_key_in_store(Transaction& transaction, const CreateKeyRequest& request, const Key& key,
                          KeyDescription& made) {
  if (!request.external) return {};
  const ExternalKey& wanted = *request.external;
  transaction.trail().parameter("customKeyStoreId", wanted.store_id);
  if (key.origin == KeyOrigin::kExternalKeyStore) transaction.trail().parameter("xksKeyId", wanted.key_id);
  TRY_ASSIGN(CustomKeyStore store, find_key_store_for(transaction, wanted.store_id, key.origin));
  made.external = wanted;
  if (key.origin == KeyOrigin::kExternalKeyStore) return claim_xks_key(transaction, std::move(store), wanted, key);
  made.cluster_id = store.cluster_id;
  TRY_ASSIGN(made.external, claim_hsm_key(transaction, std::move(store), *request.hsm_key, key));
  transaction.trail().additional("clusterId", made.cluster_id).additional("backingKeyId", made.external->key_id);
  transaction.on_commit([hsm_key = request.hsm_key] { hsm_key->keep(); });
  return {};
}

// The first version, with its material or waiting for it. The answer is the material's id.
Result<std::string> add_first_version(Transaction& transaction, Key& key, const std::optional<ExternalKey>& external,
                                      const KeyMaterial* material) {
  if (key.origin == KeyOrigin::kImported) {
    TRY(add_awaiting_version(transaction, key));
    return std::string();
  }
  KeyMaterial generated;
  if (key.origin == KeyOrigin::kHsm) material = &generated;
  if (material == nullptr) {
    TRY_ASSIGN(generated, generate_key_material(transaction.crypto(), transaction.random(), key.type));
    material = &generated;
  }
  TRY_ASSIGN(NewVersion made,
             add_version(transaction, key, RotationType::kNone, *material, external ? &*external : nullptr));
  return std::move(made.version.material_id);
}

}  // namespace

Status admit_create_key(const CryptoContext& crypto, const Caller& caller, const CreateKeyRequest& request) {
  TRY(authorize_create(caller, request));
  if (request.origin == KeyOrigin::kImported && !can_import(request.type)) {
    return fail(ErrorCode::kUnsupportedOperation,
                fmt::format("Keys of KeySpec {} can't have Origin EXTERNAL: their material can't be imported.",
                            aws_key_spec(request.type)));
  }
  return require_support(crypto, request.type);
}

Result<KeyDescription> create_key(Transaction& transaction, const CreateKeyRequest& request,
                                  const KeyMaterial* material) {
  transaction.trail()
      .parameter("description", request.description)
      .parameter("keySpec", aws_key_spec(request.type))
      .parameter("keyUsage", aws_key_usage(request.type))
      .parameter("origin", aws_origin(request.origin));
  if (request.multi_region) transaction.trail().parameter_json("multiRegion", "true");
  TRY(admit_create_key(transaction.crypto(), transaction.caller(), request));
  TRY(check_tags(request.tags, transaction.settings().quotas.tags_per_key));
  const std::string& account = transaction.account();
  const std::string& region = transaction.region();
  TRY(check_key_quota(transaction, region));
  Key key = new_key(transaction, request);
  if (request.hsm_key != nullptr && !request.hsm_key->label().empty()) key.key_id = request.hsm_key->label();
  const std::string arn = key_arn(region, account, key.key_id);
  transaction.trail().resource(arn).response("keyId", arn);
  // The default policy locks nobody out: the account can always change it. So who may make keys needs no
  // kms:PutKeyPolicy (as with AWS's policy AWSKeyManagementServicePowerUser).
  TRY(put_first_policy(transaction, key, request.policy.value_or(default_key_policy(account)),
                       request.bypass_policy_lockout_safety_check || !request.policy));
  KeyDescription made;
  TRY(claim_key_in_store(transaction, request, key, made));
  TRY_ASSIGN(made.material_id, add_first_version(transaction, key, made.external, material));
  const bool imported = key.origin == KeyOrigin::kImported;
  made.state = imported ? AwsKeyState::kPendingImport : AwsKeyState::kEnabled;
  TRY(transaction.add_transition(key, "", aws_key_state_name(made.state), "created"));
  TRY(enter_key(transaction, key));
  made.key = std::move(key);
  made.arn = arn;
  return made;
}

Status enable_key(Transaction& transaction, std::string_view key_id) { return set_enabled(transaction, key_id, true); }
Status disable_key(Transaction& transaction, std::string_view key_id) {
  return set_enabled(transaction, key_id, false);
}

Status update_key_description(Transaction& transaction, std::string_view key_id, std::string description) {
  transaction.trail().parameter("keyId", key_id).parameter("description", description);
  TRY_ASSIGN(const TransactionKey found, transaction.find_key(key_id, false));
  TRY(transaction.authorize_key("kms:UpdateKeyDescription", found));
  TRY(check_key_state(KmsOperation::kUpdateKeyDescription, found.state(), found.arn));
  Key key = found.key;
  key.description = std::move(description);
  return transaction.save_key(found.key, key);
}

Result<ScheduledDeletion> schedule_key_deletion(Transaction& transaction, std::string_view key_id,
                                                std::optional<std::int64_t> window_days) {
  const std::int64_t days = window_days.value_or(kMaxPendingWindowDays);
  transaction.trail().parameter("keyId", key_id).parameter_json("pendingWindowInDays", std::to_string(days));
  TRY_ASSIGN(const TransactionKey found, transaction.find_key(key_id, false));
  RequestFacts facts;
  facts.pending_window_days = days;
  TRY_ASSIGN(const auto usage, transaction.last_usage(found.key));
  facts.trailing_days_without_usage = days_without_usage(transaction, found.key, usage);
  TRY(transaction.authorize_key("kms:ScheduleKeyDeletion", found, facts));
  if (days < kMinPendingWindowDays || days > kMaxPendingWindowDays) {
    return fail(ErrorCode::kValidation, fmt::format("PendingWindowInDays must be between {} and {}.",
                                                    kMinPendingWindowDays, kMaxPendingWindowDays));
  }
  TRY(check_key_state(KmsOperation::kScheduleKeyDeletion, found.state(), found.arn));
  TRY(check_deletion_protection(found.key, found.arn, "deleted"));
  TRY(check_minimum_window(found.key, found.arn, days));
  Key key = found.key;
  // A primary first outlives its replicas; leave_related_keys() sets the date then.
  const bool waits = !key.replica_regions.empty();
  const AwsKeyState state = waits ? AwsKeyState::kPendingReplicaDeletion : AwsKeyState::kPendingDeletion;
  TRY(transaction.add_transition(key, aws_key_state_name(found.state()), aws_key_state_name(state),
                                 "deletion-scheduled"));
  if (!waits) key.deletion_date = transaction.lifecycle_now().plus_days(days);
  key.pending_window_days = static_cast<std::uint16_t>(days);
  tell_of_recent_use(transaction, key, usage);
  TRY(transaction.save_key(found.key, key));
  transaction.trail().response("keyId", found.arn).response("keyState", aws_key_state_name(state));
  if (key.deletion_date) transaction.trail().response("deletionDate", to_iso8601(*key.deletion_date));
  return ScheduledDeletion{found.arn, state, key.deletion_date, key.pending_window_days};
}

Result<std::string> cancel_key_deletion(Transaction& transaction, std::string_view key_id) {
  transaction.trail().parameter("keyId", key_id);
  TRY_ASSIGN(const TransactionKey found, transaction.find_key(key_id, false));
  TRY(transaction.authorize_key("kms:CancelKeyDeletion", found));
  TRY(check_key_state(KmsOperation::kCancelKeyDeletion, found.state(), found.arn));
  Key key = found.key;
  key.deletion_date.reset();
  key.pending_window_days = 0;
  key.enabled = false;
  // Without its imported material the key can't be anything but PendingImport.
  const AwsKeyState after = aws_key_state(key, found.primary.state, found.primary.presence, found.expired);
  TRY(transaction.add_transition(key, aws_key_state_name(found.state()), aws_key_state_name(after),
                                 "deletion-cancelled"));
  TRY(transaction.save_key(found.key, key));
  transaction.trail().response("keyId", found.arn);
  return found.arn;
}

Result<KeyUsageAnswer> get_key_last_usage(Transaction& transaction, std::string_view key_id) {
  transaction.trail().parameter("keyId", key_id);
  TRY_ASSIGN(const TransactionKey found, transaction.find_key(key_id, false));
  TRY(transaction.authorize_key("kms:GetKeyLastUsage", found));
  KeyUsageAnswer answer{found.arn, found.key.created, std::nullopt};
  TRY_ASSIGN(answer.last_usage, transaction.last_usage(found.key));
  return answer;
}

Result<KeyList> list_keys(Transaction& transaction, std::size_t limit, std::optional<std::string_view> marker) {
  TRY(transaction.authorize({"kms:ListKeys", "*", nullptr, false, {}}));
  const std::string& account = transaction.account();
  const std::string& region = transaction.region();
  const Bytes prefix = record_key::key_ids_of(account, region);
  const ListMarkers markers(transaction.crypto(), "ListKeys", prefix);
  Bytes after;
  if (marker) {
    TRY_ASSIGN(const std::string last, markers.open(*marker));
    after = record_key::key_id(account, region, last);
  }
  TRY_ASSIGN(const auto rows, transaction.scan<RowId>(account, Table::kKeyIds, prefix, after, limit + 1));
  KeyList list;
  for (const Loaded<RowId>& row : rows) {
    if (list.key_ids.size() == limit) {
      list.next_marker = markers.make(list.key_ids.back());
      break;
    }
    // The primary key is the prefix, the key id and a zero byte.
    const std::string_view text = as_text(ByteView(row.key).subspan(prefix.size()));
    list.key_ids.emplace_back(text.substr(0, text.size() - 1));
  }
  return list;
}

}  // namespace kagimori
