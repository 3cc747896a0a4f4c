#pragma once

#include <memory>

#include "engine/key_lookup.h"

namespace kagimori {

// The keys of custom key stores in use. Of an external key store (AWS KMS developer guide, "How external key stores
// work"): what is encrypted with the KMS key's own material is encrypted once more by the external key, behind its
// proxy. Of an HSM: the key there does all of it.

// A use of such a key that has been authorised, ready for a thread that may block. Refers to nothing of the worker.
class ExternalUse {
 public:
  ExternalUse(std::shared_ptr<const KeySnapshot> key, std::shared_ptr<const KeyStoreSnapshot> store)
      : key_(std::move(key)), store_(std::move(store)) {}
  virtual ~ExternalUse() = default;
  ExternalUse(const ExternalUse&) = delete;
  ExternalUse& operator=(const ExternalUse&) = delete;

  const std::shared_ptr<const KeySnapshot>& key() const { return key_; }
  const std::shared_ptr<const KeyStoreSnapshot>& store() const { return store_; }

  // A ciphertext of the key's suite. kInvalidState for all that is wrong outside.
  virtual Result<Bytes> seal(CryptoContext& crypto, RandomSource& random, ByteView plaintext,
                             ByteView canonical_context) const = 0;
  // The way back; also kInvalidCiphertext.
  virtual Result<SecretBytes> open(CryptoContext& crypto, ByteView ciphertext, ByteView canonical_context) const = 0;

 protected:
  const KeySnapshot& snapshot() const { return *key_; }
  const CustomKeyStore& record() const { return store_->record; }

 private:
  std::shared_ptr<const KeySnapshot> key_;
  std::shared_ptr<const KeyStoreSnapshot> store_;
};

// The suite of a key's ciphertexts.
std::uint8_t ciphertext_suite(const Key& key);

// What the key is to the request: names it and its store on the trail.
enum class ExternalSide : std::uint8_t { kOnly, kSource, kDestination };
// Null for a key of no custom key store. kInvalidState unless the store is connected; kCacheMiss.
Result<std::shared_ptr<const ExternalUse>> external_use(Engine& engine, const Caller& caller, Trail& trail,
                                                        const CachedKey& key, ExternalSide side = ExternalSide::kOnly);

}  // namespace kagimori
