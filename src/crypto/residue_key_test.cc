// Looks through all writable memory of the process for private keys: after a PrivateKey is gone, none may lie anywhere
// but in the secret pages.

#include "crypto/golden_key_test.h"
#include "crypto/kem.h"
#include "crypto/key_agreement.h"
#include "crypto/key_fields.h"
#include "crypto/residue_test.h"
#include "crypto/rsa_aes_key_wrap.h"
#include "crypto/signature.h"
#include "crypto/sm2_encryption.h"

namespace kagimori {
namespace {

using residue::copies_outside;

class ResidueKeyTest : public testing::TestWithParam<KeyPairSpec> {
 protected:
  void SetUp() override {
#ifdef KAGIMORI_SANITIZED
    GTEST_SKIP() << "a sanitizer keeps its own copies of memory";
#endif
    residue::warm_up();
    if (!supports(*crypto_, GetParam())) {
      GTEST_SKIP() << loaded_openssl() << " has no " << key_pair_info(GetParam()).name;
    }
  }

  // The secret parts of a key, 16 bytes of each, in both byte orders: numbers lie in memory from the lowest word on.
  std::vector<SecretBytes> needles(const PrivateKey& key) {
    const OwnedKeyFields own = read_fields(GetParam(), KeyHalf::kPrivate, key.handle(), true).value();
    const KeyFields& f = own.fields;
    std::vector<SecretBytes> result;
    for (const ByteView part :
         {f.private_exponent, f.prime1, f.prime2, f.exponent1, f.exponent2, f.coefficient, f.secret, f.expanded_key}) {
      if (part.empty()) continue;
      result.push_back(SecretBytes::copy_of(part.last(16)));
      result.push_back(SecretBytes::copy_of(part.last(16)));
      std::ranges::reverse(result.back().expose_mutable());
    }
    return result;
  }
  static int copies_of(const std::vector<SecretBytes>& needles) {
    int found = 0;
    for (const SecretBytes& needle : needles) found += copies_outside(needle);
    return found;
  }

  // Everything that a key of this kind can do, once.
  void use(const PrivateKey& key) {
    const PublicKey half = key.public_key(*crypto_).value();
    for (int i = 0; i <= static_cast<int>(SignatureScheme::kEd25519ph); ++i) {
      const auto scheme = static_cast<SignatureScheme>(i);
      if (fits(GetParam(), scheme) && fits(scheme, MessageForm::kRaw)) {
        EXPECT_TRUE(sign(*crypto_, key, scheme, MessageForm::kRaw, as_bytes("message")));
      }
    }
    const KeyPairInfo& info = key_pair_info(GetParam());
    if (info.field != 0) {
      EXPECT_TRUE(ecdh(*crypto_, key, half));
    }
    if (info.family == KeyPairFamily::kSm2) {
      EXPECT_TRUE(sm2_decrypt(*crypto_, key, *sm2_encrypt(*crypto_, half, as_bytes("message"))));
    }
    if (info.family == KeyPairFamily::kRsa) {
      const Bytes wrapped = *rsa_aes_key_wrap(*crypto_, half, OaepHash::kSha256, as_bytes("message"));
      EXPECT_TRUE(rsa_aes_key_unwrap(*crypto_, key, OaepHash::kSha256, wrapped));
    }
    if (info.family == KeyPairFamily::kMlKem) {
      EXPECT_TRUE(decapsulate(*crypto_, key, encapsulate(*crypto_, half)->ciphertext));
    }
  }

