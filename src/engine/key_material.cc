#include "engine/key_material.h"

#include "crypto/private_key.h"

namespace kagimori {
namespace {

std::optional<KeyPairSpec> curve_spec(Curve curve) {
  switch (curve) {
    case Curve::kP256:
      return KeyPairSpec::kP256;
    case Curve::kP384:
      return KeyPairSpec::kP384;
    case Curve::kP521:
      return KeyPairSpec::kP521;
    case Curve::kSecp256k1:
      return KeyPairSpec::kSecp256k1;
    case Curve::kEd25519:
      return KeyPairSpec::kEd25519;
    case Curve::kSm2:
      return KeyPairSpec::kSm2;
    case Curve::kNone:
      break;
  }
  return std::nullopt;
}

struct SizedSpec {
  KeyAlgorithm algorithm;
  std::uint16_t length;
  KeyPairSpec spec;
};
constexpr std::array kSizedSpecs = {
    SizedSpec{KeyAlgorithm::kRsa, 2048, KeyPairSpec::kRsa2048},
    SizedSpec{KeyAlgorithm::kRsa, 3072, KeyPairSpec::kRsa3072},
    SizedSpec{KeyAlgorithm::kRsa, 4096, KeyPairSpec::kRsa4096},
    SizedSpec{KeyAlgorithm::kMlDsa, 44, KeyPairSpec::kMlDsa44},
    SizedSpec{KeyAlgorithm::kMlDsa, 65, KeyPairSpec::kMlDsa65},
    SizedSpec{KeyAlgorithm::kMlDsa, 87, KeyPairSpec::kMlDsa87},
    SizedSpec{KeyAlgorithm::kMlKem, 512, KeyPairSpec::kMlKem512},
    SizedSpec{KeyAlgorithm::kMlKem, 768, KeyPairSpec::kMlKem768},
    SizedSpec{KeyAlgorithm::kMlKem, 1024, KeyPairSpec::kMlKem1024},
};

}  // namespace

std::optional<KeyPairSpec> key_pair_spec(const KeyType& type) {
  for (const SizedSpec& row : kSizedSpecs) {
    if (row.algorithm == type.algorithm && row.length == type.length_bits) return row.spec;
  }
  return curve_spec(type.curve);
}

Status require_support(const CryptoContext& crypto, const KeyType& type) {
  const auto spec = key_pair_spec(type);
  return spec ? require_support(crypto, *spec) : Status();
}

Result<KeyMaterial> generate_key_material(CryptoContext& crypto, RandomSource& random, const KeyType& type) {
  KeyMaterial material;
  const auto spec = key_pair_spec(type);
  if (!spec) {
    material.secret = SecretBytes(type.length_bits / 8);
    random.fill_private(material.secret.expose_mutable());
    return material;
  }
  TRY_ASSIGN(const PrivateKey key, PrivateKey::generate(crypto, *spec));
  TRY_ASSIGN(material.secret, key.parameters());
  TRY_ASSIGN(material.public_key, key.spki());
  return material;
}

// Measured with `openssl speed` of OpenSSL 3.0 on Debian 12: RSA-2048 signs in 0.25 ms, RSA-3072 in 1.8 ms, P-384 signs
// in 0.8 ms and verifies in 0.6 ms, P-521 signs in 0.3 ms and verifies in 0.5 ms, SM2 needs 0.3 ms either way.
bool belongs_on_pool(const KeyType& type, bool private_half) {
  switch (type.algorithm) {
    case KeyAlgorithm::kRsa:
      return private_half && type.length_bits > 2048;
    case KeyAlgorithm::kEc:
      return type.curve == Curve::kP384 || (type.curve == Curve::kP521 && !private_half);
    case KeyAlgorithm::kMlDsa:
      return private_half;
    default:
      return false;
  }
}

}  // namespace kagimori
