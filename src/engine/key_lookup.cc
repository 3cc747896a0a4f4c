#include "engine/key_lookup.h"

#include <fmt/format.h>

#include "engine/cache_key.h"
#include "engine/named_key.h"

namespace kagimori {
namespace {

Error unknown_key(const Caller& caller, std::string_view owner, std::string_view arn, std::string_view action) {
  if (owner == caller.identity->account()) return {ErrorCode::kNotFound, fmt::format("Key '{}' does not exist", arn)};
  // Whether another account has such a key is not for the caller to learn.
  return {ErrorCode::kAccessDenied,
          access_denied_message(DecisionReason::kNoResourceAllow, caller.identity->arn, action, arn)};
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

Result<CacheEntry*> find_cached_key_id(Engine& engine, EngineWorker& worker, std::string_view account,
                                       std::string_view key_id) {
  return worker.need(cache_key::key(account, engine.settings().region, key_id));
}

Result<CachedKey> find_cached_key(Engine& engine, EngineWorker& worker, const Caller& caller, Trail& trail,
                                  std::string_view reference_text, std::string_view action) {
  TRY_ASSIGN(const KeyReference reference, parse_named_key(trail, reference_text));
  const std::string& region = engine.settings().region;
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
  TRY_ASSIGN(found.entry, find_cached_key_id(engine, worker, owner, key_id));
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

Status check_use(const CachedKey& key, const KeyUse& use) {
  const KeySnapshot& snapshot = key.snapshot();
  if (snapshot.key.type.construction != Construction::kEnvelope) {
    return fail(ErrorCode::kInvalidKeyUsage,
                fmt::format("{} key usage is {} which is not valid for {}.", snapshot.arn,
                            aws_key_usage(snapshot.key.type), kms_operation_name(use.operation)));
  }
  TRY(check_key_state(use.operation, snapshot.state(), snapshot.arn));
  if (lifecycle_permits(snapshot.primary().state, use.purpose) != Permission::kYes) {
    return fail(ErrorCode::kInvalidState,
                fmt::format("{} is {}.", snapshot.arn, lifecycle_state_name(snapshot.primary().state.state)));
  }
  return {};
}

Result<MessageKey*> message_key(EngineWorker& worker, const CachedKey& key, std::uint32_t number) {
  const VersionSnapshot* const version = key.snapshot().version(number);
  if (version == nullptr) return fail(ErrorCode::kInvalidCiphertext);
  if (version->presence != Presence::kPresent) {
    return fail(ErrorCode::kInvalidState, fmt::format("{} is unavailable.", key.snapshot().arn));
  }
  std::optional<MessageKey>& slot = key.entry->message_keys[number - 1];
  if (!slot) {
    TRY_ASSIGN(MessageKey made, MessageKey::create(*worker.crypto, version->material.expose()));
    slot.emplace(std::move(made));
  }
  return &*slot;
}

}  // namespace kagimori
