#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "crypto/context.h"

namespace kagimori {

// The cryptography of attestation documents (protocol/attestation_document.h): who signed one, and the envelope for
// whoever it speaks for.

struct AttestationSignature {
  ByteView certificate;                 // X.509 in DER, of a P-384 key
  std::span<const ByteView> ca_bundle;  // X.509 in DER, above it
  ByteView signed_bytes;
  ByteView signature;  // ES384 (RFC 9053 section 2.1): r and s, 48 bytes each
};
// Whether `roots` (PEM, self-signed) lead to the certificate, all of them valid `now`, and its key signed. Returns when
// the certificate ends. kValidation with a sentence that says which of it is wrong.
Result<Timestamp> verify_attestation_signature(CryptoContext& crypto, std::string_view roots, Timestamp now,
                                               const AttestationSignature& attestation);

// How many roots the text holds; kBadConfiguration when one can't be read or is no root, or there is none.
Result<std::size_t> count_trust_roots(CryptoContext& crypto, std::string_view roots);

// The plaintext for the holder of an RSA key of 2048 to 4096 bits: CMS EnvelopedData (RFC 5652) in DER, AES-256-CBC,
// the key to which is encrypted with RSAES-OAEP (RFC 3560), SHA-256 and MGF1 with SHA-256; the recipient is named by
// the SHA-1 of its public key. kValidation when the key is another.
Result<Bytes> envelope_for_recipient(CryptoContext& crypto, ByteView spki, ByteView plaintext);
// Whether it is one that an envelope can be made for.
Status check_recipient_key(CryptoContext& crypto, ByteView spki);

}  // namespace kagimori
