#pragma once

#include "seal/ciphertext.h"

namespace kagimori {

// Suite 3 (docs/formats/ciphertext.md): AES-256-GCM by a key in an HSM.
//   u8 format (1) | u8 suite (3) | u8 kind of key id | 16 key id | u64 account | u32 version |
//   12 IV | ciphertext | 16 tag

// What the HSM authenticates besides the plaintext: the front of the ciphertext and the encryption context.
// kInternal for a header that no ciphertext can have.
Result<Bytes> hsm_additional_data(const CiphertextHeader& header, ByteView canonical_context);

// `sealed` is IV, ciphertext and tag. kInternal as above.
Result<Bytes> write_hsm_ciphertext(const CiphertextHeader& header, ByteView sealed);
// The sealed part. kInvalidCiphertext (no message) unless the blob can be one.
Result<ByteView> parse_hsm_ciphertext(ByteView blob);

}  // namespace kagimori
