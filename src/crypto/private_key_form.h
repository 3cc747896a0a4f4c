#pragma once

#include "crypto/key_fields.h"

// The stored form of private keys, docs/formats/private-key.md. For the .cc files of this folder.
namespace kagimori {

// Views of `bytes`, checked by check_fields. kNewerSchema for a later format, kCorrupt with a part of a sentence for
// all else.
Result<KeyFields> parse_private_key_form(KeyPairSpec spec, ByteView bytes);
// From fields that have been checked.
SecretBytes write_private_key_form(KeyPairSpec spec, const KeyFields& fields);

}  // namespace kagimori
