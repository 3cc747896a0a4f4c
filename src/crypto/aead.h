#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>

#include "base/bytes.h"
#include "crypto/context.h"

namespace kagimori {

// AES-256-GCM (SP 800-38D) with a 96-bit nonce and a 128-bit tag behind the ciphertext; no other sizes.
// Whoever calls sees to it that a (key, nonce) pair is never used twice.
inline constexpr std::size_t kAes256KeySize = 32;
inline constexpr std::size_t kGcmNonceSize = 12;
inline constexpr std::size_t kGcmTagSize = 16;

// Writes ciphertext and tag to `out`, which has plaintext.size() + kGcmTagSize bytes and either begins where
// `plaintext` begins or does not overlap it. Several parts of `aad` count as one string. When it returns, the OpenSSL
// context holds the key no longer. kCrypto when a size is wrong (also: more than 1 GiB) or OpenSSL fails; `out` is then
// wiped.
Status aes256gcm_seal(CryptoContext& crypto, ByteView key, ByteView nonce, ByteView aad, ByteView plaintext,
                      std::span<std::uint8_t> out);
Status aes256gcm_seal(CryptoContext& crypto, ByteView key, ByteView nonce, std::initializer_list<ByteView> aad,
                      ByteView plaintext, std::span<std::uint8_t> out);

// Writes the plaintext to `plaintext_out`, which has ciphertext_and_tag.size() - kGcmTagSize bytes and either begins
// where `ciphertext_and_tag` begins or does not overlap it. kInvalidCiphertext with an empty message when the tag does
// not match or there is no room for one; kCrypto as above. On any error `plaintext_out` is wiped.
Status aes256gcm_open(CryptoContext& crypto, ByteView key, ByteView nonce, ByteView aad, ByteView ciphertext_and_tag,
                      std::span<std::uint8_t> plaintext_out);
Status aes256gcm_open(CryptoContext& crypto, ByteView key, ByteView nonce, std::initializer_list<ByteView> aad,
                      ByteView ciphertext_and_tag, std::span<std::uint8_t> plaintext_out);

}  // namespace kagimori
