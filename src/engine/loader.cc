#include "engine/loader.h"

#include <fmt/format.h>

#include "model/arn.h"

namespace kagimori {
namespace {

constexpr std::size_t kUnwrappedBytes = 32;  // what a version takes of the memory for secrets

tl::unexpected<Error> missing(std::string_view what, std::string_view of) {
  return fail(ErrorCode::kCorrupt,
              fmt::format("The {} of {} is missing from the store; restore it from a backup.", what, of));
}

Status load_versions(RecordReader& reader, KeySnapshot& snapshot) {
  const Key& key = snapshot.key;
  const Bytes prefix = record_key::of_key(key.account, key.row);
  TRY_ASSIGN(auto versions, reader.scan_all<KeyVersion>(key.account, Table::kVersions, prefix));
  TRY_ASSIGN(auto objects, reader.scan_all<KeyObject>(key.account, Table::kObjects, prefix));
  if (versions.size() != key.last_version || objects.size() != key.last_version) return missing("version", key.key_id);
  if (!secret_memory_has_room(2 * kUnwrappedBytes * objects.size())) {
    return fail(
        ErrorCode::kServiceUnavailable,
        fmt::format("The memory for secrets has no room for the {} versions of key {}; raise memory.secret_bytes.",
                    objects.size(), key.key_id));
  }
  for (std::size_t i = 0; i < versions.size(); ++i) {
    const KeyObject& object = objects[i].record;
    VersionSnapshot version;
    version.number = versions[i].record.number;
    version.material_id = versions[i].record.material_id;
    version.state = object.state;
    version.presence = object.presence;
    if (version.number != i + 1 || object.version != version.number) return missing("version", key.key_id);
    if (object.presence == Presence::kPresent) {
      TRY_ASSIGN(version.material,
                 reader.keyrings().unwrap(reader.crypto(), material_binding(key, object), object.material));
    }
    snapshot.versions.push_back(std::move(version));
  }
  if (snapshot.version(key.primary_version) == nullptr) return missing("primary version", key.key_id);
  return {};
}

}  // namespace

const VersionSnapshot* KeySnapshot::version(std::uint32_t number) const {
  return number >= 1 && number <= versions.size() ? &versions[number - 1] : nullptr;
}

AwsKeyState KeySnapshot::state() const { return aws_key_state(key, primary().state, primary().presence); }

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

Result<std::shared_ptr<const KeySnapshot>> load_key(RecordReader& reader, std::string_view account,
                                                    std::string_view region, std::string_view key_id) {
  using Answer = std::shared_ptr<const KeySnapshot>;
  TRY_ASSIGN(auto row, reader.get<RowId>(account, Table::kKeyIds, record_key::key_id(account, region, key_id)));
  if (!row) return Answer{};
  TRY_ASSIGN(auto key, reader.get<Key>(account, Table::kKeys, record_key::key(account, row->record)));
  if (!key) return missing("record", key_id);
  auto snapshot = std::make_shared<KeySnapshot>();
  snapshot->key = std::move(key->record);
  snapshot->arn = key_arn(region, account, key_id);
  TRY_ASSIGN(auto policy,
             reader.get<KeyPolicy>(account, Table::kKeyPolicies,
                                   record_key::key_policy(account, row->record, snapshot->key.policy_version)));
  if (!policy) return missing("policy", key_id);
  TRY_ASSIGN(snapshot->policy, compile_key_policy(policy->record));
  TRY_ASSIGN(snapshot->aliases, load_alias_names(reader, snapshot->key));
  TRY(load_versions(reader, *snapshot));
  return Answer(std::move(snapshot));
}

Result<std::optional<Alias>> load_alias(RecordReader& reader, std::string_view account, std::string_view region,
                                        std::string_view name) {
  TRY_ASSIGN(auto alias, reader.get<Alias>(account, Table::kAliases, record_key::alias(account, region, name)));
  if (!alias) return std::optional<Alias>{};
  return std::optional(std::move(alias->record));
}

}  // namespace kagimori
