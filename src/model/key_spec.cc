#include "model/key_spec.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace kagimori {
namespace {

constexpr std::array<std::string_view, 20> kSpecs = {"SYMMETRIC_DEFAULT",
                                                     "RSA_2048",
                                                     "RSA_3072",
                                                     "RSA_4096",
                                                     "ECC_NIST_P256",
                                                     "ECC_NIST_P384",
                                                     "ECC_NIST_P521",
                                                     "ECC_SECG_P256K1",
                                                     "ECC_NIST_EDWARDS25519",
                                                     "HMAC_224",
                                                     "HMAC_256",
                                                     "HMAC_384",
                                                     "HMAC_512",
                                                     "ML_DSA_44",
                                                     "ML_DSA_65",
                                                     "ML_DSA_87",
                                                     "ML_KEM_512",
                                                     "ML_KEM_768",
                                                     "ML_KEM_1024",
                                                     "SM2"};

constexpr std::string_view kEncryptDecrypt = "ENCRYPT_DECRYPT";
constexpr std::string_view kSignVerify = "SIGN_VERIFY";
constexpr std::string_view kMac = "GENERATE_VERIFY_MAC";
constexpr std::string_view kAgreement = "KEY_AGREEMENT";
constexpr std::string_view kEncapsulate = "ENCAPSULATE_DECAPSULATE";
constexpr std::array<std::string_view, 5> kUsages = {kEncryptDecrypt, kSignVerify, kMac, kAgreement, kEncapsulate};

constexpr std::uint32_t kCipher = kUsageEncrypt | kUsageDecrypt;
constexpr std::uint32_t kSigning = kUsageSign | kUsageVerify;
constexpr std::uint32_t kMacing = kUsageMacGenerate | kUsageMacVerify;
// KMIP has no bit of its own for encapsulation; it is a way to agree on a key.
constexpr std::uint32_t kAgreeing = kUsageKeyAgreement;

using Names = std::span<const std::string_view>;
constexpr std::array<std::string_view, 1> kSymmetric = {"SYMMETRIC_DEFAULT"};
constexpr std::array<std::string_view, 2> kOaep = {"RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"};
constexpr std::array<std::string_view, 6> kRsaSigning = {"RSASSA_PKCS1_V1_5_SHA_256", "RSASSA_PKCS1_V1_5_SHA_384",
                                                         "RSASSA_PKCS1_V1_5_SHA_512", "RSASSA_PSS_SHA_256",
                                                         "RSASSA_PSS_SHA_384",        "RSASSA_PSS_SHA_512"};
constexpr std::array<std::string_view, 1> kEcdsa256 = {"ECDSA_SHA_256"};
constexpr std::array<std::string_view, 1> kEcdsa384 = {"ECDSA_SHA_384"};
constexpr std::array<std::string_view, 1> kEcdsa512 = {"ECDSA_SHA_512"};
constexpr std::array<std::string_view, 2> kEdwards = {"ED25519_SHA_512", "ED25519_PH_SHA_512"};
constexpr std::array<std::string_view, 1> kEcdh = {"ECDH"};
constexpr std::array<std::string_view, 1> kHmac224 = {"HMAC_SHA_224"};
constexpr std::array<std::string_view, 1> kHmac256 = {"HMAC_SHA_256"};
constexpr std::array<std::string_view, 1> kHmac384 = {"HMAC_SHA_384"};
constexpr std::array<std::string_view, 1> kHmac512 = {"HMAC_SHA_512"};
constexpr std::array<std::string_view, 1> kMlDsa = {"ML_DSA_SHAKE_256"};
constexpr std::array<std::string_view, 1> kMlKem = {"ML_KEM"};
constexpr std::array<std::string_view, 1> kSm2pke = {"SM2PKE"};
constexpr std::array<std::string_view, 1> kSm2dsa = {"SM2DSA"};

struct Row {
  std::string_view spec, usage;
  KeyType type;
  Names algorithms;
};
constexpr Construction kStd = Construction::kStandard;
using A = KeyAlgorithm;

// AWS KMS developer guide, "Key spec reference".
constexpr std::array<Row, 28> kRows = {{
    {"SYMMETRIC_DEFAULT", kEncryptDecrypt, {A::kAes, 256, Curve::kNone, kCipher, Construction::kEnvelope}, kSymmetric},
    {"RSA_2048", kEncryptDecrypt, {A::kRsa, 2048, Curve::kNone, kCipher, kStd}, kOaep},
    {"RSA_3072", kEncryptDecrypt, {A::kRsa, 3072, Curve::kNone, kCipher, kStd}, kOaep},
    {"RSA_4096", kEncryptDecrypt, {A::kRsa, 4096, Curve::kNone, kCipher, kStd}, kOaep},
    {"RSA_2048", kSignVerify, {A::kRsa, 2048, Curve::kNone, kSigning, kStd}, kRsaSigning},
    {"RSA_3072", kSignVerify, {A::kRsa, 3072, Curve::kNone, kSigning, kStd}, kRsaSigning},
    {"RSA_4096", kSignVerify, {A::kRsa, 4096, Curve::kNone, kSigning, kStd}, kRsaSigning},
    {"ECC_NIST_P256", kSignVerify, {A::kEc, 256, Curve::kP256, kSigning, kStd}, kEcdsa256},
    {"ECC_NIST_P384", kSignVerify, {A::kEc, 384, Curve::kP384, kSigning, kStd}, kEcdsa384},
    {"ECC_NIST_P521", kSignVerify, {A::kEc, 521, Curve::kP521, kSigning, kStd}, kEcdsa512},
    {"ECC_NIST_P256", kAgreement, {A::kEc, 256, Curve::kP256, kAgreeing, kStd}, kEcdh},
    {"ECC_NIST_P384", kAgreement, {A::kEc, 384, Curve::kP384, kAgreeing, kStd}, kEcdh},
    {"ECC_NIST_P521", kAgreement, {A::kEc, 521, Curve::kP521, kAgreeing, kStd}, kEcdh},
    {"ECC_SECG_P256K1", kSignVerify, {A::kEc, 256, Curve::kSecp256k1, kSigning, kStd}, kEcdsa256},
    {"ECC_NIST_EDWARDS25519", kSignVerify, {A::kEdwards, 256, Curve::kEd25519, kSigning, kStd}, kEdwards},
    {"HMAC_224", kMac, {A::kHmac, 224, Curve::kNone, kMacing, kStd}, kHmac224},
    {"HMAC_256", kMac, {A::kHmac, 256, Curve::kNone, kMacing, kStd}, kHmac256},
    {"HMAC_384", kMac, {A::kHmac, 384, Curve::kNone, kMacing, kStd}, kHmac384},
    {"HMAC_512", kMac, {A::kHmac, 512, Curve::kNone, kMacing, kStd}, kHmac512},
    {"ML_DSA_44", kSignVerify, {A::kMlDsa, 44, Curve::kNone, kSigning, kStd}, kMlDsa},
    {"ML_DSA_65", kSignVerify, {A::kMlDsa, 65, Curve::kNone, kSigning, kStd}, kMlDsa},
    {"ML_DSA_87", kSignVerify, {A::kMlDsa, 87, Curve::kNone, kSigning, kStd}, kMlDsa},
    {"ML_KEM_512", kEncapsulate, {A::kMlKem, 512, Curve::kNone, kAgreeing, kStd}, kMlKem},
    {"ML_KEM_768", kEncapsulate, {A::kMlKem, 768, Curve::kNone, kAgreeing, kStd}, kMlKem},
    {"ML_KEM_1024", kEncapsulate, {A::kMlKem, 1024, Curve::kNone, kAgreeing, kStd}, kMlKem},
    {"SM2", kEncryptDecrypt, {A::kSm2, 256, Curve::kSm2, kCipher, kStd}, kSm2pke},
    {"SM2", kSignVerify, {A::kSm2, 256, Curve::kSm2, kSigning, kStd}, kSm2dsa},
    {"SM2", kAgreement, {A::kSm2, 256, Curve::kSm2, kAgreeing, kStd}, kEcdh},
}};

const Row* row_of(const KeyType& type) {
  const auto found = std::find_if(kRows.begin(), kRows.end(), [&](const Row& row) { return row.type == type; });
  return found == kRows.end() ? nullptr : &*found;
}

}  // namespace

