#pragma once

#include "seal/ciphertext.h"

namespace kagimori {

// Suite 2 (docs/formats/ciphertext.md): a whole ciphertext of suite 1, encrypted once more by a key behind an external
// key store proxy.
//   u8 format (1) | u8 suite (2) | u8 kind of key id | 16 key id | u64 account | u32 version |
//   u8 size, metadata | u8 size, IV | 16 tag | ciphertext
struct ExternalParts {
  Bytes ciphertext;
  Bytes initialization_vector;  // 12 or 16 bytes
  Bytes authentication_tag;     // 16 bytes
  Bytes metadata;               // up to 20 bytes, of the proxy
};
inline constexpr std::size_t kMaxExternalMetadata = 20;

// kInternal when the parts do not fit.
Result<Bytes> write_external_ciphertext(const CiphertextHeader& header, const ExternalParts& parts);
// kInvalidCiphertext (no message) unless the blob can be one. Its header: parse_ciphertext_header().
Result<ExternalParts> parse_external_ciphertext(ByteView blob);

}  // namespace kagimori
