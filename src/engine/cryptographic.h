#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.h"
#include "engine/engine.h"

namespace kagimori {
class ExternalUse;  // engine/external_keys.h
}

namespace kagimori {

// The data-plane verbs (AWS KMS API reference, operations of the same names). All run on a worker's thread, against its
// cache; kCacheMiss asks the caller to Engine::fill and run the request again. Order of checks: key resolution,
// authorisation, usage and algorithm, state, cryptography. Sizes of members have been checked by the dialect.

inline constexpr std::string_view kSymmetricDefault = "SYMMETRIC_DEFAULT";
inline constexpr std::size_t kMaxPlaintext = 4096;  // bytes

// Pairs of an encryption context; views into the request.
using EncryptionContext = std::vector<ContextPair>;

// The header of a ciphertext made with the key's primary version.
CiphertextHeader ciphertext_header(const KeySnapshot& snapshot);
// Puts the context on the trail under this name, if there is one.
void put_encryption_context(Trail& trail, std::string_view name, const EncryptionContext& context);

struct EncryptRequest {
  std::string_view key_id;
  ByteView plaintext;
  EncryptionContext context;
  std::string_view algorithm = kSymmetricDefault;
  bool dry_run = false;
};
// A ciphertext; of a key in a custom key store it is made only by compute(), which waits for what is outside and so
// belongs on the pool (Engine::offload with the store).
struct SealedMessage {
  Bytes ciphertext;
  std::shared_ptr<const ExternalUse> external;  // null: complete
  SecretBytes plaintext;                        // to be sealed outside
  Bytes context;                                // canonical; where it is external

  Status compute(CryptoContext& crypto, RandomSource& random);
};
struct EncryptResponse {
  SealedMessage sealed;
  std::string key_arn;
};
Result<EncryptResponse> encrypt(Engine& engine, EngineWorker& worker, const Caller& caller, Trail& trail,
                                EncryptRequest& request);

struct DecryptRequest {
  ByteView ciphertext;
  EncryptionContext context;
  std::string_view key_id;  // empty: the ciphertext names it
  std::string_view algorithm = kSymmetricDefault;
  bool dry_run = false;
  bool ignore_ciphertext = false;                // with dry_run and key_id only
  const AttestedRecipient* recipient = nullptr;  // whom the plaintext is for; null: the caller
};
struct DecryptResponse {
  SecretBytes plaintext;
  std::string key_arn;
  std::string material_id;  // of symmetric keys
};
// A decryption that has been authorised: done already for symmetric keys, else compute() opens the ciphertext, on the
// worker's thread or, when `on_pool` says so, on the pool.
struct Decryption {
  std::shared_ptr<const KeySnapshot> key;
  bool on_pool = false;
  DecryptResponse response;
  std::shared_ptr<const PrivateKey> with;       // of an asymmetric key
  std::shared_ptr<const ExternalUse> external;  // of a key in a custom key store; neither of the two: done
  Bytes context;                                // canonical, of that key
  std::string algorithm;
  Bytes ciphertext;
  bool dry_run = false;

  Status compute(CryptoContext& crypto);
};
Result<Decryption> decrypt(Engine& engine, EngineWorker& worker, const Caller& caller, Trail& trail,
                           DecryptRequest& request);

struct ReEncryptRequest {
  ByteView ciphertext;
  EncryptionContext source_context, destination_context;
  std::string_view source_key_id;  // empty: the ciphertext names it
  std::string_view destination_key_id;
  std::string_view source_algorithm = kSymmetricDefault, destination_algorithm = kSymmetricDefault;
  bool dry_run = false;
  bool ignore_ciphertext = false;
};
struct ReEncryptResponse {
  Bytes ciphertext;
  std::string source_key_arn, destination_key_arn;
  std::string source_material_id, destination_material_id;
};
// As Decryption, with both keys.
struct ReEncryption {
  Decryption source;
  std::shared_ptr<const KeySnapshot> destination;
  std::shared_ptr<const PublicKey> destination_public;  // null: a symmetric key
  std::string destination_algorithm;
  Bytes destination_context;                                // canonical
  std::shared_ptr<const ExternalUse> destination_external;  // null: the destination is in no custom key store
  ReEncryptResponse response;

  Status compute(CryptoContext& crypto, RandomSource& random);
};
Result<ReEncryption> re_encrypt(Engine& engine, EngineWorker& worker, const Caller& caller, Trail& trail,
                                ReEncryptRequest& request);

struct GenerateDataKeyRequest {
  std::string_view key_id;
  EncryptionContext context;
  std::size_t bytes = 32;  // 1 to 1024
  bool dry_run = false;
  bool without_plaintext = false;
  const AttestedRecipient* recipient = nullptr;  // whom the plaintext is for; null: the caller
};
struct GenerateDataKeyResponse {
  SealedMessage sealed;
  SecretBytes plaintext;  // empty with without_plaintext
  std::string key_arn;
  std::string material_id;
};
Result<GenerateDataKeyResponse> generate_data_key(Engine& engine, EngineWorker& worker, const Caller& caller,
                                                  Trail& trail, GenerateDataKeyRequest& request);

// Random bytes, drawn by the server or, after compute() on the pool, by an HSM.
struct GeneratedRandom {
  SecretBytes bytes;
  std::shared_ptr<const KeyStoreSnapshot> store;  // whose HSM is to draw them; null: done
  HsmClusters* hsm = nullptr;

  Status compute();
};
// `store_id`: of a custom key store whose HSM is to draw them; empty: the server draws.
Result<GeneratedRandom> generate_random(Engine& engine, EngineWorker& worker, const Caller& caller, Trail& trail,
                                        std::size_t bytes, std::string_view store_id,
                                        const AttestedRecipient* recipient = nullptr);

// DescribeKey: the snapshot and the state, once the caller may see it.
struct DescribedKey {
  std::shared_ptr<const KeySnapshot> key;
  std::string cluster_id;  // of a key in an HSM
  AwsKeyState state = AwsKeyState::kEnabled;
};
Result<DescribedKey> describe_key(Engine& engine, EngineWorker& worker, const Caller& caller, Trail& trail,
                                  std::string_view key_id);

}  // namespace kagimori
