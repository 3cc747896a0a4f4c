#include "crypto/sm2_encryption.h"

#include <openssl/err.h>

#include "base/encoding.h"
#include "crypto/key_fields.h"

namespace kagimori {
namespace {

template <typename T>
std::string code_of(const Result<T>& result) {
  return result ? "success" : std::string(error_code_name(result.error().code));
}

class Sm2EncryptionTest : public testing::Test {
 protected:
  std::unique_ptr<CryptoContext> crypto_ = CryptoContext::create().value();
  const PrivateKey key_ = PrivateKey::generate(*crypto_, KeyPairSpec::kSm2).value();
  const PublicKey half_ = key_.public_key(*crypto_).value();
};

TEST_F(Sm2EncryptionTest, MessagesOfAllSizesComeBack) {
  for (const std::size_t size : {1U, 31U, 32U, 33U, 1024U, 4096U}) {
    const Bytes message(size, 0x42);
    const Result<Bytes> ciphertext = sm2_encrypt(*crypto_, half_, message);
    ASSERT_TRUE(ciphertext) << ciphertext.error().message;
    const Result<SecretBytes> back = sm2_decrypt(*crypto_, key_, *ciphertext);
    ASSERT_TRUE(back) << size;
    EXPECT_EQ(to_bytes(back->expose()), message);
  }
  EXPECT_EQ(code_of(sm2_encrypt(*crypto_, half_, {})), "Crypto");
  EXPECT_EQ(code_of(sm2_encrypt(*crypto_, half_, Bytes(4097))), "Crypto");
}

// GM/T 0003.5-2012, annex C.2, its three parts put into the structure of GM/T 0009.
TEST_F(Sm2EncryptionTest, KnownAnswer) {
  const Bytes scalar = hex_decode("3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8").value();
  const Bytes point = derive_point(*crypto_, KeyPairSpec::kSm2, scalar).value();
  KeyFields fields;
  fields.secret = scalar;
  fields.public_key = point;
  const PrivateKey key(KeyPairSpec::kSm2, make_key(*crypto_, KeyPairSpec::kSm2, KeyHalf::kPrivate, fields).value(),
                       crypto_->library());
  const Bytes ciphertext = hex_decode(
                               "307c"
                               "022004ebfc718e8d1798620432268e77feb6415e2ede0e073c0f4f640ecd2e149a73"
                               "022100e858f9d81e5430a57b36daab8f950a3c64e6ee6a63094d99283aff767e124df0"
                               "042059983c18f809e262923c53aec295d30383b54e39d609d160afcb1908d0bd8766"
                               "041321886ca989ca9c7d58087307ca93092d651efa")
                               .value();
  const Result<SecretBytes> message = sm2_decrypt(*crypto_, key, ciphertext);
  ASSERT_TRUE(message);
  EXPECT_EQ(as_text(message->expose()), "encryption standard");
}

TEST_F(Sm2EncryptionTest, WhatDoesNotDecryptIsRefusedWithoutAReason) {
  const Bytes good = sm2_encrypt(*crypto_, half_, as_bytes("message")).value();
  for (std::size_t at = 0; at < good.size(); ++at) {
    Bytes flipped = good;
    flipped[at] ^= 1;
    const Result<SecretBytes> result = sm2_decrypt(*crypto_, key_, flipped);
    ASSERT_EQ(code_of(result), "InvalidCiphertext") << at;
    EXPECT_EQ(result.error().message, "");
    EXPECT_EQ(ERR_peek_error(), 0U);
    EXPECT_EQ(code_of(sm2_decrypt(*crypto_, key_, ByteView(good).first(at))), "InvalidCiphertext") << at;
  }
  Bytes longer = good;
  longer.push_back(0);
  EXPECT_EQ(code_of(sm2_decrypt(*crypto_, key_, longer)), "InvalidCiphertext");
  EXPECT_EQ(code_of(sm2_decrypt(*crypto_, key_, Bytes(100'000, 0x30))), "InvalidCiphertext");
  const PrivateKey other = PrivateKey::generate(*crypto_, KeyPairSpec::kSm2).value();
  EXPECT_EQ(code_of(sm2_decrypt(*crypto_, other, good)), "InvalidCiphertext");
}

TEST_F(Sm2EncryptionTest, OtherKindsOfKeysAreRefused) {
  const PrivateKey key = PrivateKey::generate(*crypto_, KeyPairSpec::kP256).value();
  const PublicKey half = key.public_key(*crypto_).value();
  EXPECT_EQ(code_of(sm2_encrypt(*crypto_, half, Bytes(1))), "Crypto");
  EXPECT_EQ(code_of(sm2_decrypt(*crypto_, key, Bytes(100))), "Crypto");
}

}  // namespace
}  // namespace kagimori
