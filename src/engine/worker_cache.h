#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/secret.h"
#include "crypto/private_key.h"
#include "engine/grant_rights.h"
#include "engine/identity_snapshot.h"
#include "engine/key_snapshot.h"
#include "engine/key_store_snapshot.h"
#include "engine/recipient.h"
#include "seal/ciphertext.h"

namespace kagimori {

// A signing key derived from the secret of an identity; lives and dies with its cache entry.
struct DerivedSigningKey {
  std::string date, region, service;
  SecretBytes key;
};

// What a worker keeps of one version of a key, ready for use: made on first use.
struct KeyedVersion {
  std::optional<MessageKey> message_key;          // of symmetric encryption keys
  std::shared_ptr<const PrivateKey> private_key;  // of pairs; the pool shares them
  std::shared_ptr<const PublicKey> public_key;
};

// One cached truth: an identity, a key, an alias, a custom key store, what authenticates the tokens of a grant, or that
// there is none of that name; what the grants for a key allow to somebody, be it nothing; or the recipient of an
// attestation document, or what is wrong with that.
struct CacheEntry {
  std::string name;
  std::shared_ptr<const IdentitySnapshot> identity;
  std::uint64_t identity_seen = 0;  // up to where OwnerDrops has been looked at for it
  Timestamp use_noted;              // when AccessKeyUses last heard of it
  std::string_view use_service;     // and for which service
  std::vector<DerivedSigningKey> signing_keys;
  std::shared_ptr<const KeySnapshot> key;
  std::vector<KeyedVersion> keyed;  // by version - 1
  std::string alias_target;         // key id; empty if the alias does not exist
  std::shared_ptr<const KeyStoreSnapshot> key_store;
  std::shared_ptr<const GrantRights> grants;
  Bytes grant_token_key;  // empty if the grant does not exist
  std::shared_ptr<const AttestedRecipient> recipient;
  std::string recipient_fault;  // why there is none

  bool is_absence() const {
    return identity == nullptr && key == nullptr && alias_target.empty() && key_store == nullptr && grants == nullptr &&
           grant_token_key.empty() && recipient == nullptr;
  }
  std::size_t secret_bytes() const;  // of the memory for secrets, once everything is derived
  void supersede() const;            // tells who still holds what is cached here that it is an older truth
};

// The bounded cache of one worker, least recently used first out; also bounded by the secret memory that its entries
// take (a few of them are kept whatever they take, or a request might never find all that it needs). What is not there
// goes first of all, used or not: else whoever asks for made-up names would empty the cache. One thread; no lock.
class WorkerCache {
 public:
  explicit WorkerCache(std::size_t capacity, std::size_t secret_bytes = std::size_t{1} << 20)
      : capacity_(capacity < 16 ? 16 : capacity), secret_capacity_(secret_bytes) {}

  // Null on a miss. The pointer is good until the next insert or erase.
  CacheEntry* find(std::string_view name);
  CacheEntry* insert(CacheEntry entry);
  void erase(std::string_view name);
  void clear();
  std::size_t size() const { return entries_.size(); }
  // Of find(), since the start.
  std::uint64_t hits() const { return hits_; }
  std::uint64_t misses() const { return misses_; }

 private:
  void drop(std::list<CacheEntry>::iterator entry);

  // Identity, two keys and their aliases, grants to three identities for each key, ten grant tokens, and some more.
  static constexpr std::size_t kFew = 24;

  std::size_t capacity_;
  std::size_t secret_capacity_;
  std::size_t secret_bytes_ = 0;
  std::uint64_t hits_ = 0, misses_ = 0;
  std::list<CacheEntry> entries_;                                                  // most recently used first
  std::unordered_map<std::string_view, std::list<CacheEntry>::iterator> by_name_;  // views into the entries
};

}  // namespace kagimori
