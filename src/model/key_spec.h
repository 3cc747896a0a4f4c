#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"

namespace kagimori {

// The model's own terms; AWS's KeySpec and KeyUsage are rows of tables over them. Values are stored.
enum class KeyAlgorithm : std::uint8_t {
  kAes = 1,
  kRsa = 2,
  kEc = 3,
  kEdwards = 4,
  kHmac = 5,
  kMlDsa = 6,
  kMlKem = 7,
  kSm2 = 8
};
enum class Curve : std::uint8_t { kNone = 0, kP256 = 1, kP384 = 2, kP521 = 3, kSecp256k1 = 4, kEd25519 = 5, kSm2 = 6 };

// KMIP's Cryptographic Usage Mask (KMIP 2.1 section 11.14); bit values are stored.
enum UsageMask : std::uint32_t {
  kUsageSign = 0x1,
  kUsageVerify = 0x2,
  kUsageEncrypt = 0x4,
  kUsageDecrypt = 0x8,
  kUsageWrapKey = 0x10,
  kUsageUnwrapKey = 0x20,
  kUsageMacGenerate = 0x80,
  kUsageMacVerify = 0x100,
  kUsageDeriveKey = 0x200,
  kUsageKeyAgreement = 0x800,
};

// Fixed at birth. kEnvelope: symmetric keys of AWS's kind, only ever used for the committing ciphertext. kRaw: KMIP's
// symmetric keys, never usable by AWS's Encrypt. kStandard: asymmetric and HMAC keys, the same in every dialect.
enum class Construction : std::uint8_t { kEnvelope = 1, kRaw = 2, kStandard = 3 };
enum class ExportRule : std::uint8_t { kNever = 1, kWrappedOnly = 2, kYes = 3 };
enum class KeyOrigin : std::uint8_t { kGenerated = 1, kImported = 2, kHsm = 3, kExternalKeyStore = 4 };

// `length_bits` tells apart what one algorithm offers: AES, RSA, EC and HMAC key lengths; the 44, 65 and 87 of ML-DSA;
// the 512, 768 and 1024 of ML-KEM.
struct KeyType {
  KeyAlgorithm algorithm = KeyAlgorithm::kAes;
  std::uint16_t length_bits = 256;
  Curve curve = Curve::kNone;
  std::uint32_t usage_mask = kUsageEncrypt | kUsageDecrypt;
  Construction construction = Construction::kEnvelope;
  bool operator==(const KeyType&) const = default;
};

// AWS's view: KeySpec and KeyUsage names; empty when AWS cannot express the key (it is invisible there).
std::string_view aws_key_spec(const KeyType& type);
std::string_view aws_key_usage(const KeyType& type);
// Whether such keys are in a custom key store.
inline bool is_in_key_store(KeyOrigin origin) {
  return origin == KeyOrigin::kHsm || origin == KeyOrigin::kExternalKeyStore;
}
std::string_view aws_origin(KeyOrigin origin);  // AWS_KMS, EXTERNAL, AWS_CLOUDHSM, EXTERNAL_KEY_STORE
bool is_aws_key_spec(std::string_view name);    // any of the 20 of the KeySpec enum
bool is_aws_key_usage(std::string_view name);
// Every name, in AWS's order: what an error about a wrong one lists.
std::span<const std::string_view> aws_key_specs();
std::span<const std::string_view> aws_key_usages();
// The algorithms of a key's usage, as DescribeKey lists them; empty for a key that AWS cannot express. Which member
// they stand in follows from the usage: EncryptionAlgorithms, SigningAlgorithms, MacAlgorithms, KeyAgreementAlgorithms,
// EncapsulationAlgorithms.
std::span<const std::string_view> aws_algorithms(const KeyType& type);
bool has_aws_algorithm(const KeyType& type, std::string_view algorithm);
// The type of a new key. An empty usage means AWS's default, which only SYMMETRIC_DEFAULT has. kValidation with AWS's
// text for a usage that is missing or does not fit; both names must be in their enumerations.
Result<KeyType> aws_key_type(std::string_view spec, std::string_view usage);

}  // namespace kagimori
