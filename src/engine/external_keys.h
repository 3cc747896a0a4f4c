#pragma once

#include <chrono>
#include <memory>

#include "engine/key_lookup.h"
#include "engine/xks_proxy.h"

namespace kagimori {

// The second encryption of keys in an external key store (AWS KMS developer guide, "How external key stores work"):
// what is encrypted with the KMS key's own material is encrypted once more by the external key, behind its proxy.

// A use of such a key that has been authorised, ready for a thread that may block. Refers to nothing of the worker.
struct ExternalUse {
  std::shared_ptr<const KeySnapshot> key;
  std::shared_ptr<const KeyStoreSnapshot> store;
  OutgoingHttp* http = nullptr;
  const Clock* clock = nullptr;
  XksRequestMetadata metadata;
  std::chrono::steady_clock::time_point begin_by;  // who has waited longer is told so, and the proxy is left alone

  // A ciphertext of suite 1, encrypted by the external key: one of suite 2. kInvalidState for all that is wrong with
  // the proxy.
  Result<Bytes> seal(CryptoContext& crypto, ByteView inner, ByteView canonical_context) const;
  // The way back; also kInvalidCiphertext.
  Result<Bytes> open(CryptoContext& crypto, ByteView outer, ByteView canonical_context) const;

 private:
  XksProxy proxy() const;
  tl::unexpected<Error> refused(XksFault fault) const;
  Status check_size(ByteView canonical_context) const;
};

// What the key is to the request: names store and external key on the trail.
enum class ExternalSide : std::uint8_t { kOnly, kSource, kDestination };
// Null for a key of no external key store. kInvalidState unless the store is connected; kCacheMiss.
Result<std::shared_ptr<const ExternalUse>> external_use(Engine& engine, const Caller& caller, Trail& trail,
                                                        const CachedKey& key, ExternalSide side = ExternalSide::kOnly);

}  // namespace kagimori
