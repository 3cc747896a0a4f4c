#pragma once

#include <string_view>

#include "base/bytes.h"
#include "base/random.h"
#include "base/secret.h"
#include "crypto/context.h"

namespace kagimori {

// How the house wraps keys for itself (docs/formats/keyring.md): AES-256-GCM under a key and an IV that are derived
// for this one message (SP 800-108r1 counter mode, HMAC-SHA256) from a 128-bit random nonce, so that no limit on the
// number of messages of a GCM key matters.
//   u8 format (1) | 16 nonce | ciphertext | 16 tag
// The label keeps the purposes apart, the AAD binds the box to its place. The size of a box is that of its content
// and kSealedBoxOverhead.
inline constexpr std::size_t kSealedBoxOverhead = 1 + 16 + 16;

Result<Bytes> seal_box(CryptoContext& crypto, RandomSource& random, ByteView key, std::string_view label, ByteView aad,
                       ByteView content);
// kNewerSchema for a format that this release does not know; kCorrupt for anything that seal_box did not make with this
// key, label and AAD. The sentences speak of "it": the caller says in front what it tried to open.
Result<SecretBytes> open_box(CryptoContext& crypto, ByteView key, std::string_view label, ByteView aad, ByteView box);

// 32 bytes derived from a key for one purpose (SP 800-108r1 counter mode, HMAC-SHA256).
Result<SecretBytes> derive_key(CryptoContext& crypto, ByteView key, std::string_view label, ByteView context);

}  // namespace kagimori
