#include "engine/key_lookup.h"

#include <fmt/format.h>

#include "engine/cache_key.h"
#include "engine/key_material.h"
#include "engine/named_key.h"

namespace kagimori {
namespace {

Error unknown_key(const Caller& caller, std::string_view owner, std::string_view arn, std::string_view action) {
  if (owner == caller.identity->account()) return {ErrorCode::kNotFound, fmt::format("Key '{}' does not exist", arn)};
  // Whether another account has such a key is not for the caller to learn.
  return {ErrorCode::kAccessDenied,
          access_denied_message(DecisionReason::kNoResourceAllow, caller.identity->arn, action, arn)};
}

Error unavailable(const KeySnapshot& snapshot) {
  return {ErrorCode::kInvalidState, fmt::format("{} is unavailable.", snapshot.arn)};
}
// The grants of a key for one use of it, in the worker's cache.
class CachedGrants final : public GrantSource {
 public:
  CachedGrants(const CachedKey& key, const KeyUse& use) : key_(key), use_(use) {}

  Result<bool> allows(std::string_view identity) override {
    const auto operation = grant_operation_of_action(use_.action);
    if (!operation) return false;
    const Key& key = key_.snapshot().key;
    TRY_ASSIGN(const CacheEntry* const entry, key_.worker->need(cache_key::grants(key.account, key.row, identity)));
    return entry->grants->allow(*operation, {use_.facts.encryption_context, {}});
  }

