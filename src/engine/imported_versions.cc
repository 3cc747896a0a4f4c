#include "engine/imported_versions.h"

#include <fmt/format.h>

#include "engine/import_secret.h"
#include "engine/key_objects.h"
#include "engine/related_keys.h"
#include "engine/replica_material.h"
#include "model/key_due.h"

namespace kagimori {
namespace {

// Material does not come from a generator of the house.
constexpr std::string_view kImportedRng = "imported";

tl::unexpected<Error> missing(const Key& key) {
  return fail(ErrorCode::kCorrupt, fmt::format("A version of key {} is missing from the store.", key.key_id));
}

Status put_version(Transaction& transaction, const KeyVersion& version) {
  return transaction.put(version.account, Table::kVersions,
                         record_key::version(version.account, version.row, version.number), encode(version));
}

BirthRecord birth_of_import(Transaction& transaction) {
  return {transaction.now(), transaction.keyrings().store_id(), std::string(kImportedRng), "",
          acting_principal(transaction)};
}

// The dates that the key's record repeats from its versions.
void gather_expiry(Key& key, const std::vector<KeyVersion>& versions) {
  key.expiry.reset();
  key.pending_expiry.reset();
  for (const KeyVersion& version : versions) {
    std::optional<Timestamp>& earliest = version.number > key.primary_version ? key.pending_expiry : key.expiry;
    if (version.valid_to && (!earliest || *version.valid_to < *earliest)) earliest = version.valid_to;
  }
}

// Records what became of the key's state, or of the object when the state stays.
Status note_change(Transaction& transaction, Key& key, AwsKeyState before, std::string_view reason_code,
                   std::string_view from, std::string_view to, std::string_view object_id) {
  TRY(transaction.add_transition(key, from, to, reason_code, object_id));
  const AwsKeyState after = imported_key_state(key, has_expired_material(key, transaction.lifecycle_now()));
  if (after == before) return {};
  return transaction.add_transition(key, aws_key_state_name(before), aws_key_state_name(after), reason_code);
}

Status wrap_into(Transaction& transaction, const Key& key, KeyObject& object, const SecretBytes& secret) {
  TRY_ASSIGN(object.material,
             transaction.keyrings().wrap(transaction.crypto(), material_binding(key, object), secret.expose()));
  object.presence = Presence::kPresent;
  return {};
}

// The object has waited for its first material; it has it now.
Status end_wait(Transaction& transaction, KeyObject& object) {
  if (!object.state.reasons.has(LifecycleReason::kAwaitingImport)) return {};
  TRY_ASSIGN(object.state, lifecycle_apply(object.state, LifecycleEvent::kImport));
  object.activation = transaction.lifecycle_now();
  return {};
}

// Of one key: the version that awaits rotation becomes the primary one.
Status activate_pending(Transaction& transaction, Key& key) {
  TRY_ASSIGN(std::vector<KeyVersion> versions, read_versions(transaction, key));
  if (versions.size() <= key.primary_version) return missing(key);
  KeyVersion& version = versions.back();
  TRY_ASSIGN(KeyObject object, get_object(transaction, key, version.number, 0));
  TRY_ASSIGN(object.state, lifecycle_apply(object.state, LifecycleEvent::kActivate));
  object.activation = transaction.lifecycle_now();
  TRY(put_object(transaction, object));
  version.rotation = RotationType::kOnDemand;
  version.rotated_at = transaction.lifecycle_now();
  TRY(put_version(transaction, version));
  key.primary_version = version.number;
  gather_expiry(key, versions);
  return transaction.add_transition(key, "Generated", "Activated", "rotation-on-demand", object.object_id);
}

Status supersede_primary(Transaction& transaction, const Key& key) {
  TRY_ASSIGN(KeyObject object, get_object(transaction, key, key.primary_version, 0));
  TRY_ASSIGN(object.state, lifecycle_apply(object.state, LifecycleEvent::kDeactivate, LifecycleReason::kSuperseded));
  object.deactivation = transaction.lifecycle_now();
  return put_object(transaction, object);
}

Status put_public_half(Transaction& transaction, const Key& key, const KeyVersion& version, const Bytes& spki) {
  TRY_ASSIGN(KeyObject public_half, get_object(transaction, key, version.number, 1));
  if (!public_half.public_data.empty()) return {};
  public_half.public_data = spki;
  public_half.presence = Presence::kPresent;
  TRY(end_wait(transaction, public_half));
  return put_object(transaction, public_half);
}

// Takes the version that awaits rotation, with its one object, out of the key.
Status erase_pending(Transaction& transaction, Key& key, const KeyObject& object) {
  const std::string& account = key.account;
  TRY(transaction.erase(Table::kObjects, record_key::object(account, key.row, object.version, object.index)));
  TRY(transaction.erase(Table::kObjectIds, record_key::object_id(account, object.object_id)));
  TRY(transaction.erase(Table::kVersions, record_key::version(account, key.row, object.version)));
  --key.last_version;
  return {};
}

// At the replicas of a primary, when it loses what awaits rotation.
Status erase_pending_copies(Transaction& transaction, const Key& primary) {
  TRY_ASSIGN(const std::vector<Key> replicas, replicas_of(transaction, primary));
  for (const Key& replica : replicas) {
    Key after = replica;
    TRY_ASSIGN(const KeyObject object, get_object(transaction, replica, replica.last_version, 0));
    TRY(erase_pending(transaction, after, object));
    after.pending_expiry.reset();
    TRY(transaction.save_key(replica, after));
    add_synchronization(transaction, after);
  }
  return {};
}

}  // namespace

AwsKeyState imported_key_state(const Key& key, bool expired) {
  const ObjectState active{LifecycleState::kActivated, {}, false};
  return aws_key_state(key, active, Presence::kPresent, expired);
}

Status add_awaiting_version(Transaction& transaction, Key& key) {
  NewVersion made{new_version(transaction, key, 1), new_material_objects(transaction, key, 1)};
  for (KeyObject& object : made.objects) {
    object.state = {LifecycleState::kGenerated, {LifecycleReason::kAwaitingImport}, false};
    object.activation.reset();
    object.presence = Presence::kAbsent;
  }
  KeyObject secret = new_object(transaction, key, 1, import_secret_index(key.type));
  secret.type = ObjectType::kSecretData;
  SecretBytes bytes(kImportSecretSize);
  transaction.random().fill_private(bytes.expose_mutable());
  TRY(wrap_into(transaction, key, secret, bytes));
  made.objects.push_back(std::move(secret));
  made.version.object_count = static_cast<std::uint8_t>(made.objects.size());
  TRY(put_new_version(transaction, made));
  key.absent_versions = 1;
  return {};
}

Result<std::vector<KeyVersion>> read_versions(Transaction& transaction, const Key& key) {
  TRY_ASSIGN(auto rows,
             transaction.scan_all<KeyVersion>(key.account, Table::kVersions, record_key::of_key(key.account, key.row)));
  if (rows.size() != key.last_version) return missing(key);
  std::vector<KeyVersion> versions;
  versions.reserve(rows.size());
  for (Loaded<KeyVersion>& row : rows) versions.push_back(std::move(row.record));
  return versions;
}

Status restore_material(Transaction& transaction, Key& key, std::vector<KeyVersion>& versions, std::size_t index,
                        const ImportedMaterial& imported, const ImportTerms& terms) {
  KeyVersion& version = versions[index];
  const AwsKeyState before = imported_key_state(key, has_expired_material(key, transaction.lifecycle_now()));
  TRY_ASSIGN(KeyObject object, get_object(transaction, key, version.number, 0));
  const bool absent = object.presence != Presence::kPresent;
  if (absent) {
    TRY(wrap_into(transaction, key, object, imported.material.secret));
    TRY(end_wait(transaction, object));
    TRY(put_object(transaction, object));
    if (version.number <= key.primary_version) --key.absent_versions;
  }
  if (!imported.material.public_key.empty()) {
    TRY(put_public_half(transaction, key, version, imported.material.public_key));
  }
  if (absent) version.birth = birth_of_import(transaction);
  version.material_id = imported.material_id;
  version.valid_to = terms.valid_to;
  if (terms.description) version.description = *terms.description;
  TRY(put_version(transaction, version));
  gather_expiry(key, versions);
  const bool complete = key.absent_versions == 0 && !has_expired_material(key, transaction.lifecycle_now());
  if (before == AwsKeyState::kPendingImport && complete) key.enabled = true;
  return note_change(transaction, key, before, "material-imported", absent ? "Absent" : "Present", "Present",
                     object.object_id);
}

Status add_pending_version(Transaction& transaction, Key& key, const ImportedMaterial& imported,
                           const ImportTerms& terms) {
  const std::uint32_t number = key.last_version + 1;
  NewVersion made{new_version(transaction, key, number), new_material_objects(transaction, key, number)};
  made.version.material_id = imported.material_id;
  made.version.birth = birth_of_import(transaction);
  made.version.valid_to = terms.valid_to;
  made.version.description = terms.description.value_or("");
  KeyObject& object = made.objects[0];
  object.state = {LifecycleState::kGenerated, {LifecycleReason::kAwaitingActivation}, false};
  object.activation.reset();
  TRY(wrap_into(transaction, key, object, imported.material.secret));
  TRY(put_new_version(transaction, made));
  key.last_version = number;
  key.pending_expiry = made.version.valid_to;
  TRY(transaction.add_transition(key, "", "Generated", "material-imported", object.object_id));
  return copy_pending_version(transaction, key, made);
}

Status activate_pending_version(Transaction& transaction, Key& key) {
  TRY(activate_pending(transaction, key));
  TRY_ASSIGN(const std::vector<Key> replicas, replicas_of(transaction, key));
  for (const Key& replica : replicas) {
    Key after = replica;
    TRY(supersede_primary(transaction, after));
    TRY(activate_pending(transaction, after));
    TRY(transaction.save_key(replica, after));
    add_synchronization(transaction, after);
  }
  return {};
}

Result<PendingMaterial> pending_material(Transaction& transaction, const Key& key) {
  if (key.last_version == key.primary_version) return PendingMaterial::kNone;
  const auto present = [&](const Key& one) -> Result<bool> {
    TRY_ASSIGN(const KeyObject object, get_object(transaction, one, one.last_version, 0));
    return object.presence == Presence::kPresent && has_pending_material(one, transaction.lifecycle_now());
  };
  TRY_ASSIGN(const bool here, present(key));
  if (!here) return PendingMaterial::kNone;
  if (key.replication != ReplicationRole::kPrimary) return PendingMaterial::kReady;
  TRY_ASSIGN(const std::vector<Key> replicas, replicas_of(transaction, key));
  for (const Key& replica : replicas) {
    TRY_ASSIGN(const bool there, present(replica));
    if (!there) return PendingMaterial::kMissingAtReplicas;
  }
  return PendingMaterial::kReady;
}

Status remove_material(Transaction& transaction, Key& key, std::vector<KeyVersion>& versions, std::size_t index,
                       std::string_view reason_code) {
  KeyVersion& version = versions[index];
  TRY_ASSIGN(KeyObject object, get_object(transaction, key, version.number, 0));
  if (object.presence != Presence::kPresent) return {};
  const AwsKeyState before = imported_key_state(key, false);
  const bool pending = version.number > key.primary_version;
  if (pending && key.replication != ReplicationRole::kReplica) {
    TRY(erase_pending_copies(transaction, key));
    TRY(erase_pending(transaction, key, object));
    versions.pop_back();
  } else {
    object.presence = Presence::kAbsent;
    object.material = {};
    TRY(put_object(transaction, object));
    version.valid_to.reset();
    TRY(put_version(transaction, version));
    if (!pending) ++key.absent_versions;
  }
  gather_expiry(key, versions);
  transaction.scrub();
  return note_change(transaction, key, before, reason_code, "Present", "Absent", object.object_id);
}

Status expire_material(Transaction& transaction, const Key& before, const DueEntry& due) {
  const bool pending = due.kind == DueKind::kExpirePendingMaterial;
  if ((pending ? before.pending_expiry : before.expiry) != due.when) return {};
  Key key = before;
  TRY_ASSIGN(std::vector<KeyVersion> versions, read_versions(transaction, key));
  std::size_t index = pending ? key.primary_version : 0;
  while (index < versions.size() && versions[index].valid_to != due.when) ++index;
  if (index == versions.size()) return missing(key);
  transaction.trail().parameter("keyId", key.key_id).additional("keyMaterialId", versions[index].material_id);
  TRY(remove_material(transaction, key, versions, index, "material-expired"));
  return transaction.save_key(before, key);
}

}  // namespace kagimori
