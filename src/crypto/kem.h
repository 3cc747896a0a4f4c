#pragma once

#include "base/bytes.h"
#include "base/secret.h"
#include "crypto/private_key.h"

namespace kagimori {

inline constexpr std::size_t kKemSecretSize = 32;

struct Encapsulation {
  Bytes ciphertext;    // KeyPairInfo::kem_ciphertext bytes
  SecretBytes secret;  // kKemSecretSize bytes
};

// ML-KEM (FIPS 203 section 7). kCrypto when the key is not ML-KEM or OpenSSL fails.
Result<Encapsulation> encapsulate(CryptoContext& crypto, const PublicKey& key);

// kInvalidCiphertext with an empty message when the ciphertext has a wrong size. One of the right size that was made
// for another key, or changed, yields a secret that nobody else has (FIPS 203 section 7.3), not an error.
Result<SecretBytes> decapsulate(CryptoContext& crypto, const PrivateKey& key, ByteView ciphertext);

}  // namespace kagimori
