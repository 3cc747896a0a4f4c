#include "crypto/kdf.h"

#include <openssl/core_names.h>
#include <openssl/params.h>

#include <algorithm>

#include "base/secret.h"
#include "crypto/openssl.h"

namespace kagimori {
namespace {

constexpr std::size_t kMaxKbkdfSize = (std::size_t{1} << 29) - 1;  // L counts bits in 32 bits
constexpr std::size_t kMaxHkdfDigests = 255;                       // RFC 5869 section 2.3

std::array<std::uint8_t, 4> big_endian(std::uint32_t value) {
  return {static_cast<std::uint8_t>(value >> 24), static_cast<std::uint8_t>(value >> 16),
          static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value)};
}

// OSSL_PARAM wants memory that it may write to, and for input does not; null would mean "not given".
OSSL_PARAM octets(const char* name, ByteView bytes) {
  static std::uint8_t nothing = 0;
  auto* const data = bytes.empty() ? &nothing : const_cast<std::uint8_t*>(bytes.data());
  return OSSL_PARAM_construct_octet_string(name, data, bytes.size());
}

}  // namespace

void kbkdf_counter(KeyedHmac& prf, ByteView label, ByteView context, std::span<std::uint8_t> out) {
  if (out.size() > kMaxKbkdfSize) openssl::stop_process("a key derivation asks for more bits than it can count");
  static constexpr std::array<std::uint8_t, 1> kSeparator = {0};
  const auto length = big_endian(static_cast<std::uint32_t>(out.size() * 8));
  for (std::uint32_t i = 1; !out.empty(); ++i) {
    Mac256 block = prf.mac({big_endian(i), label, kSeparator, context, length});
    const std::size_t size = std::min(out.size(), block.size());
    std::copy_n(block.begin(), size, out.begin());
    secure_wipe(block);
    out = out.subspan(size);
  }
}

Status hkdf(CryptoContext& crypto, HashAlgorithm algorithm, ByteView ikm, ByteView salt, ByteView info,
            std::span<std::uint8_t> out) {
  if (ikm.empty()) return fail(ErrorCode::kCrypto, "HKDF needs input key material, but got none");
  if (out.empty() || out.size() > kMaxHkdfDigests * digest_size(algorithm)) {
    return fail(ErrorCode::kCrypto, "HKDF derives between 1 byte and 255 digests; ask for less");
  }
  const openssl::KdfContext context(EVP_KDF_CTX_new(crypto.algorithms().hkdf.get()));
  const std::array<OSSL_PARAM, 5> params = {
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, const_cast<char*>(openssl::digest_name(algorithm)), 0),
      octets(OSSL_KDF_PARAM_KEY, ikm), octets(OSSL_KDF_PARAM_SALT, salt), octets(OSSL_KDF_PARAM_INFO, info),
      OSSL_PARAM_construct_end()};
  if (!context || EVP_KDF_derive(context.get(), out.data(), out.size(), params.data()) != 1) {
    secure_wipe(out);
    return openssl::failure("derive keys by HKDF");
  }
  return {};
}

}  // namespace kagimori
