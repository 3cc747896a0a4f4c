#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "engine/cryptographic.h"
#include "model/key_spec.h"

namespace kagimori {

// GenerateDataKeyPair and GenerateDataKeyPairWithoutPlaintext (AWS KMS API reference). The verb runs on a worker's
// thread; the generation itself, up to seconds for RSA, always on the pool.

struct GenerateDataKeyPairRequest {
  std::string_view key_id;
  std::string_view key_pair_spec;  // AWS's DataKeyPairSpec
  EncryptionContext context;
  bool dry_run = false;
  bool without_plaintext = false;
  const AttestedRecipient* recipient = nullptr;  // whom the plaintext is for; null: the caller
};
struct GenerateDataKeyPairResponse {
  Bytes private_key_ciphertext;
  SecretBytes private_key;  // PKCS#8 in DER; empty with without_plaintext
  Bytes public_key;         // SubjectPublicKeyInfo in DER
};
struct DataKeyPairGeneration {
  std::shared_ptr<const KeySnapshot> key;  // that wraps
  KeyType pair;
  Bytes canonical_context;
  bool without_plaintext = false;

  Result<GenerateDataKeyPairResponse> compute(CryptoContext& crypto, RandomSource& random) const;
};
Result<DataKeyPairGeneration> generate_data_key_pair(Engine& engine, EngineWorker& worker, const Caller& caller,
                                                     Trail& trail, GenerateDataKeyPairRequest& request);

}  // namespace kagimori
