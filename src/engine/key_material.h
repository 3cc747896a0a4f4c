#pragma once

#include <optional>

#include "base/bytes.h"
#include "base/random.h"
#include "base/secret.h"
#include "crypto/key_pair_spec.h"
#include "model/key_spec.h"

namespace kagimori {

// The material of one version, before it is wrapped.
struct KeyMaterial {
  SecretBytes secret;  // AES, HMAC: the key itself; of pairs the stored form of the private key (crypto/private_key.h)
  Bytes public_key;    // of pairs: SubjectPublicKeyInfo in DER; else empty
};

// The kind of key pair that a type means; nullopt for symmetric and HMAC keys.
std::optional<KeyPairSpec> key_pair_spec(const KeyType& type);

// kUnsupportedOperation, with a sentence that names the OpenSSL that was loaded, when it lacks this kind of key.
Status require_support(const CryptoContext& crypto, const KeyType& type);

// Fresh material; RSA-4096 takes seconds.
Result<KeyMaterial> generate_key_material(CryptoContext& crypto, RandomSource& random, const KeyType& type);

// Whether an operation of such a key takes more than about 300 microseconds, too long for a worker's loop:
// `private_half` for what needs the private key (sign, decrypt, agree), false for what the public key does.
bool belongs_on_pool(const KeyType& type, bool private_half);

}  // namespace kagimori
