#include "engine/shared_secrets.h"

#include "crypto/key_agreement.h"
#include "engine/dry_run.h"
#include "engine/key_lookup.h"
#include "engine/key_material.h"

namespace kagimori {
namespace {

Result<CachedKey> admit_kem(Engine& engine, EngineWorker& worker, const Caller& caller, Trail& trail,
                            const KemRequest& request, KeyUse use) {
  trail.parameter("keyId", request.key_id).parameter("encapsulationAlgorithm", request.algorithm);
  TRY_ASSIGN(CachedKey key, find_cached_key(engine, worker, caller, trail, request.key_id, use.action));
  use.usage = "ENCAPSULATE_DECAPSULATE";
  use.algorithm = request.algorithm;
  TRY(authorize_use(caller, key, use));
  TRY(check_use(trail, key, use));
  return key;
}

}  // namespace

Result<SecretBytes> Derivation::compute(CryptoContext& crypto) const { return ecdh(crypto, *with, *peer); }

Result<Derivation> derive_shared_secret(Engine& engine, EngineWorker& worker, const Caller& caller, Trail& trail,
                                        const DeriveSharedSecretRequest& request) {
  trail.parameter("keyId", request.key_id).parameter("keyAgreementAlgorithm", request.algorithm);
  KeyUse use{KmsOperation::kDeriveSharedSecret, "kms:DeriveSharedSecret", Purpose::kProcess, {}};
  use.usage = "KEY_AGREEMENT";
  use.algorithm = request.algorithm;
  use.facts.key_agreement_algorithm = request.algorithm;
  use.facts.recipient = request.recipient;
  use.bytes = request.peer.size();
  TRY_ASSIGN(const CachedKey key, find_cached_key(engine, worker, caller, trail, request.key_id, use.action));
  TRY(authorize_use(caller, key, use));
  TRY(check_use(trail, key, use));
  Derivation derivation;
  auto peer = PublicKey::from_spki(*worker.crypto, *key_pair_spec(key.snapshot().key.type), request.peer);
  // AWS says nothing more, so that nothing is learnt from it.
  if (!peer) return fail(ErrorCode::kValidation);
  derivation.peer = std::make_shared<const PublicKey>(*std::move(peer));
  TRY_ASSIGN(derivation.with, private_key(worker, key));
  if (request.dry_run) return dry_run_done();
  derivation.key = key.entry->key;
  derivation.on_pool = belongs_on_pool(derivation.key->key.type, true);
  return derivation;
}

Result<EncapsulateResponse> encapsulate(Engine& engine, EngineWorker& worker, const Caller& caller, Trail& trail,
                                        const KemRequest& request) {
  KeyUse use{KmsOperation::kEncapsulate, "kms:Encapsulate", Purpose::kProtect, {}};
  use.public_half = true;
  TRY_ASSIGN(const CachedKey key, admit_kem(engine, worker, caller, trail, request, use));
  TRY_ASSIGN(const auto with, public_key(worker, key));
  if (request.dry_run) return dry_run_done();
  TRY(take_allowance(key, use.bytes));
  const CryptoTimer timer(worker.metrics, CryptoWork::kOther);
  EncapsulateResponse response;
  TRY_ASSIGN(response.encapsulation, kagimori::encapsulate(*worker.crypto, *with));
  response.key_arn = key.snapshot().arn;
  return response;
}

Result<DecapsulateResponse> decapsulate(Engine& engine, EngineWorker& worker, const Caller& caller, Trail& trail,
                                        const KemRequest& request, ByteView ciphertext) {
  KeyUse use{KmsOperation::kDecapsulate, "kms:Decapsulate", Purpose::kProcess, {}};
  use.bytes = ciphertext.size();
  TRY_ASSIGN(const CachedKey key, admit_kem(engine, worker, caller, trail, request, use));
  const CryptoTimer timer(worker.metrics, CryptoWork::kOther);
  TRY_ASSIGN(const auto with, private_key(worker, key));
  DecapsulateResponse response;
  TRY_ASSIGN(response.secret, kagimori::decapsulate(*worker.crypto, *with, ciphertext));
  if (request.dry_run) return dry_run_done();
  response.key_arn = key.snapshot().arn;
  return response;
}

}  // namespace kagimori
