// Sign, Verify, GetPublicKey, GenerateMac, VerifyMac.

#include <array>

#include "dialects/aws/computed_answer.h"
#include "dialects/aws/kms_members.h"
#include "dialects/aws/kms_operations.h"
#include "engine/mac.h"
#include "engine/signing.h"

namespace kagimori::aws {
namespace {

constexpr std::array<std::string_view, 13> kSigningAlgorithms = {"RSASSA_PSS_SHA_256",
                                                                 "RSASSA_PSS_SHA_384",
                                                                 "RSASSA_PSS_SHA_512",
                                                                 "RSASSA_PKCS1_V1_5_SHA_256",
                                                                 "RSASSA_PKCS1_V1_5_SHA_384",
                                                                 "RSASSA_PKCS1_V1_5_SHA_512",
                                                                 "ECDSA_SHA_256",
                                                                 "ECDSA_SHA_384",
                                                                 "ECDSA_SHA_512",
                                                                 "SM2DSA",
                                                                 "ML_DSA_SHAKE_256",
                                                                 "ED25519_SHA_512",
                                                                 "ED25519_PH_SHA_512"};
constexpr std::array<std::string_view, 4> kMacAlgorithms = {"HMAC_SHA_224", "HMAC_SHA_256", "HMAC_SHA_384",
                                                            "HMAC_SHA_512"};
constexpr std::array<std::string_view, 3> kMessageTypes = {"RAW", "DIGEST", "EXTERNAL_MU"};

// A required member of an enumeration.
std::string_view required_enumeration(JsonMembers& members, std::string_view name,
                                      std::span<const std::string_view> values) {
  members.require(name);
  return members.enumeration(name, values).value_or(std::string_view());
}

Bytes required_blob(JsonMembers& members, std::string_view name, const BlobConstraint& constraint) {
  members.require(name);
  return members.blob(name, constraint).value_or(Bytes());
}

SignRequest signing_members(JsonMembers& members) {
  SignRequest request;
  request.key_id = members.required_text("KeyId", member::kKeyId);
  request.message = required_blob(members, "Message", member::kPlaintext);
  request.algorithm = required_enumeration(members, "SigningAlgorithm", kSigningAlgorithms);
  request.message_type = members.enumeration("MessageType", kMessageTypes).value_or("RAW");
  request.dry_run = dry_run(members);
  return request;
}

// The message is a view into `message`.
MacRequest mac_members(JsonMembers& members, Bytes& message) {
  MacRequest request;
  request.key_id = members.required_text("KeyId", member::kKeyId);
  message = required_blob(members, "Message", member::kPlaintext);
  request.message = message;
  request.algorithm = required_enumeration(members, "MacAlgorithm", kMacAlgorithms);
  request.dry_run = dry_run(members);
  return request;
}

}  // namespace

JsonAnswer kms_sign(JsonCall& call) {
  JsonMembers members(call.body);
  SignRequest request = signing_members(members);
  ANSWER_IF_FAILED(check_grant_tokens(call, members));
  auto signing = sign(call.engine, call.worker, call.caller, call.trail, request);
  if (!signing) return answer_error(std::move(signing).error());
  const auto work = std::make_shared<const Signing>(*std::move(signing));
  return computed_answer(
      call, work->on_pool, {work->key},
      [work, algorithm = std::string(request.algorithm)](CryptoContext& crypto, RandomSource&) -> Result<std::string> {
        TRY_ASSIGN(const Bytes signature, work->compute(crypto));
        std::string body;
        JsonWriter(body)
            .begin_object()
            .member("KeyId", work->key->arn)
            .member("Signature", signature)
            .member("SigningAlgorithm", algorithm)
            .end_object();
        return body;
      });
}

JsonAnswer kms_verify(JsonCall& call) {
  JsonMembers members(call.body);
  VerifyRequest request;
  request.signing = signing_members(members);
  request.signature = required_blob(members, "Signature", member::kCiphertext);
  ANSWER_IF_FAILED(check_grant_tokens(call, members));
  auto verifying = verify(call.engine, call.worker, call.caller, call.trail, request);
  if (!verifying) return answer_error(std::move(verifying).error());
  const auto work = std::make_shared<const Verifying>(*std::move(verifying));
  return computed_answer(call, work->on_pool, {work->key},
                         [work, algorithm = std::string(request.signing.algorithm)](
                             CryptoContext& crypto, RandomSource&) -> Result<std::string> {
                           TRY(work->compute(crypto));
                           std::string body;
                           JsonWriter(body)
                               .begin_object()
                               .member("KeyId", work->key->arn)
                               .member("SignatureValid", true)
                               .member("SigningAlgorithm", algorithm)
                               .end_object();
                           return body;
                         });
}

JsonAnswer kms_get_public_key(JsonCall& call) {
  JsonMembers members(call.body);
  const std::string_view key_id = members.required_text("KeyId", member::kKeyId);
  ANSWER_IF_FAILED(check_grant_tokens(call, members));
  const auto snapshot = get_public_key(call.engine, call.worker, call.caller, call.trail, key_id);
  if (!snapshot) return answer_error(snapshot.error());
  const KeyType& type = (*snapshot)->key.type;
  std::string body;
  JsonWriter json(body);
  json.begin_object().member("KeyId", (*snapshot)->arn).member("PublicKey", (*snapshot)->primary().public_key);
  write_key_spec(json, type);
  json.member("KeyUsage", aws_key_usage(type));
  write_algorithms(json, type);
  json.end_object();
  return answer_now(std::move(body));
}

JsonAnswer kms_generate_mac(JsonCall& call) {
  JsonMembers members(call.body);
  Bytes message;
  const MacRequest request = mac_members(members, message);
  ANSWER_IF_FAILED(check_grant_tokens(call, members));
  const auto response = generate_mac(call.engine, call.worker, call.caller, call.trail, request);
  if (!response) return answer_error(response.error());
  std::string body;
  JsonWriter(body)
      .begin_object()
      .member("Mac", response->mac)
      .member("MacAlgorithm", request.algorithm)
      .member("KeyId", response->key_arn)
      .end_object();
  return answer_now(std::move(body));
}

JsonAnswer kms_verify_mac(JsonCall& call) {
  JsonMembers members(call.body);
  Bytes message;
  const MacRequest request = mac_members(members, message);
  const Bytes mac = required_blob(members, "Mac", member::kCiphertext);
  ANSWER_IF_FAILED(check_grant_tokens(call, members));
  const auto key_arn = verify_mac(call.engine, call.worker, call.caller, call.trail, request, mac);
  if (!key_arn) return answer_error(key_arn.error());
  std::string body;
  JsonWriter(body)
      .begin_object()
      .member("KeyId", *key_arn)
      .member("MacValid", true)
      .member("MacAlgorithm", request.algorithm)
      .end_object();
  return answer_now(std::move(body));
}

}  // namespace kagimori::aws
