#include "engine/rotation.h"

#include <fmt/format.h>

#include <charconv>

#include "engine/imported_versions.h"
#include "engine/key_objects.h"
#include "engine/lifecycle_changes.h"
#include "engine/marker.h"
#include "engine/related_keys.h"

namespace kagimori {
namespace {

constexpr std::int64_t kDefaultPeriodDays = 365;
constexpr std::int64_t kConflictSeconds = 20 * 60;

bool awaits_deletion(const Key& key) { return key.deletion_date || key.pending_window_days > 0; }

// Authorisation, state, and whether this kind of key can rotate at all.
Result<TransactionKey> find_rotatable(Transaction& transaction, KmsOperation operation, std::string_view action,
                                      std::string_view key_id, RequestFacts facts = {}) {
  transaction.trail().parameter("keyId", key_id);
  TRY_ASSIGN(TransactionKey found, transaction.find_key(key_id, false));
  TRY(transaction.authorize_key(action, found, facts, operation == KmsOperation::kGetKeyRotationStatus));
  TRY(check_key_state(operation, found.state(), found.arn));
  TRY(check_rotation_support(operation, found.key, found.arn));
  return found;
}

}  // namespace

Status enable_key_rotation(Transaction& transaction, std::string_view key_id, std::optional<std::int64_t> period_days) {
  const std::int64_t days = period_days.value_or(kDefaultPeriodDays);
  RequestFacts facts;
  facts.rotation_period_days = period_days;
  TRY_ASSIGN(const TransactionKey found,
             find_rotatable(transaction, KmsOperation::kEnableKeyRotation, "kms:EnableKeyRotation", key_id, facts));
  transaction.trail().parameter_json("rotationPeriodInDays", std::to_string(days));
  Key key = found.key;
  key.rotation_period_days = static_cast<std::uint16_t>(days);
  key.next_rotation = transaction.lifecycle_now().plus_days(days);
  return transaction.save_key(found.key, key);
}

Status disable_key_rotation(Transaction& transaction, std::string_view key_id) {
  TRY_ASSIGN(const TransactionKey found,
             find_rotatable(transaction, KmsOperation::kDisableKeyRotation, "kms:DisableKeyRotation", key_id));
  if (!found.key.rotation_period_days) return {};
  Key key = found.key;
  key.rotation_period_days.reset();
  key.next_rotation.reset();
  return transaction.save_key(found.key, key);
}

Result<RotationStatus> get_key_rotation_status(Transaction& transaction, std::string_view key_id) {
  TRY_ASSIGN(const TransactionKey found,
             find_rotatable(transaction, KmsOperation::kGetKeyRotationStatus, "kms:GetKeyRotationStatus", key_id));
  Key key = found.key;
  // The schedule is the primary's, and shared.
  if (key.replication == ReplicationRole::kReplica) {
    TRY_ASSIGN(auto primary, find_related(transaction, key, key.primary_region));
    if (primary) key = *std::move(primary);
  }
  RotationStatus status;
  status.key_id = found.key.key_id;
  // A key that awaits deletion does not rotate; cancelling the deletion brings its schedule back.
  status.enabled = key.rotation_period_days.has_value() && !awaits_deletion(key) && !awaits_deletion(found.key);
  if (status.enabled) {
    status.period_days = *key.rotation_period_days;
    status.next_rotation = key.next_rotation;
  }
  return status;
}

Result<std::string> rotate_key_on_demand(Transaction& transaction, std::string_view key_id) {
  TRY_ASSIGN(const TransactionKey found,
             find_rotatable(transaction, KmsOperation::kRotateKeyOnDemand, "kms:RotateKeyOnDemand", key_id));
  if (found.key.on_demand_rotations >= transaction.settings().quotas.on_demand_rotations) {
    return fail(ErrorCode::kLimitExceeded,
                fmt::format("The on-demand rotations limit has been reached for the given keyId. No more on-demand "
                            "rotations can be performed for this key: {}",
                            found.arn));
  }
  if (found.key.next_rotation &&
      *found.key.next_rotation <= transaction.lifecycle_now().plus_seconds(kConflictSeconds)) {
    return fail(ErrorCode::kConflict, fmt::format("An automatic rotation of {} is due within 20 minutes.", found.arn));
  }
  if (found.key.origin == KeyOrigin::kImported) {
    TRY_ASSIGN(const PendingMaterial pending, pending_material(transaction, found.key));
    if (pending != PendingMaterial::kReady) {
      return fail(ErrorCode::kInvalidState,
                  fmt::format("No available key material pending rotation for the key: {}.", found.arn));
    }
  }
  Key key = found.key;
  TRY_ASSIGN(const std::string previous_material, primary_material_id(transaction, key));
  TRY_ASSIGN(const std::string material, rotate_key(transaction, key, RotationType::kOnDemand));
  TRY(transaction.save_key(found.key, key));
  Trail& event = transaction.add_event({"RotateKey", false, Plane::kManagement});
  event.by_service().service_event().region(key.region).resource(found.arn);
  tell_rotation(event, key, RotationType::kOnDemand, previous_material, material);
  transaction.trail().response("keyId", found.arn);
  return found.arn;
}

Result<RotationList> list_key_rotations(Transaction& transaction, std::string_view key_id, bool all_material,
                                        std::size_t limit, std::optional<std::string_view> marker) {
  TRY_ASSIGN(const TransactionKey found,
             find_rotatable(transaction, KmsOperation::kListKeyRotations, "kms:ListKeyRotations", key_id));
  const Key& key = found.key;
  const Bytes prefix = record_key::of_key(key.account, key.row);
  const ListMarkers markers(transaction.crypto(), "ListKeyRotations", prefix);
  std::uint32_t last = all_material ? 0 : 1;
  if (marker) {
    TRY_ASSIGN(const std::string text, markers.open(*marker));
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), last);
    if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) {
      return fail(ErrorCode::kInvalidMarker,
                  "The marker is not valid. Use the NextMarker of the page before, unchanged.");
    }
  }
  TRY_ASSIGN(auto rows, transaction.scan<KeyVersion>(key.account, Table::kVersions, prefix,
                                                     record_key::version(key.account, key.row, last), limit + 1));
  RotationList list;
  list.key_id = key.key_id;
  list.primary_version = key.primary_version;
  list.imported = key.origin == KeyOrigin::kImported;
  if (list.imported) {
    TRY_ASSIGN(list.pending, pending_material(transaction, key));
  }
  for (Loaded<KeyVersion>& row : rows) {
    // What awaits rotation has not been rotated to, and what awaits its first import is no material yet.
    if (row.record.material_id.empty() || (!all_material && row.record.number > key.primary_version)) continue;
    if (list.versions.size() == limit) {
      list.next_marker = markers.make(std::to_string(list.versions.back().number));
      break;
    }
    if (list.imported) {
      TRY_ASSIGN(const KeyObject object, get_object(transaction, key, row.record.number, 0));
      if (object.presence != Presence::kPresent) list.absent.push_back(row.record.number);
    }
    list.versions.push_back(std::move(row.record));
  }
  return list;
}

}  // namespace kagimori
