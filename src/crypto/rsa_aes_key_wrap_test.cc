#include "crypto/rsa_aes_key_wrap.h"

#include <openssl/err.h>

#include "crypto/golden_key_test.h"
#include "crypto/keywrap.h"

namespace kagimori {
namespace {

template <typename T>
std::string code_of(const Result<T>& result) {
  return result ? "success" : std::string(error_code_name(result.error().code));
}

class RsaAesKeyWrapTest : public testing::Test {
 protected:
  // As a client of AWS KMS does it: an ephemeral AES key, then the material.
  Bytes wrap(ByteView kek, ByteView material) {
    Bytes wrapped = rsa_oaep_encrypt(*crypto_, half_, OaepHash::kSha256, kek).value();
    const Bytes rest = aes_kwp_wrap(*crypto_, kek, material).value();
    wrapped.insert(wrapped.end(), rest.begin(), rest.end());
    return wrapped;
  }
  std::string unwrap_code(ByteView wrapped) {
    const Result<SecretBytes> result = rsa_aes_key_unwrap(*crypto_, key_, OaepHash::kSha256, wrapped);
    EXPECT_TRUE(result || result.error().message.empty());
    EXPECT_EQ(ERR_peek_error(), 0U);
    return code_of(result);
  }

  std::unique_ptr<CryptoContext> crypto_ = CryptoContext::create().value();
  const PrivateKey key_ = golden_rsa_key(*crypto_);
  const PublicKey half_ = key_.public_key(*crypto_).value();
};

TEST_F(RsaAesKeyWrapTest, MaterialOfAllSizesComesBack) {
  for (const OaepHash hash : {OaepHash::kSha1, OaepHash::kSha256}) {
    for (const std::size_t size : {1U, 32U, 138U, 1219U, 2375U, 100'000U}) {
      const Bytes material(size, 0x17);
      const Result<Bytes> wrapped = rsa_aes_key_wrap(*crypto_, half_, hash, material);
      ASSERT_TRUE(wrapped) << wrapped.error().message;
      EXPECT_EQ(wrapped->size(), 256 + (size + 7) / 8 * 8 + 8);
      const Result<SecretBytes> back = rsa_aes_key_unwrap(*crypto_, key_, hash, *wrapped);
      ASSERT_TRUE(back);
      EXPECT_EQ(to_bytes(back->expose()), material);
    }
  }
  EXPECT_EQ(code_of(rsa_aes_key_wrap(*crypto_, half_, OaepHash::kSha1, {})), "Crypto");
}

TEST_F(RsaAesKeyWrapTest, ClientsWrapInTwoSteps) {
  const Result<SecretBytes> back =
      rsa_aes_key_unwrap(*crypto_, key_, OaepHash::kSha256, wrap(Bytes(32, 9), as_bytes("material")));
  ASSERT_TRUE(back);
  EXPECT_EQ(as_text(back->expose()), "material");
}

// PKCS#11 leaves the size of the AES key open; AWS takes 256 bits.
TEST_F(RsaAesKeyWrapTest, OnlyAes256) {
  EXPECT_EQ(unwrap_code(wrap(Bytes(16, 9), as_bytes("material"))), "InvalidCiphertext");
  EXPECT_EQ(unwrap_code(wrap(Bytes(24, 9), as_bytes("material"))), "InvalidCiphertext");
}

TEST_F(RsaAesKeyWrapTest, WhatDoesNotUnwrapIsRefusedWithoutAReason) {
  const Bytes good = rsa_aes_key_wrap(*crypto_, half_, OaepHash::kSha256, Bytes(100, 1)).value();
  EXPECT_EQ(unwrap_code(good), "success");
  for (const std::size_t size : {0U, 1U, 255U, 256U, 257U, 263U, 264U}) {
    EXPECT_EQ(unwrap_code(ByteView(good).first(size)), "InvalidCiphertext") << size;
  }
  for (const std::size_t at : {std::size_t{10}, std::size_t{255}, std::size_t{256}, good.size() - 1}) {
    Bytes flipped = good;
    flipped[at] ^= 1;
    EXPECT_EQ(unwrap_code(flipped), "InvalidCiphertext") << at;
  }
  EXPECT_EQ(code_of(rsa_aes_key_unwrap(*crypto_, key_, OaepHash::kSha1, good)), "InvalidCiphertext");
}

TEST_F(RsaAesKeyWrapTest, OtherKindsOfKeysAreRefused) {
  const PrivateKey key = PrivateKey::generate(*crypto_, KeyPairSpec::kEd25519).value();
  const PublicKey half = key.public_key(*crypto_).value();
  EXPECT_EQ(code_of(rsa_aes_key_wrap(*crypto_, half, OaepHash::kSha1, Bytes(1))), "Crypto");
  EXPECT_EQ(code_of(rsa_aes_key_unwrap(*crypto_, key, OaepHash::kSha1, Bytes(300))), "Crypto");
}

}  // namespace
}  // namespace kagimori
