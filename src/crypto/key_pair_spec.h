#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "crypto/context.h"

namespace kagimori {

// Every kind of asymmetric key that the house knows. The numbers are stored (docs/formats/private-key.md): new kinds
// get new ones.
enum class KeyPairSpec : std::uint8_t {
  kRsa2048 = 1,
  kRsa3072 = 2,
  kRsa4096 = 3,
  kP256 = 4,
  kP384 = 5,
  kP521 = 6,
  kSecp256k1 = 7,
  kEd25519 = 8,
  kSm2 = 9,
  kMlDsa44 = 10,
  kMlDsa65 = 11,
  kMlDsa87 = 12,
  kMlKem512 = 13,
  kMlKem768 = 14,
  kMlKem1024 = 15,
};

inline constexpr std::array kAllKeyPairSpecs = {
    KeyPairSpec::kRsa2048,  KeyPairSpec::kRsa3072,  KeyPairSpec::kRsa4096,   KeyPairSpec::kP256,
    KeyPairSpec::kP384,     KeyPairSpec::kP521,     KeyPairSpec::kSecp256k1, KeyPairSpec::kEd25519,
    KeyPairSpec::kSm2,      KeyPairSpec::kMlDsa44,  KeyPairSpec::kMlDsa65,   KeyPairSpec::kMlDsa87,
    KeyPairSpec::kMlKem512, KeyPairSpec::kMlKem768, KeyPairSpec::kMlKem1024,
};

// SM2 is a family of its own: the same mathematics as kEc, other schemes.
enum class KeyPairFamily : std::uint8_t { kRsa, kEc, kEd25519, kSm2, kMlDsa, kMlKem };

// Sizes in bytes; 0 where the kind has no such thing.
struct KeyPairInfo {
  KeyPairFamily family;
  std::string_view name;       // for people: "RSA-2048", "P-256", "ML-DSA-44"
  std::size_t modulus;         // RSA; also of a signature and of a ciphertext
  std::size_t field;           // EC, SM2: of a coordinate, of the private scalar and of an agreed secret
  std::size_t public_key;      // EC, SM2: an uncompressed point (SEC 1 section 2.3.3); else as the standard encodes it
  std::size_t seed;            // Ed25519 (RFC 8032 section 5.1.5), ML-DSA (FIPS 204: xi), ML-KEM (FIPS 203: d and z)
  std::size_t expanded_key;    // ML-DSA, ML-KEM: the private key in its long form
  std::size_t max_signature;   // exact for all but EC and SM2, where DER varies
  std::size_t kem_ciphertext;  // ML-KEM
};
const KeyPairInfo& key_pair_info(KeyPairSpec spec);

// Whether the OpenSSL that was loaded has this kind of key: Debian 12's has no ML-DSA and no ML-KEM. Found out when the
// context is made.
bool supports(const CryptoContext& crypto, KeyPairSpec spec);
// Whether it has Ed25519ph (RFC 8032 section 5.1): OpenSSL 3.2 and later.
bool supports_ed25519ph(const CryptoContext& crypto);

// The OpenSSL that was loaded, not the one that was compiled with: "OpenSSL 3.0.19".
std::string loaded_openssl();

// kUnsupportedOperation, with a sentence that names the OpenSSL that was loaded and what is needed, when it lacks the
// kind of key.
Status require_support(const CryptoContext& crypto, KeyPairSpec spec);

}  // namespace kagimori
