#include "engine/data_key_pairs.h"

#include <fmt/format.h>

#include "crypto/private_key.h"
#include "engine/dry_run.h"
#include "engine/key_lookup.h"
#include "engine/key_material.h"

namespace kagimori {
namespace {

// The type of a pair that only its spec is known of: any usage of the spec will do.
Result<KeyType> pair_type(std::string_view spec) {
  for (const std::string_view usage : aws_key_usages()) {
    auto type = aws_key_type(spec, usage);
    if (type) return type;
  }
  return fail(ErrorCode::kUnsupportedOperation, "This key pair spec is not supported.");
}

}  // namespace

Result<GenerateDataKeyPairResponse> DataKeyPairGeneration::compute(CryptoContext& crypto, RandomSource& random) const {
  TRY_ASSIGN(const PrivateKey made, PrivateKey::generate(crypto, *key_pair_spec(pair)));
  GenerateDataKeyPairResponse response;
  TRY_ASSIGN(response.private_key, made.pkcs8());
  TRY_ASSIGN(response.public_key, made.spki());
  TRY_ASSIGN(MessageKey with, MessageKey::create(crypto, key->primary().material.expose()));
  TRY(with.seal(crypto, random, ciphertext_header(*key), canonical_context, response.private_key.expose(),
                response.private_key_ciphertext));
  if (without_plaintext) response.private_key = SecretBytes();
  return response;
}

Result<DataKeyPairGeneration> generate_data_key_pair(Engine& engine, EngineWorker& worker, const Caller& caller,
                                                     Trail& trail, GenerateDataKeyPairRequest& request) {
  trail.parameter("keyId", request.key_id).parameter("keyPairSpec", request.key_pair_spec);
  put_encryption_context(trail, "encryptionContext", request.context);
  KeyUse use{KmsOperation::kGenerateDataKeyPair, "kms:GenerateDataKeyPair", Purpose::kProtect, {}};
  if (request.without_plaintext) {
    use.operation = KmsOperation::kGenerateDataKeyPairWithoutPlaintext;
    use.action = "kms:GenerateDataKeyPairWithoutPlaintext";
  }
  use.algorithm = kSymmetricDefault;
  use.facts.recipient = request.recipient;
  use.facts.encryption_context = request.context;
  use.facts.encryption_algorithm = kSymmetricDefault;
  use.facts.data_key_pair_spec = request.key_pair_spec;
  TRY_ASSIGN(const CachedKey key, find_cached_key(engine, worker, caller, trail, request.key_id, use.action));
  TRY(authorize_use(caller, key, use));
  if (key.snapshot().external) {
    return fail(ErrorCode::kUnsupportedOperation,
                fmt::format("{} origin is {} which is not valid for this operation.", key.snapshot().arn,
                            aws_origin(key.snapshot().key.origin)));
  }
  DataKeyPairGeneration generation;
  const auto pair = pair_type(request.key_pair_spec);
  if (pair) use.bytes = pair->length_bits / 8;
  TRY(check_use(trail, key, use));
  TRY_ASSIGN(generation.pair, pair);
  TRY(require_support(*worker.crypto, generation.pair));
  TRY(require_material(key));
  if (request.dry_run) return dry_run_done();
  TRY(take_allowance(key, use.bytes));
  trail.additional("keyMaterialId", key.snapshot().primary().material_id);
  generation.key = key.entry->key;
  canonical_encryption_context(request.context, generation.canonical_context);
  generation.without_plaintext = request.without_plaintext;
  return generation;
}

}  // namespace kagimori
