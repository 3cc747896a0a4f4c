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

Status refuse_member(const JsonMembers& members, std::string_view name) {
  if (!members.has(name)) return {};
  return fail(ErrorCode::kUnsupportedOperation, fmt::format("{} is not supported by this server.", name));
}

void read_recipient(JsonMembers& members) {
  const JsonValue* const recipient = members.structure("Recipient");
  if (recipient == nullptr) return;
  JsonMembers inner(*recipient, "recipient");
  inner.enumeration("KeyEncryptionAlgorithm", kRecipientAlgorithms);
  inner.blob("AttestationDocument", member::kAttestationDocument);
  members.absorb(inner);
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
