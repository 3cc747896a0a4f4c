#include "seal/sealed_box.h"

#include <algorithm>

#include "crypto/aead.h"
#include "crypto/hmac.h"
#include "crypto/kdf.h"

namespace kagimori {
namespace {

constexpr std::uint8_t kFormat = 1;
constexpr std::size_t kNonceSize = 16;
constexpr std::size_t kPrefixSize = 1 + kNonceSize;

// AES key and IV of one box; format and nonce are the context of the derivation.
Result<SecretBytes> message_key(CryptoContext& crypto, ByteView key, std::string_view label, ByteView prefix) {
  TRY_ASSIGN(KeyedHmac prf, KeyedHmac::create(crypto, key));
  SecretBytes derived(kAes256KeySize + kGcmNonceSize);
  kbkdf_counter(prf, as_bytes(label), prefix, derived.expose_mutable());
  return derived;
}

}  // namespace

Result<Bytes> seal_box(CryptoContext& crypto, RandomSource& random, ByteView key, std::string_view label, ByteView aad,
                       ByteView content) {
  Bytes box(content.size() + kSealedBoxOverhead);
  const std::span<std::uint8_t> all(box);
  box[0] = kFormat;
  random.fill_public(all.subspan(1, kNonceSize));
  TRY_ASSIGN(const SecretBytes derived, message_key(crypto, key, label, all.first(kPrefixSize)));
  TRY(aes256gcm_seal(crypto, derived.expose().first(kAes256KeySize), derived.expose().last(kGcmNonceSize), aad, content,
                     all.subspan(kPrefixSize)));
  return box;
}

Result<SecretBytes> open_box(CryptoContext& crypto, ByteView key, std::string_view label, ByteView aad, ByteView box) {
  if (box.empty()) return fail(ErrorCode::kCorrupt, "it is empty.");
  if (box[0] > kFormat) return fail(ErrorCode::kNewerSchema, "it was written by a later release; use that release.");
  if (box[0] != kFormat || box.size() < kSealedBoxOverhead) return fail(ErrorCode::kCorrupt, "it is damaged.");
  TRY_ASSIGN(const SecretBytes derived, message_key(crypto, key, label, box.first(kPrefixSize)));
  SecretBytes content(box.size() - kSealedBoxOverhead);
  const Status opened =
      aes256gcm_open(crypto, derived.expose().first(kAes256KeySize), derived.expose().last(kGcmNonceSize), aad,
                     box.subspan(kPrefixSize), content.expose_mutable());
  if (opened) return content;
  if (opened.error().code != ErrorCode::kInvalidCiphertext) return fail(opened.error());
  return fail(ErrorCode::kCorrupt, "it was damaged, forged or made for another place.");
}

Result<SecretBytes> derive_key(CryptoContext& crypto, ByteView key, std::string_view label, ByteView context) {
  TRY_ASSIGN(KeyedHmac prf, KeyedHmac::create(crypto, key));
  SecretBytes derived(32);
  kbkdf_counter(prf, as_bytes(label), context, derived.expose_mutable());
  return derived;
}

}  // namespace kagimori
