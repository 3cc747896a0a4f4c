#include "engine/lifecycle_changes.h"

#include "base/encoding.h"
#include "crypto/digest.h"
#include "engine/cache_key.h"
#include "engine/grant_records.h"
#include "engine/imported_versions.h"
#include "engine/key_objects.h"
#include "engine/key_store_records.h"
#include "engine/loader.h"
#include "engine/replica_material.h"
#include "engine/replication_changes.h"
#include "engine/usage_limits.h"
#include "model/arn.h"
#include "model/key_due.h"

namespace kagimori {
namespace {

// 64 hexadecimal digits that say nothing about the material.
std::string make_material_id(RandomSource& random) {
  std::array<std::uint8_t, 32> id{};
  random.fill_public(id);
  return hex_encode(id);
}

Status destroy_object(Transaction& transaction, KeyObject& object) {
  TRY_ASSIGN(object.state, lifecycle_apply(object.state, LifecycleEvent::kDestroy, LifecycleReason::kDestroyed));
  object.presence = Presence::kAbsent;
  object.material = {};
  object.public_data.clear();
  object.destroyed = transaction.lifecycle_now();
  return put_object(transaction, object);
}

Status free_aliases(Transaction& transaction, const Key& key) {
  TRY_ASSIGN(const auto aliases,
             transaction.scan_all<Bytes>(key.account, Table::kKeyAliases, record_key::of_key(key.account, key.row)));
  for (const Loaded<Bytes>& alias : aliases) {
    const std::string_view name = as_text(alias.record);
    TRY(transaction.erase(Table::kKeyAliases, alias.key));
    TRY(transaction.erase(Table::kAliases, record_key::alias(key.account, key.region, name)));
    transaction.invalidate(cache_key::alias(key.account, key.region, name));
  }
  return {};
}

}  // namespace

Result<NewVersion> add_version(Transaction& transaction, Key& key, RotationType rotation, const KeyMaterial& material,
                               const ExternalKey* external) {
  const std::uint32_t number = rotation == RotationType::kNone ? 1 : key.last_version + 1;
  KeyVersion version = new_version(transaction, key, number);
  version.material_id = make_material_id(transaction.random());
  version.rotation = rotation;
  if (rotation != RotationType::kNone) version.rotated_at = transaction.lifecycle_now();
  const bool is_in_hsm = key.origin == KeyOrigin::kHsm;
  version.birth = {transaction.now(), transaction.keyrings().store_id(), is_in_hsm ? "HSM" : "OpenSSL CTR-DRBG", "",
                   acting_principal(transaction)};
  for (const std::string& region : key.replica_regions) version.copies.push_back(copy_in(transaction, key, region));
  NewVersion made{std::move(version), new_material_objects(transaction, key, number)};
  made.version.object_count = static_cast<std::uint8_t>(made.objects.size());
  KeyObject& object = made.objects[0];
  if (external != nullptr) set_external_key(object, *external);
  if (is_in_hsm) {
    object.presence = Presence::kExternal;
  } else {
    TRY_ASSIGN(object.material, transaction.keyrings().wrap(transaction.crypto(), material_binding(key, object),
                                                            material.secret.expose()));
  }
  if (made.objects.size() == 2) made.objects[1].public_data = material.public_key;
  TRY(put_new_version(transaction, made));
  key.primary_version = made.version.number;
  key.last_version = made.version.number;
  return made;
}

Result<std::string> primary_material_id(Transaction& transaction, const Key& key) {
  const Bytes version = record_key::version(key.account, key.row, key.primary_version);
  TRY_ASSIGN(const auto primary, transaction.get<KeyVersion>(key.account, Table::kVersions, version));
  return primary ? primary->material_id : std::string();
}

void tell_rotation(Trail& trail, const Key& key, RotationType rotation, std::string_view previous_material,
                   std::string_view material) {
  trail.detail("keyId", key.key_id)
      .detail("rotationType", rotation == RotationType::kAutomatic ? "AUTOMATIC" : "ON_DEMAND")
      .detail("keyOrigin", aws_origin(key.origin))
      .detail("previousKeyMaterialId", previous_material)
      .detail("currentKeyMaterialId", material);
}

Result<std::string> rotate_key(Transaction& transaction, Key& key, RotationType rotation) {
  TRY_ASSIGN(KeyObject superseded, get_object(transaction, key, key.primary_version, 0));
  TRY_ASSIGN(superseded.state,
             lifecycle_apply(superseded.state, LifecycleEvent::kDeactivate, LifecycleReason::kSuperseded));
  superseded.deactivation = transaction.lifecycle_now();
  TRY(put_object(transaction, superseded));
  TRY(transaction.add_transition(key, "Activated", "Deactivated",
                                 rotation == RotationType::kAutomatic ? "rotation-automatic" : "rotation-on-demand",
                                 superseded.object_id));
  std::string material_id;
  if (key.origin == KeyOrigin::kImported) {
    TRY(activate_pending_version(transaction, key));
    TRY_ASSIGN(material_id, primary_material_id(transaction, key));
  } else {
    TRY_ASSIGN(const KeyMaterial material, generate_key_material(transaction.crypto(), transaction.random(), key.type));
    TRY_ASSIGN(const NewVersion made, add_version(transaction, key, rotation, material));
    TRY(copy_rotation(transaction, key, superseded, made));
    material_id = made.version.material_id;
  }
  if (rotation == RotationType::kOnDemand) ++key.on_demand_rotations;
  if (rotation == RotationType::kAutomatic && key.rotation_period_days) {
    key.next_rotation = transaction.lifecycle_now().plus_days(*key.rotation_period_days);
  }
  return material_id;
}

Status destroy_key(Transaction& transaction, const Key& before, std::string_view reason) {
  Key key = before;
  const std::string& account = key.account;
  const Bytes prefix = record_key::of_key(account, key.row);
  TRY_ASSIGN(auto versions, transaction.scan_all<KeyVersion>(account, Table::kVersions, prefix));
  TRY_ASSIGN(auto objects, transaction.scan_all<KeyObject>(account, Table::kObjects, prefix));

  Tombstone tombstone;
  tombstone.row = key.row;
  tombstone.account = account;
  tombstone.region = key.region;
  tombstone.key_id = key.key_id;
  tombstone.type = key.type;
  tombstone.origin = key.origin;
  tombstone.description = key.description;
  tombstone.created = key.created;
  tombstone.destroyed = transaction.lifecycle_now();
  tombstone.destroyed_by = acting_principal(transaction);
  for (Loaded<KeyVersion>& version : versions) {
    if (!version.record.material_id.empty()) tombstone.material_ids.push_back(version.record.material_id);
    tombstone.copies.insert(tombstone.copies.end(), version.record.copies.begin(), version.record.copies.end());
  }
  for (Loaded<KeyObject>& object : objects) {
    tombstone.object_ids.push_back(object.record.object_id);
    if (const auto external = external_key_of(key, object.record)) {
      TRY(release_external_key(transaction, *external, key));
    }
    TRY(destroy_object(transaction, object.record));
  }
  TRY(free_aliases(transaction, key));
  TRY(remove_usage_limit(transaction, key));
  TRY(remove_grants(transaction, key, transaction.lifecycle_now()));
  TRY(transaction.erase(Table::kKeyIds, record_key::key_id(account, key.region, key.key_id)));
  TRY(transaction.add_transition(key, "PendingDeletion", "Destroyed", reason));
  key.alias_count = 0;
  key.enabled = false;
  key.deletion_date.reset();
  key.pending_window_days = 0;
  key.replication_due.reset();
  key.next_primary_region.clear();
  key.rotation_period_days.reset();
  key.next_rotation.reset();
  key.expiry.reset();
  key.pending_expiry.reset();
  tombstone.transition_count = key.transition_count;
  const Sha256Digest digest = sha256(transaction.crypto(), encode(key));
  tombstone.digest.assign(digest.begin(), digest.end());
  TRY(transaction.put_new(account, Table::kTombstones, record_key::key(account, key.row), encode(tombstone)));
  TRY(leave_related_keys(transaction, before));
  transaction.scrub();
  transaction.on_commit(
      [&counter = transaction.key_counter(), account, region = key.region] { counter.add(account, region, -1); });
  return transaction.save_key(before, key);
}

namespace {

Status remove_more_grants(Transaction& transaction, const Key& key, const DueEntry& due) {
  TRY(transaction.erase(
      Table::kDue, record_key::due(due.when, due.account, due.row, static_cast<std::uint8_t>(DueKind::kRemoveGrants))));
  const Timestamp later{due.when.micros + 1};
  return remove_grants(transaction, key, std::max(transaction.lifecycle_now(), later));
}

}  // namespace

Status rotate_automatically(Transaction& transaction, const Key& before) {
  Key key = before;
  TRY_ASSIGN(const std::string previous_material, primary_material_id(transaction, before));
  TRY_ASSIGN(const std::string material, rotate_key(transaction, key, RotationType::kAutomatic));
  tell_rotation(transaction.trail(), before, RotationType::kAutomatic, previous_material, material);
  return transaction.save_key(before, key);
}

Status apply_due(Transaction& transaction, const DueEntry& due) {
  TRY_ASSIGN(const auto key, transaction.get<Key>(due.account, Table::kKeys, record_key::key(due.account, due.row)));
  if (!key) return fail(ErrorCode::kCorrupt, "A due change names a key that is not in the store.");
  transaction.trail().region(key->region).resource(key_arn(key->region, key->account, key->key_id));
  if (due.kind == DueKind::kRemoveGrants) return remove_more_grants(transaction, *key, due);
  if (due.kind == DueKind::kDelete) {
    if (key->deletion_date != due.when) return {};
    transaction.trail().detail("keyId", key->key_id);
    return destroy_key(transaction, *key);
  }
  if (due.kind == DueKind::kExpireMaterial || due.kind == DueKind::kExpirePendingMaterial) {
    return expire_material(transaction, *key, due);
  }
  if (due.kind == DueKind::kReplicate) {
    return key->replication_due == due.when ? finish_replication(transaction, *key) : Status();
  }
  return rotation_due(*key) == due.when ? rotate_automatically(transaction, *key) : Status();
}

}  // namespace kagimori
