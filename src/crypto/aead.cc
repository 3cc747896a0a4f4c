#include "crypto/aead.h"

#include <fmt/format.h>

#include "base/secret.h"
#include "crypto/openssl.h"

namespace kagimori {
namespace {

// OpenSSL counts in int; a request never comes near.
constexpr std::size_t kMaxSize = std::size_t{1} << 30;

enum class Direction : int { kOpen = 0, kSeal = 1 };

// A run of the thread's GCM context under one key. It resets the context when it ends, so that the key's schedule
// (whose first bytes are the key itself) does not lie in ordinary memory until the next call; that is cheaper than
// re-keying with zeros, and the fetched cipher stays.
class GcmRun {
 public:
  GcmRun(CryptoContext& crypto, Direction direction, ByteView key, ByteView nonce)
      : context_(crypto.algorithms().gcm_scratch.get()),
        good_(EVP_CipherInit_ex2(context_, crypto.algorithms().aes256gcm.get(), key.data(), nonce.data(),
                                 static_cast<int>(direction), nullptr) == 1) {}
  ~GcmRun() { EVP_CIPHER_CTX_reset(context_); }
  GcmRun(const GcmRun&) = delete;
  GcmRun& operator=(const GcmRun&) = delete;

  void authenticate(std::initializer_list<ByteView> aad) {
    for (const ByteView part : aad) update(nullptr, part);
  }
  void update(std::uint8_t* out, ByteView in) {
    int size = 0;
    if (good_ && !in.empty()) {
      good_ = EVP_CipherUpdate(context_, out, &size, in.data(), static_cast<int>(in.size())) == 1;
    }
  }
  void expect_tag(ByteView tag) {
    // EVP_CIPHER_CTX_ctrl takes memory that it may write to, and here does not.
    good_ = good_ && EVP_CIPHER_CTX_ctrl(context_, EVP_CTRL_AEAD_SET_TAG, static_cast<int>(tag.size()),
                                         const_cast<std::uint8_t*>(tag.data())) == 1;
  }
  // Whether the tag matches; for sealing, whether all went well.
  bool finish() {
    std::uint8_t unused[EVP_MAX_BLOCK_LENGTH];
    int size = 0;
    return EVP_CipherFinal_ex(context_, unused, &size) == 1;
  }
  void read_tag(std::span<std::uint8_t> tag) {
    good_ =
        good_ && EVP_CIPHER_CTX_ctrl(context_, EVP_CTRL_AEAD_GET_TAG, static_cast<int>(tag.size()), tag.data()) == 1;
  }
  bool good() const { return good_; }

 private:
  EVP_CIPHER_CTX* context_;
  bool good_;
};

Status check_size(std::string_view what, std::size_t size, std::size_t expected) {
  if (size == expected) return {};
  return fail(ErrorCode::kCrypto, fmt::format("AES-256-GCM takes a {} of {} bytes, not {}", what, expected, size));
}

Status check_sizes(ByteView key, ByteView nonce, std::initializer_list<ByteView> aad, ByteView input) {
  TRY(check_size("key", key.size(), kAes256KeySize));
  TRY(check_size("nonce", nonce.size(), kGcmNonceSize));
  bool small = input.size() <= kMaxSize;
  for (const ByteView part : aad) small = small && part.size() <= kMaxSize;
  if (!small) return fail(ErrorCode::kCrypto, "AES-256-GCM takes at most 1 GiB at once; split the message");
  return {};
}

Status seal(CryptoContext& crypto, ByteView key, ByteView nonce, std::initializer_list<ByteView> aad,
            ByteView plaintext, std::span<std::uint8_t> out) {
  TRY(check_sizes(key, nonce, aad, plaintext));
  TRY(check_size("result", out.size(), plaintext.size() + kGcmTagSize));
  GcmRun run(crypto, Direction::kSeal, key, nonce);
  run.authenticate(aad);
  run.update(out.data(), plaintext);
  if (!run.good() || !run.finish()) return openssl::failure("encrypt by AES-256-GCM");
  run.read_tag(out.last(kGcmTagSize));
  if (!run.good()) return openssl::failure("make the tag of AES-256-GCM");
  return {};
}

Status open(CryptoContext& crypto, ByteView key, ByteView nonce, std::initializer_list<ByteView> aad,
            ByteView ciphertext_and_tag, std::span<std::uint8_t> plaintext_out) {
  TRY(check_sizes(key, nonce, aad, ciphertext_and_tag));
  if (ciphertext_and_tag.size() < kGcmTagSize) return fail(ErrorCode::kInvalidCiphertext);
  const std::size_t size = ciphertext_and_tag.size() - kGcmTagSize;
  TRY(check_size("result", plaintext_out.size(), size));
  GcmRun run(crypto, Direction::kOpen, key, nonce);
  run.authenticate(aad);
  run.update(plaintext_out.data(), ciphertext_and_tag.first(size));
  run.expect_tag(ciphertext_and_tag.last(kGcmTagSize));
  if (!run.good()) return openssl::failure("decrypt by AES-256-GCM");
  if (!run.finish()) {
    openssl::forget_errors();
    return fail(ErrorCode::kInvalidCiphertext);
  }
  return {};
}

}  // namespace

Status aes256gcm_seal(CryptoContext& crypto, ByteView key, ByteView nonce, std::initializer_list<ByteView> aad,
                      ByteView plaintext, std::span<std::uint8_t> out) {
  Status status = seal(crypto, key, nonce, aad, plaintext, out);
  if (!status) secure_wipe(out);
  return status;
}

Status aes256gcm_seal(CryptoContext& crypto, ByteView key, ByteView nonce, ByteView aad, ByteView plaintext,
                      std::span<std::uint8_t> out) {
  return aes256gcm_seal(crypto, key, nonce, {aad}, plaintext, out);
}

Status aes256gcm_open(CryptoContext& crypto, ByteView key, ByteView nonce, std::initializer_list<ByteView> aad,
                      ByteView ciphertext_and_tag, std::span<std::uint8_t> plaintext_out) {
  Status status = open(crypto, key, nonce, aad, ciphertext_and_tag, plaintext_out);
  if (!status) secure_wipe(plaintext_out);
  return status;
}

Status aes256gcm_open(CryptoContext& crypto, ByteView key, ByteView nonce, ByteView aad, ByteView ciphertext_and_tag,
                      std::span<std::uint8_t> plaintext_out) {
  return aes256gcm_open(crypto, key, nonce, {aad}, ciphertext_and_tag, plaintext_out);
}

}  // namespace kagimori
