#pragma once

#include <string>

#include "base/secret.h"
#include "crypto/context.h"
#include "model/key.h"

namespace kagimori {

// Every key whose material is imported has a secret of its own, which is there before any material is: 32 random bytes,
// stored as an object of its first version (secret data, beyond the objects of the material) and never handed out. Two
// keys are derived from it, both bound to account and key id (docs/formats/import-token.md):
//  - one seals import tokens, so that nothing is stored for them and they outlive restarts and epochs of the keyring;
//  - one makes the ids of material. Whoever sees an id can't try guesses of weak material against it, and the same
//    material has the same id as long as the key lives. The replicas of a multi-Region key share the secret.
inline constexpr std::size_t kImportSecretSize = 32;

// The index of the secret's object in version 1.
std::uint8_t import_secret_index(const KeyType& type);

// What the two derived keys are for.
enum class ImportSecretUse : std::uint8_t { kToken, kMaterialId };
Result<SecretBytes> derive_import_key(CryptoContext& crypto, const SecretBytes& secret, const Key& key,
                                      ImportSecretUse use);

// 64 hexadecimal digits. `identity`: symmetric and HMAC keys as they are; of pairs the public half
// (SubjectPublicKeyInfo), because the same private key has several encodings.
Result<std::string> imported_material_id(CryptoContext& crypto, const SecretBytes& secret, const Key& key,
                                         ByteView identity);

}  // namespace kagimori
