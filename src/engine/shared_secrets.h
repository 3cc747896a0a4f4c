#pragma once

#include <memory>
#include <string_view>

#include "crypto/kem.h"
#include "engine/engine.h"

namespace kagimori {

// DeriveSharedSecret, Encapsulate and Decapsulate (AWS KMS API reference). The verbs run on a worker's thread and do
// everything but the mathematics, which compute() does: there, or on the pool when `on_pool` says so.

struct DeriveSharedSecretRequest {
  std::string_view key_id;
  ByteView peer;  // SubjectPublicKeyInfo in DER
  std::string_view algorithm = "ECDH";
  bool dry_run = false;
  const AttestedRecipient* recipient = nullptr;  // whom the plaintext is for; null: the caller
};
struct Derivation {
  std::shared_ptr<const KeySnapshot> key;
  bool on_pool = false;
  std::shared_ptr<const PrivateKey> with;
  std::shared_ptr<const PublicKey> peer;

  Result<SecretBytes> compute(CryptoContext& crypto) const;
};
Result<Derivation> derive_shared_secret(Engine& engine, EngineWorker& worker, const Caller& caller, Trail& trail,
                                        const DeriveSharedSecretRequest& request);

struct KemRequest {
  std::string_view key_id;
  std::string_view algorithm = "ML_KEM";
  bool dry_run = false;
};
struct EncapsulateResponse {
  Encapsulation encapsulation;
  std::string key_arn;
};
Result<EncapsulateResponse> encapsulate(Engine& engine, EngineWorker& worker, const Caller& caller, Trail& trail,
                                        const KemRequest& request);
struct DecapsulateResponse {
  SecretBytes secret;
  std::string key_arn;
};
Result<DecapsulateResponse> decapsulate(Engine& engine, EngineWorker& worker, const Caller& caller, Trail& trail,
                                        const KemRequest& request, ByteView ciphertext);

}  // namespace kagimori
