// DeriveSharedSecret, Encapsulate, Decapsulate, GenerateDataKeyPair(WithoutPlaintext).

#include <array>

#include "dialects/aws/computed_answer.h"
#include "dialects/aws/kms_members.h"
#include "dialects/aws/kms_operations.h"
#include "engine/data_key_pairs.h"
#include "engine/shared_secrets.h"

namespace kagimori::aws {
namespace {

constexpr std::array<std::string_view, 1> kKeyAgreementAlgorithms = {"ECDH"};
constexpr std::array<std::string_view, 1> kEncapsulationAlgorithms = {"ML_KEM"};
constexpr std::array<std::string_view, 12> kDataKeyPairSpecs = {
    "RSA_2048",        "RSA_3072", "RSA_4096",   "ECC_NIST_P256", "ECC_NIST_P384",         "ECC_NIST_P521",
    "ECC_SECG_P256K1", "SM2",      "ML_KEM_512", "ML_KEM_768",    "ECC_NIST_EDWARDS25519", "ML_KEM_1024"};

// ML-KEM's members; what the enumeration checks has one value only.
KemRequest kem_members(JsonMembers& members) {
  KemRequest request;
  request.key_id = members.required_text("KeyId", member::kKeyId);
  members.require("EncapsulationAlgorithm");
  members.enumeration("EncapsulationAlgorithm", kEncapsulationAlgorithms);
  request.dry_run = dry_run(members);
  return request;
}

JsonAnswer generate_data_key_pair_answer(JsonCall& call, bool without_plaintext) {
  JsonMembers members(call.body);
  GenerateDataKeyPairRequest request;
  request.without_plaintext = without_plaintext;
  request.key_id = members.required_text("KeyId", member::kKeyId);
  members.require("KeyPairSpec");
  request.key_pair_spec = members.enumeration("KeyPairSpec", kDataKeyPairSpecs).value_or(std::string_view());
  request.context = members.context("EncryptionContext");
  request.dry_run = dry_run(members);
  const RecipientMember named = without_plaintext ? RecipientMember() : read_recipient(members);
  ANSWER_IF_FAILED(check_grant_tokens(call, members));
  const auto recipient = verified_recipient(call, named);
  if (!recipient) return answer_error(recipient.error());
  request.recipient = recipient->get();
  auto generation = generate_data_key_pair(call.engine, call.worker, call.caller, call.trail, request);
  if (!generation) return answer_error(std::move(generation).error());
  const auto work = std::make_shared<const DataKeyPairGeneration>(*std::move(generation));
  return computed_answer(call, true, {work->key},
                         [work, spec = std::string(request.key_pair_spec), recipient = *recipient](
                             CryptoContext& crypto, RandomSource& random) -> Result<std::string> {
                           TRY_ASSIGN(const GenerateDataKeyPairResponse pair, work->compute(crypto, random));
                           std::string body = secret_body(pair.private_key.size(),
                                                          pair.private_key_ciphertext.size() + pair.public_key.size());
                           JsonWriter json(body);
                           json.begin_object().member("PrivateKeyCiphertextBlob", pair.private_key_ciphertext);
                           if (!work->without_plaintext) {
                             TRY(write_plaintext(json, crypto, recipient, "PrivateKeyPlaintext", pair.private_key));
                           }
                           json.member("PublicKey", pair.public_key)
                               .member("KeyId", work->key->arn)
                               .member("KeyPairSpec", spec)
                               .member("KeyMaterialId", work->key->primary().material_id)
                               .end_object();
                           return body;
                         });
}

}  // namespace

JsonAnswer kms_derive_shared_secret(JsonCall& call) {
  JsonMembers members(call.body);
  DeriveSharedSecretRequest request;
  request.key_id = members.required_text("KeyId", member::kKeyId);
  members.require("KeyAgreementAlgorithm");
  members.enumeration("KeyAgreementAlgorithm", kKeyAgreementAlgorithms);
  members.require("PublicKey");
  const Bytes peer = members.blob("PublicKey", member::kPublicKey).value_or(Bytes());
  request.peer = peer;
  request.dry_run = dry_run(members);
  const RecipientMember named = read_recipient(members);
  ANSWER_IF_FAILED(check_grant_tokens(call, members));
  const auto recipient = verified_recipient(call, named);
  if (!recipient) return answer_error(recipient.error());
  request.recipient = recipient->get();
  auto derivation = derive_shared_secret(call.engine, call.worker, call.caller, call.trail, request);
  if (!derivation) return answer_error(std::move(derivation).error());
  const auto work = std::make_shared<const Derivation>(*std::move(derivation));
  return computed_answer(call, work->on_pool || *recipient != nullptr, {work->key},
                         [work, recipient = *recipient](CryptoContext& crypto, RandomSource&) -> Result<std::string> {
                           TRY_ASSIGN(const SecretBytes secret, work->compute(crypto));
                           std::string body = secret_body(secret.size(), 0);
                           JsonWriter json(body);
                           json.begin_object().member("KeyId", work->key->arn);
                           TRY(write_plaintext(json, crypto, recipient, "SharedSecret", secret));
                           json.member("KeyAgreementAlgorithm", "ECDH")
                               .member("KeyOrigin", aws_origin(work->key->key.origin))
                               .end_object();
                           return body;
                         });
}

JsonAnswer kms_encapsulate(JsonCall& call) {
  JsonMembers members(call.body);
  const KemRequest request = kem_members(members);
  ANSWER_IF_FAILED(check_grant_tokens(call, members));
  const auto response = encapsulate(call.engine, call.worker, call.caller, call.trail, request);
  if (!response) return answer_error(response.error());
  const Encapsulation& made = response->encapsulation;
  std::string body = secret_body(made.secret.size(), made.ciphertext.size());
  JsonWriter(body)
      .begin_object()
      .member("KeyId", response->key_arn)
      .member("SharedSecret", made.secret)
      .member("SharedSecretCiphertextBlob", made.ciphertext)
      .member("EncapsulationAlgorithm", request.algorithm)
      .end_object();
  return answer_now(std::move(body));
}

JsonAnswer kms_decapsulate(JsonCall& call) {
  JsonMembers members(call.body);
  const KemRequest request = kem_members(members);
  members.require("SharedSecretCiphertextBlob");
  const Bytes ciphertext = members.blob("SharedSecretCiphertextBlob", member::kCiphertext).value_or(Bytes());
  ANSWER_IF_FAILED(check_grant_tokens(call, members));
  const auto response = decapsulate(call.engine, call.worker, call.caller, call.trail, request, ciphertext);
  if (!response) return answer_error(response.error());
  std::string body = secret_body(response->secret.size(), 0);
  JsonWriter(body)
      .begin_object()
      .member("KeyId", response->key_arn)
      .member("SharedSecret", response->secret)
      .member("EncapsulationAlgorithm", request.algorithm)
      .end_object();
  return answer_now(std::move(body));
}

JsonAnswer kms_generate_data_key_pair(JsonCall& call) { return generate_data_key_pair_answer(call, false); }
JsonAnswer kms_generate_data_key_pair_without_plaintext(JsonCall& call) {
  return generate_data_key_pair_answer(call, true);
}

}  // namespace kagimori::aws
