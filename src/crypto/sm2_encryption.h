#pragma once

#include "base/bytes.h"
#include "base/secret.h"
#include "crypto/private_key.h"

namespace kagimori {

// SM2 public-key encryption (GB/T 32918.4) with SM3; the ciphertext is the ASN.1 structure of GB/T 35276:
// SEQUENCE { x INTEGER, y INTEGER, hash OCTET STRING, ciphertext OCTET STRING }.

// Messages of 1 byte to 4 KiB. kCrypto when the key is not SM2, the size is another, or OpenSSL fails.
Result<Bytes> sm2_encrypt(CryptoContext& crypto, const PublicKey& key, ByteView message);

// kInvalidCiphertext with an empty message for whatever does not decrypt. kCrypto when the key is not SM2.
Result<SecretBytes> sm2_decrypt(CryptoContext& crypto, const PrivateKey& key, ByteView ciphertext);

}  // namespace kagimori
