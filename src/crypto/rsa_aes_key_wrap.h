#pragma once

#include "base/bytes.h"
#include "base/secret.h"
#include "crypto/rsa_oaep.h"

namespace kagimori {

// CKM_RSA_AES_KEY_WRAP (PKCS#11 v3.0 section 2.1.21): a fresh AES-256 key encrypted by RSAES-OAEP, then the key
// material wrapped under it by AES-KWP (RFC 5649). For material of 1 byte to 1 MiB.

// kCrypto when the key is not RSA, the size is another, or OpenSSL fails.
Result<Bytes> rsa_aes_key_wrap(CryptoContext& crypto, const PublicKey& key, OaepHash hash, ByteView material);

// kInvalidCiphertext with an empty message for whatever does not unwrap; nothing tells why. kCrypto when the key is not
// RSA.
Result<SecretBytes> rsa_aes_key_unwrap(CryptoContext& crypto, const PrivateKey& key, OaepHash hash, ByteView wrapped);

}  // namespace kagimori
