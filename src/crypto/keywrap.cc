#include "crypto/keywrap.h"

#include <fmt/format.h>

#include <optional>

#include "crypto/openssl.h"

namespace kagimori {
namespace {

constexpr std::size_t kMaxKeySize = std::size_t{1} << 20;
constexpr std::size_t kSemiblock = 8;
constexpr std::size_t kSlack = 16;  // OpenSSL may ask for more room than the result takes

using Ciphers = std::array<openssl::Cipher, 3>;

enum class Direction : int { kUnwrap = 0, kWrap = 1 };

Result<const EVP_CIPHER*> cipher_for(const Ciphers& ciphers, ByteView kek) {
  if (kek.size() != 16 && kek.size() != 24 && kek.size() != 32) {
    return fail(ErrorCode::kCrypto, fmt::format("a key-encryption key has 16, 24 or 32 bytes, not {}", kek.size()));
  }
  return ciphers[kek.size() / 8 - 2].get();
}

// The bytes written to `out`, which has room for in.size() + kSlack; none when OpenSSL refuses.
std::optional<std::size_t> run(const EVP_CIPHER* cipher, Direction direction, ByteView kek, ByteView in,
                               std::span<std::uint8_t> out) {
  const openssl::CipherContext context(EVP_CIPHER_CTX_new());
  if (!context) return std::nullopt;
  EVP_CIPHER_CTX_set_flags(context.get(), EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
  int size = 0;
  int rest = 0;
  if (EVP_CipherInit_ex2(context.get(), cipher, kek.data(), nullptr, static_cast<int>(direction), nullptr) != 1 ||
      EVP_CipherUpdate(context.get(), out.data(), &size, in.data(), static_cast<int>(in.size())) != 1 ||
      EVP_CipherFinal_ex(context.get(), out.data() + size, &rest) != 1) {
    return std::nullopt;
  }
  return static_cast<std::size_t>(size + rest);
}

Result<Bytes> wrap(const Ciphers& ciphers, ByteView kek, ByteView key) {
  TRY_ASSIGN(const EVP_CIPHER* cipher, cipher_for(ciphers, kek));
  Bytes out(key.size() + kSlack);
  const std::optional<std::size_t> size = run(cipher, Direction::kWrap, kek, key, out);
  if (!size) return openssl::failure("wrap a key");
  out.resize(*size);
  return out;
}

Result<SecretBytes> unwrap(const Ciphers& ciphers, ByteView kek, ByteView wrapped, std::size_t min_size) {
  TRY_ASSIGN(const EVP_CIPHER* cipher, cipher_for(ciphers, kek));
  if (wrapped.size() < min_size || wrapped.size() > kMaxKeySize + kSemiblock || wrapped.size() % kSemiblock != 0) {
    return fail(ErrorCode::kInvalidCiphertext);
  }
  SecretBytes out(wrapped.size() + kSlack);
  const std::optional<std::size_t> size = run(cipher, Direction::kUnwrap, kek, wrapped, out.expose_mutable());
  if (!size) {
    openssl::forget_errors();
    return fail(ErrorCode::kInvalidCiphertext);
  }
  out.truncate(*size);
  return out;
}

}  // namespace

Result<Bytes> aes_kw_wrap(CryptoContext& crypto, ByteView kek, ByteView key) {
  if (key.size() < 16 || key.size() > kMaxKeySize || key.size() % kSemiblock != 0) {
    return fail(
        ErrorCode::kCrypto,
        fmt::format("AES-KW wraps keys of 16 bytes or more in multiples of 8, not {}; use AES-KWP", key.size()));
  }
  return wrap(crypto.algorithms().aes_kw, kek, key);
}

Result<SecretBytes> aes_kw_unwrap(CryptoContext& crypto, ByteView kek, ByteView wrapped) {
  return unwrap(crypto.algorithms().aes_kw, kek, wrapped, 3 * kSemiblock);
}

Result<Bytes> aes_kwp_wrap(CryptoContext& crypto, ByteView kek, ByteView key) {
  if (key.empty() || key.size() > kMaxKeySize) {
    return fail(ErrorCode::kCrypto, fmt::format("AES-KWP wraps keys of 1 byte to 1 MiB, not {} bytes", key.size()));
  }
  return wrap(crypto.algorithms().aes_kwp, kek, key);
}

Result<SecretBytes> aes_kwp_unwrap(CryptoContext& crypto, ByteView kek, ByteView wrapped) {
  return unwrap(crypto.algorithms().aes_kwp, kek, wrapped, 2 * kSemiblock);
}

}  // namespace kagimori
