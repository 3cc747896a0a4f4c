#include "crypto/rsa_oaep.h"

#include <openssl/err.h>

#include "crypto/golden_key_test.h"
namespace kagimori {
namespace {

template <typename T>
std::string code_of(const Result<T>& result) {
  return result ? "success" : std::string(error_code_name(result.error().code));
}

class RsaOaepTest : public testing::Test {
 protected:
  std::unique_ptr<CryptoContext> crypto_ = CryptoContext::create().value();
  const PrivateKey key_ = golden_rsa_key(*crypto_);
  const PublicKey half_ = key_.public_key(*crypto_).value();
};

// AWS KMS developer guide, "Encrypt": 214 and 190 bytes, 342 and 318, 470 and 446.
TEST_F(RsaOaepTest, MaximumSizesOfMessages) {
  EXPECT_EQ(rsa_oaep_max_message(KeyPairSpec::kRsa2048, OaepHash::kSha1), 214U);
  EXPECT_EQ(rsa_oaep_max_message(KeyPairSpec::kRsa2048, OaepHash::kSha256), 190U);
  EXPECT_EQ(rsa_oaep_max_message(KeyPairSpec::kRsa3072, OaepHash::kSha1), 342U);
  EXPECT_EQ(rsa_oaep_max_message(KeyPairSpec::kRsa3072, OaepHash::kSha256), 318U);
  EXPECT_EQ(rsa_oaep_max_message(KeyPairSpec::kRsa4096, OaepHash::kSha1), 470U);
  EXPECT_EQ(rsa_oaep_max_message(KeyPairSpec::kRsa4096, OaepHash::kSha256), 446U);
  EXPECT_EQ(rsa_oaep_max_message(KeyPairSpec::kP256, OaepHash::kSha1), 0U);
}

TEST_F(RsaOaepTest, MessagesUpToTheMaximumComeBack) {
  for (const OaepHash hash : {OaepHash::kSha1, OaepHash::kSha256}) {
    const std::size_t max = rsa_oaep_max_message(KeyPairSpec::kRsa2048, hash);
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{32}, max}) {
      const Bytes message(size, 0x42);
      const Result<Bytes> ciphertext = rsa_oaep_encrypt(*crypto_, half_, hash, message);
      ASSERT_TRUE(ciphertext) << ciphertext.error().message;
      EXPECT_EQ(ciphertext->size(), 256U);
      const Result<SecretBytes> back = rsa_oaep_decrypt(*crypto_, key_, hash, *ciphertext);
      ASSERT_TRUE(back);
      EXPECT_EQ(to_bytes(back->expose()), message);
    }
    EXPECT_EQ(code_of(rsa_oaep_encrypt(*crypto_, half_, hash, Bytes(max + 1))), "Crypto");
  }
}

TEST_F(RsaOaepTest, WhatDoesNotDecryptIsRefusedWithoutAReason) {
  const Bytes good = rsa_oaep_encrypt(*crypto_, half_, OaepHash::kSha256, as_bytes("message")).value();
  Bytes flipped = good;
  flipped[100] ^= 1;
  Bytes longer = good;
  longer.push_back(0);
  const Bytes shorter(good.begin(), good.end() - 1);
  for (const Bytes& bad : {Bytes{}, Bytes(1), shorter, longer, flipped, Bytes(256), Bytes(256, 0xff)}) {
    const Result<SecretBytes> result = rsa_oaep_decrypt(*crypto_, key_, OaepHash::kSha256, bad);
    ASSERT_EQ(code_of(result), "InvalidCiphertext");
    EXPECT_EQ(result.error().message, "");
    EXPECT_EQ(ERR_peek_error(), 0U);
  }
  EXPECT_EQ(code_of(rsa_oaep_decrypt(*crypto_, key_, OaepHash::kSha1, good)), "InvalidCiphertext");
  const PrivateKey other = PrivateKey::generate(*crypto_, KeyPairSpec::kRsa2048).value();
  EXPECT_EQ(code_of(rsa_oaep_decrypt(*crypto_, other, OaepHash::kSha256, good)), "InvalidCiphertext");
}

TEST_F(RsaOaepTest, OtherKindsOfKeysAreRefused) {
  const PrivateKey key = PrivateKey::generate(*crypto_, KeyPairSpec::kP256).value();
  const PublicKey half = key.public_key(*crypto_).value();
  EXPECT_EQ(code_of(rsa_oaep_encrypt(*crypto_, half, OaepHash::kSha1, Bytes(1))), "Crypto");
  EXPECT_EQ(code_of(rsa_oaep_decrypt(*crypto_, key, OaepHash::kSha1, Bytes(256))), "Crypto");
}

}  // namespace
}  // namespace kagimori
