#pragma once

#include <string>
#include <string_view>

#include "engine/engine.h"
#include "model/key_state.h"

namespace kagimori {

// A key that a request named, found in the worker's cache. The entry is good until the worker's cache changes, so no
// longer than the verb's call.
struct CachedKey {
  CacheEntry* entry = nullptr;
  EngineWorker* worker = nullptr;  // whose cache it is in
  std::string request_alias;       // by which it was named, if it was
  std::string shown_arn;           // what a refusal calls it; empty: its own ARN, which the caller knows

  const KeySnapshot& snapshot() const { return *entry->key; }
  AccessKeyTarget target() const {
    const KeySnapshot& s = snapshot();
    return {&s.key, s.arn, s.policy.get(), s.aliases};
  }
};

// All identifier forms. Errors as AWS words them (NotFound, InvalidArn; AccessDenied for what another account does not
// have), or kCacheMiss. `action` is for the sentence only.
Result<CachedKey> find_cached_key(Engine& engine, EngineWorker& worker, const Caller& caller, Trail& trail,
                                  std::string_view reference, std::string_view action);
// By account and key id in the caller's region; entry->key is null when there is none.
Result<CacheEntry*> find_cached_key_id(EngineWorker& worker, const Caller& caller, std::string_view account,
                                       std::string_view key_id);

// Authorisation, usage, algorithm, state and lifecycle of one use of a key: everything but the cryptography.
struct KeyUse {
  KmsOperation operation;
  std::string_view action;  // "kms:Encrypt"
  Purpose purpose;
  RequestFacts facts;
  std::string_view usage = "ENCRYPT_DECRYPT";  // that the key must have
  std::string_view algorithm = {};             // that the key must offer; empty: the operation has no choice
  bool public_half = false;                    // the public key does it, where the key is a pair
  std::size_t bytes = 0;                       // that are given to the key (docs/usage.md)
};
// kAccessDenied, or kCacheMiss where grants decide.
Status authorize_use(const Caller& caller, const CachedKey& key, const KeyUse& use);
// The last of the checks; puts the key on the trail as one that is used.
Status check_use(Trail& trail, const CachedKey& key, const KeyUse& use);

// Takes one protecting use on so many bytes from what the key's usage limit leaves, where it has one; the last step
// before the cryptography. kCacheMiss where more must be reserved first, kInvalidState when the limit is reached.
Status take_allowance(const CachedKey& key, std::size_t bytes);

// The custom key store of a key that is in one (KeySnapshot::external).
Result<std::shared_ptr<const KeyStoreSnapshot>> key_store_of(const CachedKey& key);
// The state of a key, its store's connection considered; kCacheMiss.
Result<AwsKeyState> state_of(const CachedKey& key);

// kInvalidState unless the version's material is there, or in the key's HSM.
Status require_material(const CachedKey& key, const VersionSnapshot& version);
inline Status require_material(const CachedKey& key) { return require_material(key, key.snapshot().primary()); }

// The keyed context of a version of a symmetric encryption key; kInvalidCiphertext when the key has no such version,
// kInvalidState when its material is not present.
Result<MessageKey*> message_key(EngineWorker& worker, const CachedKey& key, std::uint32_t number);
// The primary version's halves of a pair, for use on any thread.
Result<std::shared_ptr<const PrivateKey>> private_key(EngineWorker& worker, const CachedKey& key);
Result<std::shared_ptr<const PublicKey>> public_key(EngineWorker& worker, const CachedKey& key);

}  // namespace kagimori