 private:
  const CachedKey& key_;
  const KeyUse& use_;
};

}  // namespace

Result<CacheEntry*> find_cached_key_id(EngineWorker& worker, const Caller& caller, std::string_view account,
                                       std::string_view key_id) {
  return worker.need(cache_key::key(account, caller.region, key_id));
}

Result<CachedKey> find_cached_key(Engine& /*engine*/, EngineWorker& worker, const Caller& caller, Trail& trail,
                                  std::string_view reference_text, std::string_view action) {
  TRY_ASSIGN(const KeyReference reference, parse_named_key(trail, reference_text));
  const std::string& region = caller.region;
  if (!reference.region.empty() && reference.region != region) {
    return fail(ErrorCode::kNotFound, fmt::format("Invalid arn {}", reference.region));
  }
  const std::string_view owner =
      reference.account.empty() ? std::string_view(caller.identity->account()) : reference.account;
  CachedKey found;
  found.worker = &worker;
  std::string key_id(reference.name);
  if (reference.is_alias()) {
    TRY_ASSIGN(const CacheEntry* const alias, worker.need(cache_key::alias(owner, region, reference.name)));
    if (alias->alias_target.empty()) {
      const std::string arn = alias_arn(region, owner, reference.name);
      if (owner != caller.identity->account()) return fail(unknown_key(caller, owner, arn, action));
      return fail(ErrorCode::kNotFound, fmt::format("Alias {} is not found.", arn));
    }
    key_id = alias->alias_target;
    found.request_alias = reference.name;
    if (owner != caller.identity->account()) found.shown_arn = alias_arn(region, owner, reference.name);
  }
  const std::string arn = key_arn(region, owner, key_id);
  trail.resource(arn);
  TRY_ASSIGN(found.entry, find_cached_key_id(worker, caller, owner, key_id));
  if (found.entry->key == nullptr || aws_key_spec(found.entry->key->key.type).empty()) {
    return fail(unknown_key(caller, owner, arn, action));
  }
  return found;
}

Status authorize_use(const Caller& caller, const CachedKey& key, const KeyUse& use) {
  RequestFacts facts = use.facts;
  facts.request_alias = key.request_alias;
  const AccessKeyTarget target = key.target();
  CachedGrants grants(key, use);
  return authorize(caller, {use.action, target.arn, &target, true, facts, key.shown_arn, &grants});
}

Result<std::shared_ptr<const KeyStoreSnapshot>> key_store_of(const CachedKey& key) {
  const KeySnapshot& snapshot = key.snapshot();
  const std::string& id = snapshot.external->store_id;
  TRY_ASSIGN(const CacheEntry* const entry,
             key.worker->need(cache_key::key_store(snapshot.key.account, snapshot.key.region, id)));
  if (entry->key_store == nullptr) {
    return fail(ErrorCode::kCorrupt,
                fmt::format("The custom key store {} of {} is missing from the store.", id, snapshot.arn));
  }
  return entry->key_store;
}

Result<AwsKeyState> state_of(const CachedKey& key) {
  const KeySnapshot& snapshot = key.snapshot();
  if (!snapshot.external) return snapshot.state();
  TRY_ASSIGN(const auto store, key_store_of(key));
  if (!store->record.is_disconnected()) return snapshot.state();
  return aws_key_state(snapshot.key, snapshot.primary().state, Presence::kAbsent);
}

namespace {

// Who tries to use a key that is to be destroyed will miss it; who uses one that others may know should not.
void note_unusable(Trail& trail, const KeySnapshot& snapshot, AwsKeyState key_state, const ObjectState& state) {
  if (snapshot.key.deletion_date || snapshot.key.pending_window_days > 0) {
    trail.unusable_key(snapshot.arn, aws_key_state_name(key_state));
  } else if (state.reasons.has(LifecycleReason::kCompromised)) {
    trail.unusable_key(snapshot.arn, "Compromised");
  }
}

}  // namespace

Status check_use(Trail& trail, const CachedKey& key, const KeyUse& use) {
  const KeySnapshot& snapshot = key.snapshot();
  const KeyType& type = snapshot.key.type;
  if (aws_key_usage(type) != use.usage) {
    return fail(ErrorCode::kInvalidKeyUsage, fmt::format("{} key usage is {} which is not valid for {}.", snapshot.arn,
                                                         aws_key_usage(type), kms_operation_name(use.operation)));
  }
  if (!use.algorithm.empty() && !has_aws_algorithm(type, use.algorithm)) {
    return fail(ErrorCode::kInvalidKeyUsage,
                fmt::format("Algorithm {} is incompatible with key spec {}.", use.algorithm, aws_key_spec(type)));
  }
  TRY_ASSIGN(const AwsKeyState key_state, state_of(key));
  const VersionSnapshot& primary = snapshot.primary();
  const ObjectState& state = use.public_half && !primary.public_key.empty() ? primary.public_state : primary.state;
  note_unusable(trail, snapshot, key_state, state);
  TRY(check_key_state(use.operation, key_state, snapshot.arn));
  if (lifecycle_permits(state, use.purpose) != Permission::kYes) {
    return fail(ErrorCode::kInvalidState, fmt::format("{} is {}.", snapshot.arn, lifecycle_state_name(state.state)));
  }
  constexpr std::size_t kService = std::string_view("kms:").size();
  trail.used({snapshot.key.account, snapshot.key.row, use.action.substr(kService), primary.number, use.bytes});
  return {};
}

Status take_allowance(const CachedKey& key, std::size_t bytes) {
  const KeySnapshot& snapshot = key.snapshot();
  if (!snapshot.usage_limit) return {};
  const std::uint32_t version = snapshot.key.primary_version;
  const std::string name = cache_key::allowance(snapshot.key.account, snapshot.key.row, version);
  Allowances::Answer answer = key.worker->allowances.take(name, *snapshot.usage_limit, bytes);
  switch (answer.taken) {
    case Allowances::Taken::kYes:
      return {};
    case Allowances::Taken::kMoreIsNeeded:
      key.worker->missing = std::move(answer.needed);
      return fail(ErrorCode::kCacheMiss, "Not reserved.");
    case Allowances::Taken::kLimitReached:
      break;
  }
  return fail(ErrorCode::kInvalidState,
              fmt::format("{} has reached its usage limit with version {}. Rotate the key, or call "
                          "Kagimori.PutKeyUsageLimit with a higher limit.",
                          snapshot.arn, version));
}

Status require_material(const CachedKey& key, const VersionSnapshot& version) {
  if (version.presence == Presence::kPresent || version.presence == Presence::kExternal) return {};
  return fail(unavailable(key.snapshot()));
}

Result<MessageKey*> message_key(EngineWorker& worker, const CachedKey& key, std::uint32_t number) {
  const VersionSnapshot* const version = key.snapshot().version(number);
  if (version == nullptr) return fail(ErrorCode::kInvalidCiphertext);
  if (version->presence != Presence::kPresent) return fail(unavailable(key.snapshot()));
  std::optional<MessageKey>& slot = key.entry->keyed[number - 1].message_key;
  if (!slot) {
    TRY_ASSIGN(MessageKey made, MessageKey::create(*worker.crypto, version->material.expose()));
    slot.emplace(std::move(made));
  }
  return &*slot;
}

Result<std::shared_ptr<const PrivateKey>> private_key(EngineWorker& worker, const CachedKey& key) {
  TRY(require_material(key));
  const VersionSnapshot& version = key.snapshot().primary();
  auto& slot = key.entry->keyed[version.number - 1].private_key;
  if (slot == nullptr) {
    const auto spec = key_pair_spec(key.snapshot().key.type);
    TRY_ASSIGN(PrivateKey made, PrivateKey::from_parameters(*worker.crypto, *spec, version.material.expose()));
    slot = std::make_shared<const PrivateKey>(std::move(made));
  }
  return slot;
}

Result<std::shared_ptr<const PublicKey>> public_key(EngineWorker& worker, const CachedKey& key) {
  const VersionSnapshot& version = key.snapshot().primary();
  if (version.public_key.empty()) return fail(unavailable(key.snapshot()));
  auto& slot = key.entry->keyed[version.number - 1].public_key;
  if (slot == nullptr) {
    const auto spec = key_pair_spec(key.snapshot().key.type);
    TRY_ASSIGN(PublicKey made, PublicKey::from_spki(*worker.crypto, *spec, version.public_key));
    slot = std::make_shared<const PublicKey>(std::move(made));
  }
  return slot;
}

}  // namespace kagimori
