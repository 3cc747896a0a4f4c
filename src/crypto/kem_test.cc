#include "crypto/kem.h"

#include <openssl/err.h>

namespace kagimori {
namespace {

template <typename T>
std::string code_of(const Result<T>& result) {
  return result ? "success" : std::string(error_code_name(result.error().code));
}

class KemTest : public testing::Test {
 protected:
  std::unique_ptr<CryptoContext> crypto_ = CryptoContext::create().value();
};

TEST_F(KemTest, BothSidesHaveTheSameSecret) {
  if (!supports(*crypto_, KeyPairSpec::kMlKem512)) GTEST_SKIP() << loaded_openssl() << " has no ML-KEM";
  for (const KeyPairSpec spec : {KeyPairSpec::kMlKem512, KeyPairSpec::kMlKem768, KeyPairSpec::kMlKem1024}) {
    const PrivateKey key = PrivateKey::generate(*crypto_, spec).value();
    const Result<Encapsulation> made = encapsulate(*crypto_, *key.public_key(*crypto_));
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_EQ(made->ciphertext.size(), key_pair_info(spec).kem_ciphertext);
    EXPECT_EQ(made->secret.size(), kKemSecretSize);
    const Result<SecretBytes> secret = decapsulate(*crypto_, key, made->ciphertext);
    ASSERT_TRUE(secret) << secret.error().message;
    EXPECT_EQ(to_bytes(secret->expose()), to_bytes(made->secret.expose()));
  }
}

TEST_F(KemTest, AChangedCiphertextYieldsAnotherSecretAndAWrongSizeAnError) {
  if (!supports(*crypto_, KeyPairSpec::kMlKem512)) GTEST_SKIP() << loaded_openssl() << " has no ML-KEM";
  const PrivateKey key = PrivateKey::generate(*crypto_, KeyPairSpec::kMlKem768).value();
  const Encapsulation made = encapsulate(*crypto_, *key.public_key(*crypto_)).value();
  Bytes flipped = made.ciphertext;
  flipped[7] ^= 1;
  const Result<SecretBytes> other = decapsulate(*crypto_, key, flipped);
  ASSERT_TRUE(other);
  EXPECT_NE(to_bytes(other->expose()), to_bytes(made.secret.expose()));
  EXPECT_EQ(to_bytes(other->expose()), to_bytes(decapsulate(*crypto_, key, flipped)->expose()));
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{768}, made.ciphertext.size() - 1, made.ciphertext.size() + 1}) {
    const Result<SecretBytes> result = decapsulate(*crypto_, key, Bytes(size));
    EXPECT_EQ(code_of(result), "InvalidCiphertext") << size;
    EXPECT_EQ(result.error().message, "");
  }
}

TEST_F(KemTest, OtherKindsOfKeysAreRefused) {
  const PrivateKey key = PrivateKey::generate(*crypto_, KeyPairSpec::kP256).value();
  const PublicKey half = key.public_key(*crypto_).value();
  EXPECT_EQ(code_of(encapsulate(*crypto_, half)), "Crypto");
  EXPECT_EQ(code_of(decapsulate(*crypto_, key, Bytes(768))), "Crypto");
}

}  // namespace
}  // namespace kagimori
