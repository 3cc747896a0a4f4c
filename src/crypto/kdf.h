#pragma once

#include <cstdint>
#include <span>

#include "base/bytes.h"
#include "crypto/context.h"
#include "crypto/digest.h"
#include "crypto/hmac.h"

namespace kagimori {

// Fills `out` with keys derived from the key of `prf`: SP 800-108r1 section 4.1, counter mode with HMAC-SHA256.
// K(i) = PRF(K_I, [i] || Label || 0x00 || Context || [L]), i and L as 32 bits big-endian, L = bits of `out`.
// `out` has less than 2^29 bytes; more stops the process.
void kbkdf_counter(KeyedHmac& prf, ByteView label, ByteView context, std::span<std::uint8_t> out);

// HKDF (RFC 5869), extract then expand. kCrypto if `ikm` is empty, or `out` is empty or over 255 digests long.
Status hkdf(CryptoContext& crypto, HashAlgorithm algorithm, ByteView ikm, ByteView salt, ByteView info,
            std::span<std::uint8_t> out);

}  // namespace kagimori
