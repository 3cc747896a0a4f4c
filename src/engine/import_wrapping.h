#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/secret.h"
#include "crypto/private_key.h"
#include "model/key_spec.h"

namespace kagimori {

// How material that is to be imported is wrapped for its way (AWS KMS developer guide, "Importing key material":
// "Select a wrapping algorithm", "Select a wrapping key spec"). The numbers stand in import tokens.
enum class WrappingAlgorithm : std::uint8_t {
  kRsaOaepSha1 = 1,
  kRsaOaepSha256 = 2,
  kRsaAesSha1 = 3,
  kRsaAesSha256 = 4,
  kSm2 = 5,
};
inline constexpr int kWrappingAlgorithmCount = 5;

struct ImportWrapping {
  WrappingAlgorithm algorithm = WrappingAlgorithm::kRsaAesSha256;
  KeyPairSpec key_spec = KeyPairSpec::kRsa4096;
  bool operator==(const ImportWrapping&) const = default;
};

// Whether keys of this type can have imported material at all: all but ML-DSA, for which AWS has none, and ML-KEM, for
// which AWS documents no way to wrap it.
bool can_import(const KeyType& type);

// From AWS's names, which must be in their enumerations. kUnsupportedOperation for a way that does not go with such a
// key: RSA keys are too large for RSAES-OAEP, those of P-521 too large for it with RSA-2048; SM2PKE is for SM2 keys and
// theirs alone; RSAES_PKCS1_V1_5 is not offered.
Result<ImportWrapping> import_wrapping(const KeyType& type, std::string_view algorithm, std::string_view key_spec);

// kInvalidCiphertext with an empty message for whatever does not unwrap.
Result<SecretBytes> unwrap_import(CryptoContext& crypto, const PrivateKey& key, WrappingAlgorithm algorithm,
                                  ByteView wrapped);

}  // namespace kagimori
