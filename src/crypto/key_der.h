#pragma once

#include "crypto/key_fields.h"

// PKCS#8 and SubjectPublicKeyInfo. For the .cc files of this folder.
namespace kagimori {

// The fields of a private key in PKCS#8, checked by check_fields; they are views of `der`. The public key is empty when
// the encoding has none. kCorrupt with a part of a sentence ("it is not in DER", "it is a key of another kind").
Result<KeyFields> parse_pkcs8(KeyPairSpec spec, ByteView der);
// From fields that have been checked.
SecretBytes write_pkcs8(KeyPairSpec spec, const KeyFields& fields);

// The same for a public key.
Result<KeyFields> parse_spki(KeyPairSpec spec, ByteView der);
Bytes write_spki(KeyPairSpec spec, const KeyFields& fields);

}  // namespace kagimori
