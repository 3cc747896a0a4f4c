#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/secret.h"
#include "crypto/private_key.h"

namespace kagimori {

// RSAES-OAEP (RFC 8017 section 7.1): MGF1 with the same hash, an empty label.
enum class OaepHash : std::uint8_t { kSha1, kSha256 };

// Bytes of the longest message: modulus - 2 * hash - 2. 0 for keys that are not RSA.
std::size_t rsa_oaep_max_message(KeyPairSpec spec, OaepHash hash);

// kCrypto when the key is not RSA, the message is too long, or OpenSSL fails.
Result<Bytes> rsa_oaep_encrypt(CryptoContext& crypto, const PublicKey& key, OaepHash hash, ByteView message);

// kInvalidCiphertext with an empty message for whatever does not decrypt, also by its size; nothing tells why.
// kCrypto when the key is not RSA.
Result<SecretBytes> rsa_oaep_decrypt(CryptoContext& crypto, const PrivateKey& key, OaepHash hash, ByteView ciphertext);

}  // namespace kagimori
