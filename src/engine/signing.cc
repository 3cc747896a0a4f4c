#include "engine/signing.h"

#include <fmt/format.h>

#include <array>

#include "engine/dry_run.h"
#include "engine/key_lookup.h"
#include "engine/key_material.h"

namespace kagimori {
namespace {

constexpr std::string_view kSignVerify = "SIGN_VERIFY";

struct Algorithm {
  std::string_view name;
  SignatureScheme scheme;
};
constexpr std::array kAlgorithms = {
    Algorithm{"RSASSA_PSS_SHA_256", SignatureScheme::kPssSha256},
    Algorithm{"RSASSA_PSS_SHA_384", SignatureScheme::kPssSha384},
    Algorithm{"RSASSA_PSS_SHA_512", SignatureScheme::kPssSha512},
    Algorithm{"RSASSA_PKCS1_V1_5_SHA_256", SignatureScheme::kPkcs1Sha256},
    Algorithm{"RSASSA_PKCS1_V1_5_SHA_384", SignatureScheme::kPkcs1Sha384},
    Algorithm{"RSASSA_PKCS1_V1_5_SHA_512", SignatureScheme::kPkcs1Sha512},
    Algorithm{"ECDSA_SHA_256", SignatureScheme::kEcdsaSha256},
    Algorithm{"ECDSA_SHA_384", SignatureScheme::kEcdsaSha384},
    Algorithm{"ECDSA_SHA_512", SignatureScheme::kEcdsaSha512},
    Algorithm{"SM2DSA", SignatureScheme::kSm2dsa},
    Algorithm{"ML_DSA_SHAKE_256", SignatureScheme::kMlDsaShake256},
    Algorithm{"ED25519_SHA_512", SignatureScheme::kEd25519},
    Algorithm{"ED25519_PH_SHA_512", SignatureScheme::kEd25519ph},
};

MessageForm form_of(std::string_view message_type) {
  if (message_type == "DIGEST") return MessageForm::kDigest;
  return message_type == "EXTERNAL_MU" ? MessageForm::kExternalMu : MessageForm::kRaw;
}

// What the algorithm takes, and in which length. The algorithm is one that the key offers.
Result<SignatureScheme> check_message(const SignRequest& request) {
  SignatureScheme scheme = SignatureScheme::kPssSha256;
  for (const Algorithm& algorithm : kAlgorithms) {
    if (algorithm.name == request.algorithm) scheme = algorithm.scheme;
  }
  const MessageForm form = form_of(request.message_type);
  if (!fits(scheme, form)) {
    return fail(ErrorCode::kValidation,
                fmt::format("Message type {} is not valid for algorithm {}.", request.message_type, request.algorithm));
  }
  if (form != MessageForm::kRaw && request.message.size() != digest_bytes(scheme)) {
    return fail(ErrorCode::kValidation, fmt::format("Digest is invalid length for algorithm {}.", request.algorithm));
  }
  return scheme;
}

// All that Sign and Verify have in common before the mathematics.
Result<CachedKey> admit(Engine& engine, EngineWorker& worker, const Caller& caller, Trail& trail,
                        const SignRequest& request, KeyUse use) {
  trail.parameter("keyId", request.key_id)
      .parameter("messageType", request.message_type)
      .parameter("signingAlgorithm", request.algorithm);
  TRY_ASSIGN(CachedKey key, find_cached_key(engine, worker, caller, trail, request.key_id, use.action));
  use.facts.signing_algorithm = request.algorithm;
  use.facts.message_type = request.message_type;
  use.usage = kSignVerify;
  use.algorithm = request.algorithm;
  use.bytes = request.message.size();
  TRY(authorize_use(caller, key, use));
  TRY(check_use(trail, key, use));
  return key;
}

}  // namespace

Result<Bytes> Signing::compute(CryptoContext& crypto) const {
  return kagimori::sign(crypto, *with, scheme, form, message);
}

Status Verifying::compute(CryptoContext& crypto) const {
  TRY_ASSIGN(const bool valid, kagimori::verify(crypto, *with, scheme, form, message, signature));
  if (!valid) return fail(ErrorCode::kKMSInvalidSignature);
  return dry_run ? Status(dry_run_done()) : Status();
}

Result<Signing> sign(Engine& engine, EngineWorker& worker, const Caller& caller, Trail& trail, SignRequest& request) {
  TRY_ASSIGN(const CachedKey key,
             admit(engine, worker, caller, trail, request, {KmsOperation::kSign, "kms:Sign", Purpose::kProtect, {}}));
  Signing signing;
  TRY_ASSIGN(signing.scheme, check_message(request));
  TRY_ASSIGN(signing.with, private_key(worker, key));
  if (request.dry_run) return dry_run_done();
  TRY(take_allowance(key, request.message.size()));
  signing.key = key.entry->key;
  signing.on_pool = belongs_on_pool(signing.key->key.type, true);
  signing.form = form_of(request.message_type);
  signing.message = std::move(request.message);
  return signing;
}

Result<Verifying> verify(Engine& engine, EngineWorker& worker, const Caller& caller, Trail& trail,
                         VerifyRequest& request) {
  KeyUse use{KmsOperation::kVerify, "kms:Verify", Purpose::kProcess, {}};
  use.public_half = true;
  TRY_ASSIGN(const CachedKey key, admit(engine, worker, caller, trail, request.signing, use));
  Verifying verifying;
  TRY_ASSIGN(verifying.scheme, check_message(request.signing));
  TRY_ASSIGN(verifying.with, public_key(worker, key));
  verifying.key = key.entry->key;
  verifying.on_pool = belongs_on_pool(verifying.key->key.type, false);
  verifying.form = form_of(request.signing.message_type);
  verifying.message = std::move(request.signing.message);
  verifying.signature = std::move(request.signature);
  verifying.dry_run = request.signing.dry_run;
  return verifying;
}

Result<std::shared_ptr<const KeySnapshot>> get_public_key(Engine& engine, EngineWorker& worker, const Caller& caller,
                                                          Trail& trail, std::string_view key_id) {
  trail.parameter("keyId", key_id);
  TRY_ASSIGN(const CachedKey key, find_cached_key(engine, worker, caller, trail, key_id, "kms:GetPublicKey"));
  TRY(authorize_use(caller, key, {KmsOperation::kGetPublicKey, "kms:GetPublicKey", Purpose::kConfirm, {}}));
  const KeySnapshot& snapshot = key.snapshot();
  if (!key_pair_spec(snapshot.key.type)) {
    return fail(ErrorCode::kUnsupportedOperation, fmt::format("{} key spec is {} which has no public key.",
                                                              snapshot.arn, aws_key_spec(snapshot.key.type)));
  }
  TRY(check_key_state(KmsOperation::kGetPublicKey, snapshot.state(), snapshot.arn));
  if (snapshot.primary().public_key.empty()) {
    return fail(ErrorCode::kInvalidState, fmt::format("{} is pending import.", snapshot.arn));
  }
  return key.entry->key;
}

}  // namespace kagimori
