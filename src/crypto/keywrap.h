#pragma once

#include "base/bytes.h"
#include "base/secret.h"
#include "crypto/context.h"

namespace kagimori {

// AES key wrap under a key-encryption key of 16, 24 or 32 bytes. A key to wrap has at most 1 MiB.
// Wrapping fails with kCrypto when a size is not allowed or OpenSSL fails. Unwrapping fails with kCrypto when the KEK
// has a wrong size, and with kInvalidCiphertext (empty message) when the wrapped key has an impossible size or its
// integrity check fails.

// AES-KW (RFC 3394): keys of 16 bytes or more, in multiples of 8. The result is 8 bytes longer.
Result<Bytes> aes_kw_wrap(CryptoContext& crypto, ByteView kek, ByteView key);
Result<SecretBytes> aes_kw_unwrap(CryptoContext& crypto, ByteView kek, ByteView wrapped);

// AES-KWP (RFC 5649): keys of any size but 0. The result is 8 bytes longer than the size rounded up to a multiple of 8.
Result<Bytes> aes_kwp_wrap(CryptoContext& crypto, ByteView kek, ByteView key);
Result<SecretBytes> aes_kwp_unwrap(CryptoContext& crypto, ByteView kek, ByteView wrapped);

}  // namespace kagimori
