// Project Wycheproof's vectors of signatures. A signature that Wycheproof calls acceptable we refuse.

#include "crypto/key_der.h"
#include "crypto/signature.h"
#include "crypto/wycheproof_vectors_test.h"

namespace kagimori {
namespace {

using wycheproof::Counts;
using wycheproof::field;
using wycheproof::import_once;
using wycheproof::Json;
using wycheproof::WycheproofTest;

using WycheproofSignatureTest = WycheproofTest;

bool is_valid(const Json& test) { return test.at("result") == "valid"; }

// Whether the raw message verifies; a digest that is made beforehand must say the same.
bool verifies(CryptoContext& crypto, const PublicKey& key, SignatureScheme scheme, const Json& test) {
  const Bytes message = field(test, "msg");
  const Bytes signature = field(test, "sig");
  const bool raw = verify(crypto, key, scheme, MessageForm::kRaw, message, signature).value();
  if (fits(scheme, MessageForm::kDigest)) {
    const HashAlgorithm algorithm = digest_bytes(scheme) == 32   ? HashAlgorithm::kSha256
                                    : digest_bytes(scheme) == 48 ? HashAlgorithm::kSha384
                                                                 : HashAlgorithm::kSha512;
    const Bytes digest = hash(crypto, algorithm, message).value();
    EXPECT_EQ(verify(crypto, key, scheme, MessageForm::kDigest, digest, signature).value(), raw);
  }
  return raw;
}

struct SignatureFile {
  const char* name;
  KeyPairSpec spec;
  SignatureScheme scheme;
  std::size_t run;
  std::size_t refused = 0;
};

TEST_F(WycheproofSignatureTest, RsaPkcs1Verify) {
  for (const SignatureFile& file :
       {SignatureFile{"rsa_signature_2048_sha256_test.json", KeyPairSpec::kRsa2048, SignatureScheme::kPkcs1Sha256, 257,
                      2},
        SignatureFile{"rsa_signature_2048_sha384_test.json", KeyPairSpec::kRsa2048, SignatureScheme::kPkcs1Sha384, 258},
        SignatureFile{"rsa_signature_2048_sha512_test.json", KeyPairSpec::kRsa2048, SignatureScheme::kPkcs1Sha512, 258,
                      1},
        SignatureFile{"rsa_signature_3072_sha256_test.json", KeyPairSpec::kRsa3072, SignatureScheme::kPkcs1Sha256, 258,
                      1},
        SignatureFile{"rsa_signature_3072_sha384_test.json", KeyPairSpec::kRsa3072, SignatureScheme::kPkcs1Sha384, 259},
        SignatureFile{"rsa_signature_3072_sha512_test.json", KeyPairSpec::kRsa3072, SignatureScheme::kPkcs1Sha512, 259,
                      1},
        SignatureFile{"rsa_signature_4096_sha256_test.json", KeyPairSpec::kRsa4096, SignatureScheme::kPkcs1Sha256, 258},
        SignatureFile{"rsa_signature_4096_sha384_test.json", KeyPairSpec::kRsa4096, SignatureScheme::kPkcs1Sha384, 259},
        SignatureFile{"rsa_signature_4096_sha512_test.json", KeyPairSpec::kRsa4096, SignatureScheme::kPkcs1Sha512,
                      259}}) {
    const auto check = [&](const Json& group, const Json& test, bool /*valid*/, Counts& counts) {
      const Result<PublicKey> key = PublicKey::from_spki(*crypto_, file.spec, field(group, "publicKeyDer"));
      // A public exponent of 3 is outside our contract.
      if (group.at("publicKey").at("publicExponent") != "010001") {
        ++counts.refused;
        ASSERT_FALSE(key);
        EXPECT_THAT(key.error().message, testing::HasSubstr("exponent"));
        return;
      }
      ++counts.run;
      EXPECT_EQ(verifies(*crypto_, *key, file.scheme, test), is_valid(test));
    };
    const Counts counts = walk(file.name, check);
    EXPECT_EQ(counts.run, file.run) << file.name;
    EXPECT_EQ(counts.refused, file.refused) << file.name;
  }
}

TEST_F(WycheproofSignatureTest, RsaPkcs1Sign) {
  for (const SignatureFile& file :
       {SignatureFile{"rsa_pkcs1_2048_sig_gen_test.json", KeyPairSpec::kRsa2048, SignatureScheme::kPkcs1Sha256, 24, 19},
        SignatureFile{"rsa_pkcs1_3072_sig_gen_test.json", KeyPairSpec::kRsa3072, SignatureScheme::kPkcs1Sha256, 24, 2},
        SignatureFile{"rsa_pkcs1_4096_sig_gen_test.json", KeyPairSpec::kRsa4096, SignatureScheme::kPkcs1Sha256, 24}}) {
    Bytes last_der;
    std::optional<PrivateKey> key;
    const auto check = [&](const Json& group, const Json& test, bool /*valid*/, Counts& counts) {
      const std::string sha = group.at("sha");
      const bool is_ours = sha == "SHA-256" || sha == "SHA-384" || sha == "SHA-512";
      import_once(*crypto_, file.spec, field(group, "privateKeyPkcs8"), last_der, key);
      const bool small_exponent = group.at("privateKey").at("publicExponent") != "010001";
      EXPECT_EQ(key.has_value(), !small_exponent);
      if (!is_ours || !key) {
        ++counts.refused;
        return;
      }
      ++counts.run;
      const SignatureScheme scheme = sha == "SHA-256"   ? SignatureScheme::kPkcs1Sha256
                                     : sha == "SHA-384" ? SignatureScheme::kPkcs1Sha384
                                                        : SignatureScheme::kPkcs1Sha512;
      EXPECT_EQ(*sign(*crypto_, *key, scheme, MessageForm::kRaw, field(test, "msg")), field(test, "sig"));
    };
    const Counts counts = walk(file.name, check);
    EXPECT_EQ(counts.run, file.run) << file.name;
    EXPECT_EQ(counts.refused, file.refused) << file.name;
  }
}

KeyPairSpec rsa_of(const Json& group) {
  const std::size_t bits = group.at("keySize");
  return bits == 2048 ? KeyPairSpec::kRsa2048 : bits == 3072 ? KeyPairSpec::kRsa3072 : KeyPairSpec::kRsa4096;
}

TEST_F(WycheproofSignatureTest, RsaPss) {
  constexpr std::array kPss = {SignatureScheme::kPssSha256, SignatureScheme::kPssSha384, SignatureScheme::kPssSha512};
  struct File {
    const char* name;
    std::size_t run;
    std::size_t refused;
  };
  for (const File& file :
       {File{"rsa_pss_2048_sha256_mgf1_32_test.json", 108, 0}, File{"rsa_pss_2048_sha384_mgf1_48_test.json", 141, 0},
        File{"rsa_pss_3072_sha256_mgf1_32_test.json", 108, 0}, File{"rsa_pss_4096_sha256_mgf1_32_test.json", 108, 0},
        File{"rsa_pss_4096_sha384_mgf1_48_test.json", 141, 0}, File{"rsa_pss_4096_sha512_mgf1_64_test.json", 179, 0},
        // Another hash for MGF1 or another length of the salt than ours.
        File{"rsa_pss_2048_sha256_mgf1_0_test.json", 0, 103}, File{"rsa_pss_2048_sha256_mgf1sha1_20_test.json", 0, 108},
        File{"rsa_pss_4096_sha512_mgf1_32_test.json", 0, 177}, File{"rsa_pss_misc_test.json", 3, 147}}) {
    const auto check = [&](const Json& group, const Json& test, bool /*valid*/, Counts& counts) {
      const PublicKey key = PublicKey::from_spki(*crypto_, rsa_of(group), field(group, "publicKeyDer")).value();
      const std::size_t salt = group.at("sLen");
      const std::string sha = group.at("sha");
      bool ours = false;
      for (const SignatureScheme scheme : kPss) {
        const bool is_it = group.at("mgfSha") == sha && salt == digest_bytes(scheme) &&
                           sha == "SHA-" + std::to_string(8 * digest_bytes(scheme));
        ours = ours || is_it;
        if (!is_it && !is_valid(test)) continue;  // it may well be one of ours
        EXPECT_EQ(verifies(*crypto_, key, scheme, test), is_it && is_valid(test));
      }
      ++(ours ? counts.run : counts.refused);
    };
    const Counts counts = walk(file.name, check);
    EXPECT_EQ(counts.run, file.run) << file.name;
    EXPECT_EQ(counts.refused, file.refused) << file.name;
  }
}

// Keys with the identifier id-RSASSA-PSS: a kind that we have not.
TEST_F(WycheproofSignatureTest, RsaPssKeysWithParametersAreRefused) {
  const Counts counts =
      walk("rsa_pss_2048_sha256_mgf1_32_params_test.json",
           [this](const Json& group, const Json& /*test*/, bool /*valid*/, Counts& seen) {
             ++seen.refused;
             EXPECT_FALSE(PublicKey::from_spki(*crypto_, rsa_of(group), field(group, "publicKeyDer")));
           });
  EXPECT_EQ(counts.run, 0U);
}

TEST_F(WycheproofSignatureTest, Ecdsa) {
  for (const SignatureFile& file :
       {SignatureFile{"ecdsa_secp256r1_sha256_test.json", KeyPairSpec::kP256, SignatureScheme::kEcdsaSha256, 484},
        SignatureFile{"ecdsa_secp256r1_sha512_test.json", KeyPairSpec::kP256, SignatureScheme::kEcdsaSha512, 554},
        SignatureFile{"ecdsa_secp384r1_sha256_test.json", KeyPairSpec::kP384, SignatureScheme::kEcdsaSha256, 472},
        SignatureFile{"ecdsa_secp384r1_sha384_test.json", KeyPairSpec::kP384, SignatureScheme::kEcdsaSha384, 504},
        SignatureFile{"ecdsa_secp384r1_sha512_test.json", KeyPairSpec::kP384, SignatureScheme::kEcdsaSha512, 542},
        SignatureFile{"ecdsa_secp521r1_sha512_test.json", KeyPairSpec::kP521, SignatureScheme::kEcdsaSha512, 542},
        SignatureFile{"ecdsa_secp256k1_sha256_test.json", KeyPairSpec::kSecp256k1, SignatureScheme::kEcdsaSha256, 476},
        SignatureFile{"ecdsa_secp256k1_sha512_test.json", KeyPairSpec::kSecp256k1, SignatureScheme::kEcdsaSha512,
                      546}}) {
    const auto check = [&](const Json& group, const Json& test, bool /*valid*/, Counts& counts) {
      ++counts.run;
      const PublicKey key = PublicKey::from_spki(*crypto_, file.spec, field(group, "publicKeyDer")).value();
      EXPECT_EQ(verifies(*crypto_, key, file.scheme, test), is_valid(test));
    };
    EXPECT_EQ(walk(file.name, check).run, file.run) << file.name;
  }
}

TEST_F(WycheproofSignatureTest, Ed25519) {
  const auto check = [this](const Json& group, const Json& test, bool /*valid*/, Counts& counts) {
    ++counts.run;
    const PublicKey key = PublicKey::from_spki(*crypto_, KeyPairSpec::kEd25519, field(group, "publicKeyDer")).value();
    EXPECT_EQ(verifies(*crypto_, key, SignatureScheme::kEd25519, test), is_valid(test));
  };
  EXPECT_EQ(walk("ed25519_test.json", check).run, 151U);
}

class WycheproofMlDsaTest : public WycheproofTest {
 protected:
  struct File {
    const char* name;
    KeyPairSpec spec;
    std::size_t run;
    std::size_t refused;
  };

