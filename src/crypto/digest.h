#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>

#include "base/bytes.h"
#include "crypto/context.h"

namespace kagimori {

// FIPS 180-4. SHA-1 is here for what standards still demand of it (RSAES_OAEP_SHA_1), never for signatures of the
// house.
enum class HashAlgorithm : std::uint8_t { kSha1, kSha224, kSha256, kSha384, kSha512 };

// Bytes of a digest.
std::size_t digest_size(HashAlgorithm algorithm);

using Sha256Digest = std::array<std::uint8_t, 32>;

// SHA-256 of the parts, one after the other. Allocates nothing. Stops the process if OpenSSL fails, which it does only
// when memory is out.
Sha256Digest sha256(CryptoContext& crypto, std::initializer_list<ByteView> parts);
Sha256Digest sha256(CryptoContext& crypto, ByteView message);

// kCrypto if OpenSSL fails.
Result<Bytes> hash(CryptoContext& crypto, HashAlgorithm algorithm, ByteView message);

}  // namespace kagimori
