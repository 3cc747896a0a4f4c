#pragma once

#include <string_view>

#include "crypto/private_key.h"
#include "model/key_spec.h"

namespace kagimori {

// Encryption by the public half of a pair, for the algorithms of AWS's EncryptionAlgorithmSpec that are not
// SYMMETRIC_DEFAULT: RSAES_OAEP_SHA_1, RSAES_OAEP_SHA_256, SM2PKE. The ciphertext is what the algorithm gives and names
// no key. Any thread.

// kValidation with AWS's sentence when the plaintext is longer than key and algorithm can take.
Status check_plaintext_size(const KeyType& type, std::string_view algorithm, std::size_t bytes);
Result<Bytes> encrypt_asymmetric(CryptoContext& crypto, const PublicKey& key, std::string_view algorithm,
                                 ByteView plaintext);
// kInvalidCiphertext (no message) for all that does not decrypt.
Result<SecretBytes> decrypt_asymmetric(CryptoContext& crypto, const PrivateKey& key, std::string_view algorithm,
                                       ByteView ciphertext);

}  // namespace kagimori
