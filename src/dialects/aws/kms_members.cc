#include "dialects/aws/kms_members.h"

#include <fmt/format.h>

#include "engine/grant_token.h"

namespace kagimori::aws {
namespace {

constexpr std::array<std::string_view, 4> kEncryptionAlgorithms = {"SYMMETRIC_DEFAULT", "RSAES_OAEP_SHA_1",
                                                                   "RSAES_OAEP_SHA_256", "SM2PKE"};
constexpr std::array<std::string_view, 1> kDryRunModifiers = {"IGNORE_CIPHERTEXT"};
constexpr std::array<std::string_view, 1> kRecipientAlgorithms = {"RSAES_OAEP_SHA_256"};

}  // namespace

const std::array<std::string_view, 20> kKeySpecs = {"RSA_2048",
                                                    "RSA_3072",
                                                    "RSA_4096",
                                                    "ECC_NIST_P256",
                                                    "ECC_NIST_P384",
                                                    "ECC_NIST_P521",
                                                    "ECC_SECG_P256K1",
                                                    "SYMMETRIC_DEFAULT",
                                                    "HMAC_224",
                                                    "HMAC_256",
                                                    "HMAC_384",
                                                    "HMAC_512",
                                                    "SM2",
                                                    "ML_DSA_44",
                                                    "ML_DSA_65",
                                                    "ML_DSA_87",
                                                    "ECC_NIST_EDWARDS25519",
                                                    "ML_KEM_512",
                                                    "ML_KEM_768",
                                                    "ML_KEM_1024"};
const std::array<std::string_view, 13> kCustomerMasterKeySpecs = {"RSA_2048",
                                                                  "RSA_3072",
                                                                  "RSA_4096",
                                                                  "ECC_NIST_P256",
                                                                  "ECC_NIST_P384",
                                                                  "ECC_NIST_P521",
                                                                  "ECC_SECG_P256K1",
                                                                  "SYMMETRIC_DEFAULT",
                                                                  "HMAC_224",
                                                                  "HMAC_256",
                                                                  "HMAC_384",
                                                                  "HMAC_512",
                                                                  "SM2"};
const std::array<std::string_view, 5> kKeyUsages = {"SIGN_VERIFY", "ENCRYPT_DECRYPT", "GENERATE_VERIFY_MAC",
                                                    "KEY_AGREEMENT", "ENCAPSULATE_DECAPSULATE"};
const std::array<std::string_view, 4> kOrigins = {"AWS_KMS", "EXTERNAL", "AWS_CLOUDHSM", "EXTERNAL_KEY_STORE"};
const std::array<std::string_view, 2> kDataKeySpecs = {"AES_256", "AES_128"};
const std::array<std::string_view, 2> kIncludeKeyMaterial = {"ALL_KEY_MATERIAL", "ROTATIONS_ONLY"};

Status check_grant_tokens(JsonCall& call, JsonMembers& members) {
  const auto tokens = members.texts("GrantTokens", member::kGrantToken, &member::kGrantTokenCount);
  TRY(members.status());
  if (!tokens || tokens->empty()) return {};
  return kagimori::check_grant_tokens(call.worker, *tokens);
}

RecipientMember read_recipient(JsonMembers& members) {
  RecipientMember recipient;
  const JsonValue* const structure = members.structure("Recipient");
  if (structure == nullptr) return recipient;
  recipient.is_there = true;
  JsonMembers inner(*structure, "recipient");
  const auto algorithm = inner.enumeration("KeyEncryptionAlgorithm", kRecipientAlgorithms);
  auto document = inner.blob("AttestationDocument", member::kAttestationDocument);
  members.absorb(inner);
  if (algorithm && document) recipient.document = *std::move(document);
  return recipient;
}

Result<Recipient> verified_recipient(JsonCall& call, const RecipientMember& member) {
  if (!member.is_there) return Recipient();
  if (!member.document) {
    return fail(ErrorCode::kValidation, "Recipient needs a KeyEncryptionAlgorithm and an AttestationDocument.");
  }
  return attested_recipient(call.engine, call.worker, call.caller, call.trail, *member.document);
}

Status write_plaintext(JsonWriter& json, CryptoContext& crypto, const Recipient& recipient, std::string_view name,
                       const SecretBytes& plaintext) {
  if (recipient == nullptr) {
    json.member(name, plaintext);
    return {};
  }
  TRY_ASSIGN(const Bytes envelope, recipient->envelope(crypto, plaintext.expose()));
  json.member("CiphertextForRecipient", envelope);
  return {};
}

void write_last_usage(JsonWriter& json, const KeyLastUsage& usage) {
  json.key("KeyLastUsage")
      .begin_object()
      .member("Operation", usage.operation)
      .member("Timestamp", usage.when)
      .member("CloudTrailEventId", usage.event_id)
      .member("KmsRequestId", usage.request_id)
      .end_object();
}

std::string_view encryption_algorithm(JsonMembers& members, std::string_view name) {
  return members.enumeration(name, kEncryptionAlgorithms).value_or(kSymmetricDefault);
}

bool dry_run(JsonMembers& members) { return members.boolean("DryRun").value_or(false); }

bool ignore_ciphertext(JsonMembers& members) {
  const auto modifiers = members.enumerations("DryRunModifiers", kDryRunModifiers);
  return modifiers && !modifiers->empty();
}

}  // namespace kagimori::aws
