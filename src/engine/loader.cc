#include "engine/loader.h"

#include <fmt/format.h>

#include "model/arn.h"
#include "model/key_due.h"

namespace kagimori {
namespace {

tl::unexpected<Error> missing(std::string_view what, std::string_view of) {
  return fail(ErrorCode::kCorrupt,
              fmt::format("The {} of {} is missing from the store; restore it from a backup.", what, of));
}

// The memory that the material of these objects will take once it is unwrapped.
std::size_t unwrapped_bytes(const std::vector<Loaded<KeyObject>>& objects) {
  std::size_t bytes = 0;
  for (const Loaded<KeyObject>& object : objects) bytes += object.record.material.blob.size();
  return bytes;
}

Result<VersionSnapshot> load_version(RecordReader& reader, const Key& key, const KeyVersion& record,
                                     std::span<const Loaded<KeyObject>> objects) {
  VersionSnapshot version;
  version.number = record.number;
  version.material_id = record.material_id;
  for (std::size_t i = 0; i < objects.size(); ++i) {
    const KeyObject& object = objects[i].record;
    if (object.version != record.number || object.index != i) return missing("version", key.key_id);
    if (object.type == ObjectType::kSecretData) {
      TRY_ASSIGN(version.import_secret,
                 reader.keyrings().unwrap(reader.crypto(), material_binding(key, object), object.material));
      continue;
    }
    if (i > 0) {
      version.public_state = object.state;
      version.public_key = object.public_data;
      continue;
    }
    version.state = object.state;
    version.presence = object.presence;
    if (object.presence != Presence::kPresent) continue;
    TRY_ASSIGN(version.material,
               reader.keyrings().unwrap(reader.crypto(), material_binding(key, object), object.material));
  }
  return version;
}

Status load_versions(RecordReader& reader, KeySnapshot& snapshot) {
  const Key& key = snapshot.key;
  const Bytes prefix = record_key::of_key(key.account, key.row);
  TRY_ASSIGN(auto versions, reader.scan_all<KeyVersion>(key.account, Table::kVersions, prefix));
  TRY_ASSIGN(auto objects, reader.scan_all<KeyObject>(key.account, Table::kObjects, prefix));
  if (versions.size() != key.last_version) return missing("version", key.key_id);
  if (!secret_memory_has_room(2 * unwrapped_bytes(objects))) {
    return fail(
        ErrorCode::kServiceUnavailable,
        fmt::format("The memory for secrets has no room for the {} versions of key {}; raise memory.secret_bytes.",
                    versions.size(), key.key_id));
  }
  std::span<const Loaded<KeyObject>> rest = objects;
  for (std::size_t i = 0; i < versions.size(); ++i) {
    const KeyVersion& record = versions[i].record;
    if (record.number != i + 1 || record.object_count == 0 || record.object_count > rest.size()) {
      return missing("version", key.key_id);
    }
    TRY_ASSIGN(VersionSnapshot version, load_version(reader, key, record, rest.first(record.object_count)));
    snapshot.external = external_key_of(key, rest.front().record);
    rest = rest.subspan(record.object_count);
    snapshot.versions.push_back(std::move(version));
  }
  if (is_in_key_store(key.origin) && !snapshot.external) return missing("key in the store", key.key_id);
  if (!rest.empty() || snapshot.version(key.primary_version) == nullptr) return missing("version", key.key_id);
  return {};
}

// Only the primary knows where the replicas are. A replica whose primary is lost serves on, and knows of itself only.
Result<std::vector<std::string>> load_replica_regions(RecordReader& reader, const Key& key) {
  if (key.replication != ReplicationRole::kReplica) return key.replica_regions;
  TRY_ASSIGN(const auto row, reader.get<RowId>(key.account, Table::kKeyIds,
                                               record_key::key_id(key.account, key.primary_region, key.key_id)));
  if (!row) return std::vector<std::string>{key.region};
  TRY_ASSIGN(auto primary, reader.get<Key>(key.account, Table::kKeys, record_key::key(key.account, row->record)));
  if (!primary) return missing("primary", key.key_id);
  return std::move(primary->record.replica_regions);
}

}  // namespace

const VersionSnapshot* KeySnapshot::version(std::uint32_t number) const {
  return number >= 1 && number <= versions.size() ? &versions[number - 1] : nullptr;
}

AwsKeyState KeySnapshot::state() const {
  const bool expired = key.expiry && has_expired_material(key, lifecycle_clock->now());
  return aws_key_state(key, primary().state, primary().presence, expired);
}

Result<std::shared_ptr<const CompiledPolicy>> compile_key_policy(const KeyPolicy& policy) {
  PrincipalBindings bindings;
  for (const auto& [arn, unique_id] : policy.bindings) bindings.emplace(arn, unique_id);
  return CompiledPolicy::compile(policy.text, PolicyKind::kKey, bindings);
}

Result<std::vector<std::string>> load_alias_names(RecordReader& reader, const Key& key) {
  std::vector<std::string> names;
  if (key.alias_count == 0) return names;
  TRY_ASSIGN(auto aliases,
             reader.scan_all<Bytes>(key.account, Table::kKeyAliases, record_key::of_key(key.account, key.row)));
  for (const Loaded<Bytes>& alias : aliases) names.emplace_back(as_text(alias.record));
  return names;
}

Result<std::shared_ptr<const KeySnapshot>> load_key(RecordReader& reader, const Clock& lifecycle_clock,
                                                    std::string_view account, std::string_view region,
                                                    std::string_view key_id) {
  using Answer = std::shared_ptr<const KeySnapshot>;
  TRY_ASSIGN(auto row, reader.get<RowId>(account, Table::kKeyIds, record_key::key_id(account, region, key_id)));
  if (!row) return Answer{};
  TRY_ASSIGN(auto key, reader.get<Key>(account, Table::kKeys, record_key::key(account, row->record)));
  if (!key) return missing("record", key_id);
  auto snapshot = std::make_shared<KeySnapshot>();
  snapshot->key = std::move(key->record);
  snapshot->lifecycle_clock = &lifecycle_clock;
  snapshot->arn = key_arn(region, account, key_id);
  TRY_ASSIGN(auto policy,
             reader.get<KeyPolicy>(account, Table::kKeyPolicies,
                                   record_key::key_policy(account, row->record, snapshot->key.policy_version)));
  if (!policy) return missing("policy", key_id);
  TRY_ASSIGN(snapshot->policy, compile_key_policy(policy->record));
  TRY_ASSIGN(snapshot->aliases, load_alias_names(reader, snapshot->key));
  TRY(load_versions(reader, *snapshot));
  TRY_ASSIGN(snapshot->replica_regions, load_replica_regions(reader, snapshot->key));
  TRY_ASSIGN(auto limit, reader.get<UsageLimit>(account, Table::kUsageLimits, record_key::key(account, row->record)));
  if (limit) snapshot->usage_limit = std::move(limit->record);
  return Answer(std::move(snapshot));
}

Result<std::shared_ptr<const KeyStoreSnapshot>> load_key_store(RecordReader& reader, std::string_view account,
                                                               std::string_view region, std::string_view store_id) {
  using Answer = std::shared_ptr<const KeyStoreSnapshot>;
  TRY_ASSIGN(auto record, reader.get<CustomKeyStore>(account, Table::kCustomKeyStores,
                                                     record_key::custom_key_store(account, region, store_id)));
  if (!record) return Answer{};
  auto snapshot = std::make_shared<KeyStoreSnapshot>();
  snapshot->record = std::move(record->record);
  TRY_ASSIGN(snapshot->secret,
             reader.keyrings().unwrap(reader.crypto(), material_binding(snapshot->record), snapshot->record.secret));
  return Answer(std::move(snapshot));
}

Result<std::optional<Alias>> load_alias(RecordReader& reader, std::string_view account, std::string_view region,
                                        std::string_view name) {
  TRY_ASSIGN(auto alias, reader.get<Alias>(account, Table::kAliases, record_key::alias(account, region, name)));
  if (!alias) return std::optional<Alias>{};
  return std::optional(std::move(alias->record));
}

}  // namespace kagimori
