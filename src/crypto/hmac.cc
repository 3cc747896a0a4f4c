#include "crypto/hmac.h"

#include <openssl/core_names.h>
#include <openssl/params.h>

#include <algorithm>

#include "base/secret.h"
#include "crypto/openssl.h"

namespace kagimori {
namespace {

constexpr std::size_t kBlockSize = 64;  // of SHA-256
constexpr std::uint8_t kInnerPad = 0x36;
constexpr std::uint8_t kOuterPad = 0x5c;

// HMAC is composed here from SHA-256 (FIPS 198-1 section 4) because OpenSSL's own HMAC context keeps a copy of the key
// in ordinary memory for as long as it lives; hash states lead to MACs but not back to the key.
//
// K0 of FIPS 198-1, to be read through one pad at a time; wiped on destruction.
class PaddedKey {
 public:
  PaddedKey(CryptoContext& crypto, ByteView key) {
    if (key.size() > kBlockSize) {
      Sha256Digest digest = sha256(crypto, key);
      std::ranges::copy(digest, block_.begin());
      secure_wipe(digest);
    } else {
      std::ranges::copy(key, block_.begin());
    }
  }
  ~PaddedKey() { secure_wipe(block_); }
  PaddedKey(const PaddedKey&) = delete;
  PaddedKey& operator=(const PaddedKey&) = delete;

  // Absorbs K0 xor pad. A whole block goes straight into the hash state, without a stay in its buffer.
  bool absorb_into(EVP_MD_CTX* hash, std::uint8_t pad) {
    change(pad);
    const bool good = EVP_DigestUpdate(hash, block_.data(), block_.size()) == 1;
    change(pad);
    return good;
  }

 private:
  void change(std::uint8_t pad) {
    for (std::uint8_t& byte : block_) byte ^= pad;
  }

  std::array<std::uint8_t, kBlockSize> block_{};
};

bool absorb(EVP_MD_CTX* hash, std::initializer_list<ByteView> parts) {
  for (const ByteView part : parts) {
    if (EVP_DigestUpdate(hash, part.data(), part.size()) != 1) return false;
  }
  return true;
}

bool restart(EVP_MD_CTX* hash) { return EVP_DigestInit_ex2(hash, nullptr, nullptr) == 1; }

openssl::DigestContext keyed_state(CryptoContext& crypto, PaddedKey& key, std::uint8_t pad) {
  openssl::DigestContext hash(EVP_MD_CTX_new());
  if (!hash || EVP_DigestInit_ex2(hash.get(), crypto.algorithms().digest(HashAlgorithm::kSha256), nullptr) != 1 ||
      !key.absorb_into(hash.get(), pad)) {
    return nullptr;
  }
  return hash;
}

}  // namespace

Mac256 hmac_sha256(CryptoContext& crypto, ByteView key, std::initializer_list<ByteView> parts) {
  EVP_MD_CTX* const scratch = crypto.algorithms().sha256_scratch.get();
  PaddedKey padded(crypto, key);
  Mac256 inner;
  Mac256 mac;
  const bool good = padded.absorb_into(scratch, kInnerPad) && absorb(scratch, parts) &&
                    EVP_DigestFinal_ex(scratch, inner.data(), nullptr) == 1 && restart(scratch) &&
                    padded.absorb_into(scratch, kOuterPad) && absorb(scratch, {inner}) &&
                    EVP_DigestFinal_ex(scratch, mac.data(), nullptr) == 1 && restart(scratch);
  if (!good) openssl::stop_process("HMAC-SHA256 failed");
  return mac;
}

Result<Bytes> hmac(CryptoContext& crypto, HashAlgorithm algorithm, ByteView key, ByteView message) {
  const openssl::MacContext context(EVP_MAC_CTX_new(crypto.algorithms().hmac.get()));
  // OSSL_PARAM wants a name that it may write to, and does not.
  const std::array<OSSL_PARAM, 2> params = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, const_cast<char*>(openssl::digest_name(algorithm)), 0),
      OSSL_PARAM_construct_end()};
  // A null key means "the key you have"; an empty one must not be null.
  const std::uint8_t nothing = 0;
  Bytes mac(digest_size(algorithm));
  std::size_t size = 0;
  if (!context || EVP_MAC_init(context.get(), key.empty() ? &nothing : key.data(), key.size(), params.data()) != 1 ||
      EVP_MAC_update(context.get(), message.data(), message.size()) != 1 ||
      EVP_MAC_final(context.get(), mac.data(), &size, mac.size()) != 1 || size != mac.size()) {
    return openssl::failure("compute an HMAC");
  }
  return mac;
}

struct KeyedHmac::State {
  CryptoContext& crypto;
  openssl::DigestContext inner;  // has absorbed K0 xor ipad
  openssl::DigestContext outer;  // has absorbed K0 xor opad
};

KeyedHmac::KeyedHmac(std::unique_ptr<State> state) : state_(std::move(state)) {}
KeyedHmac::KeyedHmac(KeyedHmac&& other) noexcept = default;
KeyedHmac& KeyedHmac::operator=(KeyedHmac&& other) noexcept = default;
// OpenSSL wipes a digest context when it frees it.
KeyedHmac::~KeyedHmac() = default;

Result<KeyedHmac> KeyedHmac::create(CryptoContext& crypto, ByteView key) {
  PaddedKey padded(crypto, key);
  openssl::DigestContext inner = keyed_state(crypto, padded, kInnerPad);
  openssl::DigestContext outer = keyed_state(crypto, padded, kOuterPad);
  if (!inner || !outer) return openssl::failure("key an HMAC");
  return KeyedHmac(std::unique_ptr<State>(new State{crypto, std::move(inner), std::move(outer)}));
}

Mac256 KeyedHmac::mac(std::initializer_list<ByteView> parts) {
  EVP_MD_CTX* const scratch = state_->crypto.algorithms().sha256_scratch.get();
  Mac256 inner;
  Mac256 mac;
  const bool good = EVP_MD_CTX_copy_ex(scratch, state_->inner.get()) == 1 && absorb(scratch, parts) &&
                    EVP_DigestFinal_ex(scratch, inner.data(), nullptr) == 1 &&
                    EVP_MD_CTX_copy_ex(scratch, state_->outer.get()) == 1 && absorb(scratch, {inner}) &&
                    EVP_DigestFinal_ex(scratch, mac.data(), nullptr) == 1 && restart(scratch);
  if (!good) openssl::stop_process("HMAC-SHA256 failed");
  return mac;
}

}  // namespace kagimori