  void SetUp() override {
    WycheproofTest::SetUp();
    if (!supports(*crypto_, KeyPairSpec::kMlDsa44)) GTEST_SKIP() << loaded_openssl() << " has no ML-DSA";
  }

  bool verifies_by_mu(const PublicKey& key, const Json& test) {
    return verify(*crypto_, key, SignatureScheme::kMlDsaShake256, MessageForm::kExternalMu, field(test, "mu"),
                  field(test, "sig"))
        .value();
  }
};

bool has_context(const Json& test) { return test.contains("ctx") && test.at("ctx") != ""; }

TEST_F(WycheproofMlDsaTest, Verify) {
  for (const File& file : {File{"mldsa_44_verify_test.json", KeyPairSpec::kMlDsa44, 169, 11},
                           File{"mldsa_65_verify_test.json", KeyPairSpec::kMlDsa65, 199, 11},
                           File{"mldsa_87_verify_test.json", KeyPairSpec::kMlDsa87, 230, 11}}) {
    const auto check = [&](const Json& group, const Json& test, bool /*valid*/, Counts& counts) {
      const Bytes raw_key = field(group, "publicKey");
      KeyFields fields;
      fields.public_key = raw_key;
      const Result<PublicKey> key = PublicKey::from_spki(*crypto_, file.spec, write_spki(file.spec, fields));
      // We know no contexts: a signature made with one does not verify.
      if (!key || has_context(test)) {
        ++counts.refused;
        EXPECT_TRUE(key || !is_valid(test));
        EXPECT_FALSE(key && verifies(*crypto_, *key, SignatureScheme::kMlDsaShake256, test));
        return;
      }
      ++counts.run;
      EXPECT_EQ(verifies(*crypto_, *key, SignatureScheme::kMlDsaShake256, test), is_valid(test));
    };
    const Counts counts = walk(file.name, check);
    EXPECT_EQ(counts.run, file.run) << file.name;
    EXPECT_EQ(counts.refused, file.refused) << file.name;
  }
}

// We sign with fresh randomness (hedged), so that the signatures themselves differ: ours must verify, and theirs too.
TEST_F(WycheproofMlDsaTest, Sign) {
  for (const File& file : {File{"mldsa_44_sign_seed_test.json", KeyPairSpec::kMlDsa44, 82, 4},
                           File{"mldsa_65_sign_seed_test.json", KeyPairSpec::kMlDsa65, 101, 4},
                           File{"mldsa_87_sign_seed_test.json", KeyPairSpec::kMlDsa87, 92, 4},
                           File{"mldsa_44_sign_noseed_test.json", KeyPairSpec::kMlDsa44, 68, 5},
                           File{"mldsa_65_sign_noseed_test.json", KeyPairSpec::kMlDsa65, 73, 5},
                           File{"mldsa_87_sign_noseed_test.json", KeyPairSpec::kMlDsa87, 64, 5}}) {
    const auto check = [&](const Json& group, const Json& test, bool /*valid*/, Counts& counts) {
      const bool is_seed = group.contains("privateSeed");
      const Bytes raw_key = field(group, is_seed ? "privateSeed" : "privateKey");
      KeyFields fields;
      (is_seed ? fields.secret : fields.expanded_key) = raw_key;
      const SecretBytes pkcs8 = write_pkcs8(file.spec, fields);
      const Result<PrivateKey> key = PrivateKey::from_pkcs8(*crypto_, file.spec, pkcs8.expose());
      if (!key) {
        ++counts.refused;
        EXPECT_FALSE(is_valid(test)) << key.error().message;
        return;
      }
      const PublicKey half = key->public_key(*crypto_).value();
      KeyFields half_fields;
      const Bytes raw_half = field(group, "publicKey");
      half_fields.public_key = raw_half;
      EXPECT_EQ(*half.spki(), write_spki(file.spec, half_fields));
      if (!is_valid(test)) {  // contexts that are too long
        ++counts.refused;
        EXPECT_TRUE(has_context(test));
        return;
      }
      ++counts.run;
      constexpr SignatureScheme kScheme = SignatureScheme::kMlDsaShake256;
      EXPECT_TRUE(!test.contains("mu") || verifies_by_mu(half, test));
      if (test.contains("mu")) {
        const Bytes mu = field(test, "mu");
        const Bytes ours = sign(*crypto_, *key, kScheme, MessageForm::kExternalMu, mu).value();
        EXPECT_TRUE(*verify(*crypto_, half, kScheme, MessageForm::kExternalMu, mu, ours));
      }
      if (!test.contains("msg") || has_context(test)) return;
      EXPECT_TRUE(verifies(*crypto_, half, kScheme, test));
      const Bytes message = field(test, "msg");
      const Bytes ours = sign(*crypto_, *key, kScheme, MessageForm::kRaw, message).value();
      EXPECT_TRUE(*verify(*crypto_, half, kScheme, MessageForm::kRaw, message, ours));
    };
    const Counts counts = walk(file.name, check);
    EXPECT_EQ(counts.run, file.run) << file.name;
    EXPECT_EQ(counts.refused, file.refused) << file.name;
  }
}

}  // namespace
}  // namespace kagimori
