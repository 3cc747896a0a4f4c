#pragma once

#include "base/clock.h"
#include "base/random.h"
#include "base/secret.h"
#include "engine/import_wrapping.h"
#include "model/key.h"

namespace kagimori {

// What an import token carries (docs/formats/import-token.md): all that ImportKeyMaterial needs of
// GetParametersForImport, sealed under a key that is derived from the key's import secret.
struct ImportToken {
  ImportWrapping wrapping;
  Timestamp expires;        // lifecycle time
  SecretBytes private_key;  // the wrapping key's, in stored form (crypto/private_key.h)
};

inline constexpr std::int64_t kImportTokenSeconds = 24 * 3600;

Result<Bytes> seal_import_token(CryptoContext& crypto, RandomSource& random, const SecretBytes& import_secret,
                                const Key& key, const ImportToken& token);

// kInvalidImportToken for what is no token of this key, kExpiredImportToken from its date on.
Result<ImportToken> open_import_token(CryptoContext& crypto, const SecretBytes& import_secret, const Key& key,
                                      ByteView sealed, Timestamp now);

}  // namespace kagimori
