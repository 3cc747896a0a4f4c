#include "engine/replica_material.h"

#include <map>

#include "engine/related_keys.h"
#include "model/arn.h"
#include "seal/material_binding.h"

namespace kagimori {
namespace {

bool protects(const KeyObject& object) {
  return object.state.state == LifecycleState::kActivated || object.state.state == LifecycleState::kGenerated;
}

// The object as a related key has it, but for its wrapped material.
KeyObject copy_of(const KeyObject& object, const Key& to, const std::map<std::string, std::string>& ids,
                  bool awaits_activation) {
  KeyObject copy = object;
  copy.row = to.row;
  copy.object_id = ids.at(object.object_id);
  copy.material = {};
  for (ObjectLink& link : copy.links) {
    if (const auto found = ids.find(link.target); found != ids.end()) link.target = found->second;
  }
  if (object.type == ObjectType::kSecretData) return copy;  // the import secret, which related keys share
  ReasonSet awaits;
  if (to.origin == KeyOrigin::kImported) {
    copy.presence = Presence::kAbsent;
    copy.public_data.clear();
    awaits = awaits.with(LifecycleReason::kAwaitingImport);
  }
  if (object.state.reasons.has(LifecycleReason::kAwaitingActivation)) awaits_activation = true;
  if (awaits_activation) awaits = awaits.with(LifecycleReason::kAwaitingActivation);
  if (protects(object) && !awaits.empty()) copy.state = {LifecycleState::kGenerated, awaits, false};
  return copy;
}

Status copy_object(Transaction& transaction, const Key& from, const KeyObject& object, const Key& to, KeyObject copy) {
  if (copy.presence == Presence::kPresent && !object.material.blob.empty()) {
    TRY_ASSIGN(const SecretBytes material,
               transaction.keyrings().unwrap(transaction.crypto(), material_binding(from, object), object.material));
    TRY_ASSIGN(copy.material,
               transaction.keyrings().wrap(transaction.crypto(), material_binding(to, copy), material.expose()));
  }
  TRY(transaction.put_new(copy.account, Table::kObjects,
                          record_key::object(copy.account, copy.row, copy.version, copy.index), encode(copy)));
  return transaction.put_new(copy.account, Table::kObjectIds, record_key::object_id(copy.account, copy.object_id),
                             encode_row(copy.row));
}

Status copy_version(Transaction& transaction, const Key& from, const NewVersion& made, const Key& to) {
  KeyVersion version = made.version;
  version.row = to.row;
  version.copies.clear();
  version.valid_to.reset();  // each of the related keys has imports and dates of its own
  TRY(transaction.put_new(to.account, Table::kVersions, record_key::version(to.account, to.row, version.number),
                          encode(version)));
  std::map<std::string, std::string> ids;
  for (const KeyObject& object : made.objects) ids[object.object_id] = make_uuid(transaction.random());
  for (const KeyObject& object : made.objects) {
    TRY(copy_object(transaction, from, object, to, copy_of(object, to, ids, is_being_created(to))));
  }
  return {};
}

Result<std::vector<NewVersion>> versions_of(Transaction& transaction, const Key& key) {
  const Bytes prefix = record_key::of_key(key.account, key.row);
  TRY_ASSIGN(auto versions, transaction.scan_all<KeyVersion>(key.account, Table::kVersions, prefix));
  TRY_ASSIGN(auto objects, transaction.scan_all<KeyObject>(key.account, Table::kObjects, prefix));
  std::vector<NewVersion> all;
  for (Loaded<KeyVersion>& version : versions) {
    NewVersion& one = all.emplace_back(NewVersion{std::move(version.record), {}});
    for (Loaded<KeyObject>& object : objects) {
      if (object.record.version == one.version.number) one.objects.push_back(std::move(object.record));
    }
  }
  return all;
}

Status put_version(Transaction& transaction, const KeyVersion& version) {
  return transaction.put(version.account, Table::kVersions,
                         record_key::version(version.account, version.row, version.number), encode(version));
}

}  // namespace

CopyEntry copy_in(const Transaction& transaction, const Key& key, std::string_view region) {
  return {CopyEntry::Kind::kReplica, key_arn(region, key.account, key.key_id), transaction.lifecycle_now(),
          std::nullopt};
}

Status copy_all_versions(Transaction& transaction, const Key& primary, const Key& replica) {
  TRY_ASSIGN(const std::vector<NewVersion> versions, versions_of(transaction, primary));
  for (const NewVersion& version : versions) TRY(copy_version(transaction, primary, version, replica));
  if (replica.origin == KeyOrigin::kImported) return {};
  return note_copies(transaction, primary, {replica.region});
}

Status copy_rotation(Transaction& transaction, const Key& primary, const KeyObject& superseded,
                     const NewVersion& made) {
  TRY_ASSIGN(const std::vector<Key> replicas, replicas_of(transaction, primary));
  for (const Key& replica : replicas) {
    TRY_ASSIGN(auto object, transaction.get<KeyObject>(replica.account, Table::kObjects,
                                                       record_key::object(replica.account, replica.row,
                                                                          superseded.version, superseded.index)));
    if (!object) return fail(ErrorCode::kCorrupt, "A version of a replica is missing from the store.");
    object->state = superseded.state;
    object->deactivation = superseded.deactivation;
    TRY(put_object(transaction, *object));
    TRY(copy_version(transaction, primary, made, replica));
    Key after = replica;
    after.primary_version = after.last_version = made.version.number;
    TRY(transaction.save_key(replica, after));
    add_synchronization(transaction, after);
  }
  return {};
}

Status copy_pending_version(Transaction& transaction, const Key& primary, const NewVersion& made) {
  TRY_ASSIGN(const std::vector<Key> replicas, replicas_of(transaction, primary));
  for (const Key& replica : replicas) {
    TRY(copy_version(transaction, primary, made, replica));
    Key after = replica;
    after.last_version = made.version.number;
    TRY(transaction.save_key(replica, after));
    add_synchronization(transaction, after);
  }
  return {};
}

Status activate_copies(Transaction& transaction, const Key& replica) {
  TRY_ASSIGN(auto objects, transaction.scan_all<KeyObject>(replica.account, Table::kObjects,
                                                           record_key::of_key(replica.account, replica.row)));
  for (Loaded<KeyObject>& object : objects) {
    const bool pending = object.record.version > replica.primary_version;  // imported material that awaits rotation
    if (pending || !object.record.state.reasons.has(LifecycleReason::kAwaitingActivation)) continue;
    TRY_ASSIGN(object.record.state, lifecycle_apply(object.record.state, LifecycleEvent::kActivate));
    TRY(put_object(transaction, object.record));
  }
  return {};
}

Status note_copies(Transaction& transaction, const Key& key, const std::vector<std::string>& regions) {
  TRY_ASSIGN(auto versions,
             transaction.scan_all<KeyVersion>(key.account, Table::kVersions, record_key::of_key(key.account, key.row)));
  for (Loaded<KeyVersion>& version : versions) {
    for (const std::string& region : regions) {
      version.record.copies.push_back(copy_in(transaction, key, region));
    }
    TRY(put_version(transaction, version.record));
  }
  return {};
}

Status note_end_of_copies(Transaction& transaction, const Key& key, std::string_view region) {
  const std::string where = key_arn(region, key.account, key.key_id);
  TRY_ASSIGN(auto versions,
             transaction.scan_all<KeyVersion>(key.account, Table::kVersions, record_key::of_key(key.account, key.row)));
  for (Loaded<KeyVersion>& version : versions) {
    bool changed = false;
    for (CopyEntry& copy : version.record.copies) {
      if (copy.kind != CopyEntry::Kind::kReplica || copy.where != where || copy.horizon) continue;
      copy.horizon = transaction.lifecycle_now();
      changed = true;
    }
    if (changed) TRY(put_version(transaction, version.record));
  }
  return {};
}

}  // namespace kagimori