std::string_view aws_key_spec(const KeyType& type) {
  const Row* row = row_of(type);
  return row ? row->spec : std::string_view();
}
std::string_view aws_key_usage(const KeyType& type) {
  const Row* row = row_of(type);
  return row ? row->usage : std::string_view();
}

std::string_view aws_origin(KeyOrigin origin) {
  constexpr std::array<std::string_view, 4> kNames = {"AWS_KMS", "EXTERNAL", "AWS_CLOUDHSM", "EXTERNAL_KEY_STORE"};
  return kNames[static_cast<std::size_t>(origin) - 1];
}

bool is_aws_key_spec(std::string_view name) { return std::find(kSpecs.begin(), kSpecs.end(), name) != kSpecs.end(); }
bool is_aws_key_usage(std::string_view name) {
  return std::find(kUsages.begin(), kUsages.end(), name) != kUsages.end();
}
std::span<const std::string_view> aws_key_specs() { return kSpecs; }
std::span<const std::string_view> aws_key_usages() { return kUsages; }

std::span<const std::string_view> aws_algorithms(const KeyType& type) {
  const Row* row = row_of(type);
  return row ? row->algorithms : Names();
}
bool has_aws_algorithm(const KeyType& type, std::string_view algorithm) {
  const Names names = aws_algorithms(type);
  return std::find(names.begin(), names.end(), algorithm) != names.end();
}

Result<KeyType> aws_key_type(std::string_view spec, std::string_view usage) {
  if (usage.empty()) {
    if (spec != "SYMMETRIC_DEFAULT") {
      return fail(ErrorCode::kValidation,
                  "You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.");
    }
    usage = kEncryptDecrypt;
  }
  for (const Row& row : kRows) {
    if (row.spec == spec && row.usage == usage) return row.type;
  }
  return fail(ErrorCode::kValidation, fmt::format("KeyUsage {} is not compatible with KeySpec {}", usage, spec));
}

}  // namespace kagimori