  std::unique_ptr<CryptoContext> crypto_ = CryptoContext::create().value();
};

INSTANTIATE_TEST_SUITE_P(Kinds, ResidueKeyTest,
                         testing::Values(KeyPairSpec::kRsa2048, KeyPairSpec::kP256, KeyPairSpec::kP384,
                                         KeyPairSpec::kP521, KeyPairSpec::kSecp256k1, KeyPairSpec::kEd25519,
                                         KeyPairSpec::kSm2, KeyPairSpec::kMlDsa44, KeyPairSpec::kMlKem512));

TEST_P(ResidueKeyTest, TheSearchFindsALivingKey) {
  const PrivateKey key = PrivateKey::generate(*crypto_, GetParam()).value();
  EXPECT_GE(copies_of(needles(key)), 1);
}

TEST_P(ResidueKeyTest, AGeneratedKeyLeavesNothing) {
  std::vector<SecretBytes> searched;
  {
    const PrivateKey key = PrivateKey::generate(*crypto_, GetParam()).value();
    searched = needles(key);
  }
  EXPECT_EQ(copies_of(searched), 0);
}

TEST_P(ResidueKeyTest, ExportAndImportLeaveNothing) {
  std::vector<SecretBytes> searched;
  {
    const PrivateKey key = PrivateKey::generate(*crypto_, GetParam()).value();
    searched = needles(key);
    const SecretBytes parameters = key.parameters().value();
    const SecretBytes der = key.pkcs8().value();
    EXPECT_TRUE(PrivateKey::from_parameters(*crypto_, GetParam(), parameters.expose()));
    EXPECT_TRUE(PrivateKey::from_pkcs8(*crypto_, GetParam(), der.expose()));
  }
  EXPECT_EQ(copies_of(searched), 0);
}

TEST_P(ResidueKeyTest, UseLeavesNothing) {
  std::vector<SecretBytes> searched;
  {
    const PrivateKey key = PrivateKey::generate(*crypto_, GetParam()).value();
    searched = needles(key);
    use(key);
  }
  EXPECT_EQ(copies_of(searched), 0);
}

TEST(ResidueSecretsTest, DecryptionAndAgreementLeaveNoResult) {
#ifdef KAGIMORI_SANITIZED
  GTEST_SKIP() << "a sanitizer keeps its own copies of memory";
#endif
  residue::warm_up();
  const auto crypto = CryptoContext::create().value();
  const PrivateKey rsa = golden_rsa_key(*crypto);
  const Bytes oaep = *rsa_oaep_encrypt(*crypto, *rsa.public_key(*crypto), OaepHash::kSha256, as_bytes("message"));
  Bytes wrapped;
  SecretBytes material(64);
  {
    const auto random = PrivateKey::generate(*crypto, KeyPairSpec::kEd25519).value();
    material = random.parameters().value();
    wrapped = *rsa_aes_key_wrap(*crypto, *rsa.public_key(*crypto), OaepHash::kSha256, material.expose());
  }
  EXPECT_TRUE(rsa_aes_key_unwrap(*crypto, rsa, OaepHash::kSha256, wrapped));
  SecretBytes seed = SecretBytes::copy_of(material.expose().subspan(2, 32));
  EXPECT_EQ(copies_outside(seed), 0);

  SecretBytes short_secret = SecretBytes::copy_of(seed.expose());
  const Bytes direct = *rsa_oaep_encrypt(*crypto, *rsa.public_key(*crypto), OaepHash::kSha1, short_secret.expose());
  EXPECT_EQ(copies_outside(short_secret), 0);
  EXPECT_TRUE(rsa_oaep_decrypt(*crypto, rsa, OaepHash::kSha1, direct));
  EXPECT_EQ(copies_outside(short_secret), 0);

  for (const KeyPairSpec spec : {KeyPairSpec::kP256, KeyPairSpec::kP384, KeyPairSpec::kP521, KeyPairSpec::kSm2}) {
    const PrivateKey key = PrivateKey::generate(*crypto, spec).value();
    SecretBytes shared = ecdh(*crypto, key, *key.public_key(*crypto)).value();
    SecretBytes needle = SecretBytes::copy_of(shared.expose().last(16));
    EXPECT_EQ(copies_outside(needle), 0) << key_pair_info(spec).name;
    std::ranges::reverse(needle.expose_mutable());
    EXPECT_EQ(copies_outside(needle), 0) << key_pair_info(spec).name;
  }
}

}  // namespace
}  // namespace kagimori
