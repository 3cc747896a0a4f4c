#include "engine/import_wrapping.h"

#include <fmt/format.h>

#include <array>

#include "crypto/rsa_aes_key_wrap.h"
#include "crypto/rsa_oaep.h"
#include "crypto/sm2_encryption.h"

namespace kagimori {
namespace {

enum Family : std::uint8_t { kNone = 0, kOaep = 1, kRsaAes = 2, kSm2Pke = 4 };

struct AlgorithmRow {
  std::string_view name;
  WrappingAlgorithm algorithm;
  Family family;
};
constexpr std::array kAlgorithms = {
    AlgorithmRow{"RSAES_OAEP_SHA_1", WrappingAlgorithm::kRsaOaepSha1, kOaep},
    AlgorithmRow{"RSAES_OAEP_SHA_256", WrappingAlgorithm::kRsaOaepSha256, kOaep},
    AlgorithmRow{"RSA_AES_KEY_WRAP_SHA_1", WrappingAlgorithm::kRsaAesSha1, kRsaAes},
    AlgorithmRow{"RSA_AES_KEY_WRAP_SHA_256", WrappingAlgorithm::kRsaAesSha256, kRsaAes},
    AlgorithmRow{"SM2PKE", WrappingAlgorithm::kSm2, kSm2Pke},
};

struct SpecRow {
  std::string_view name;
  KeyPairSpec spec;
  unsigned families;
};
constexpr std::array kSpecs = {
    SpecRow{"RSA_2048", KeyPairSpec::kRsa2048, kOaep | kRsaAes},
    SpecRow{"RSA_3072", KeyPairSpec::kRsa3072, kOaep | kRsaAes},
    SpecRow{"RSA_4096", KeyPairSpec::kRsa4096, kOaep | kRsaAes},
    SpecRow{"SM2", KeyPairSpec::kSm2, kSm2Pke},
};

// The families of algorithms that wrap material of a type.
unsigned families_of(KeyAlgorithm algorithm) {
  switch (algorithm) {
    case KeyAlgorithm::kAes:
    case KeyAlgorithm::kHmac:
    case KeyAlgorithm::kEc:
    case KeyAlgorithm::kEdwards:
      return kOaep | kRsaAes;
    case KeyAlgorithm::kRsa:
      return kRsaAes;
    case KeyAlgorithm::kSm2:
      return kSm2Pke;
    case KeyAlgorithm::kMlDsa:
    case KeyAlgorithm::kMlKem:
      break;
  }
  return kNone;
}

template <typename Rows>
auto find_row(const Rows& rows, std::string_view name) {
  const auto* found = rows.begin();
  while (found != rows.end() && found->name != name) ++found;
  return found;
}

}  // namespace

bool can_import(const KeyType& type) { return families_of(type.algorithm) != kNone; }

Result<ImportWrapping> import_wrapping(const KeyType& type, std::string_view algorithm, std::string_view key_spec) {
  const auto* const how = find_row(kAlgorithms, algorithm);
  if (how == kAlgorithms.end()) {
    return fail(ErrorCode::kUnsupportedOperation,
                fmt::format("WrappingAlgorithm {} is not supported. Use RSA_AES_KEY_WRAP_SHA_256.", algorithm));
  }
  const auto* const spec = find_row(kSpecs, key_spec);
  if (spec == kSpecs.end() || (spec->families & how->family) == 0) {
    return fail(ErrorCode::kUnsupportedOperation,
                fmt::format("WrappingKeySpec {} does not go with WrappingAlgorithm {}.", key_spec, algorithm));
  }
  const bool too_large = type.curve == Curve::kP521 && how->family == kOaep && spec->spec == KeyPairSpec::kRsa2048;
  if ((families_of(type.algorithm) & how->family) == 0 || too_large) {
    return fail(ErrorCode::kUnsupportedOperation,
                fmt::format("Key material of KeySpec {} can't be wrapped by {} with WrappingKeySpec {}.",
                            aws_key_spec(type), algorithm, key_spec));
  }
  return ImportWrapping{how->algorithm, spec->spec};
}

Result<SecretBytes> unwrap_import(CryptoContext& crypto, const PrivateKey& key, WrappingAlgorithm algorithm,
                                  ByteView wrapped) {
  switch (algorithm) {
    case WrappingAlgorithm::kRsaOaepSha1:
      return rsa_oaep_decrypt(crypto, key, OaepHash::kSha1, wrapped);
    case WrappingAlgorithm::kRsaOaepSha256:
      return rsa_oaep_decrypt(crypto, key, OaepHash::kSha256, wrapped);
    case WrappingAlgorithm::kRsaAesSha1:
      return rsa_aes_key_unwrap(crypto, key, OaepHash::kSha1, wrapped);
    case WrappingAlgorithm::kRsaAesSha256:
      return rsa_aes_key_unwrap(crypto, key, OaepHash::kSha256, wrapped);
    case WrappingAlgorithm::kSm2:
      break;
  }
  return sm2_decrypt(crypto, key, wrapped);
}

}  // namespace kagimori
