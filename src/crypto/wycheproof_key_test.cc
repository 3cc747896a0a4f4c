// Project Wycheproof's vectors of encryption, key agreement and key encapsulation.

#include "crypto/kem.h"
#include "crypto/key_agreement.h"
#include "crypto/key_der.h"
#include "crypto/private_key_form.h"
#include "crypto/rsa_oaep.h"
#include "crypto/wycheproof_vectors_test.h"

namespace kagimori {

std::string wycheproof::folder() { return KAGIMORI_SHARED_DIR "/wycheproof/"; }

namespace {

using wycheproof::Counts;
using wycheproof::field;
using wycheproof::import_once;
using wycheproof::Json;
using wycheproof::WycheproofTest;

using WycheproofKeyTest = WycheproofTest;

bool is_valid(const Json& test) { return test.at("result") == "valid"; }

struct File {
  const char* name;
  KeyPairSpec spec;
  std::size_t run;
  std::size_t refused;
};

TEST_F(WycheproofKeyTest, RsaOaep) {
  for (const File& file : {File{"rsa_oaep_2048_sha256_mgf1sha256_test.json", KeyPairSpec::kRsa2048, 29, 8},
                           File{"rsa_oaep_3072_sha256_mgf1sha256_test.json", KeyPairSpec::kRsa3072, 29, 8},
                           File{"rsa_oaep_4096_sha256_mgf1sha256_test.json", KeyPairSpec::kRsa4096, 29, 8},
                           File{"rsa_oaep_2048_sha256_mgf1sha1_test.json", KeyPairSpec::kRsa2048, 0, 31},
                           // The only one with SHA-1 twice, and with moduli of many sizes.
                           File{"rsa_oaep_misc_test.json", KeyPairSpec::kRsa2048, 6, 389}}) {
    Bytes last_der;
    std::optional<PrivateKey> key;
    const auto check = [&](const Json& group, const Json& test, bool /*valid*/, Counts& counts) {
      import_once(*crypto_, file.spec, field(group, "privateKeyPkcs8"), last_der, key);
      const bool is_ours = group.at("sha") == group.at("mgfSha") &&
                           (group.at("sha") == "SHA-1" || group.at("sha") == "SHA-256") && test.at("label") == "";
      ASSERT_EQ(key.has_value(), group.at("keySize") == 8 * key_pair_info(file.spec).modulus);
      if (!key) {
        ++counts.refused;
        return;
      }
      const Bytes ciphertext = field(test, "ct");
      const OaepHash hash = group.at("sha") == "SHA-1" ? OaepHash::kSha1 : OaepHash::kSha256;
      const Result<SecretBytes> message = rsa_oaep_decrypt(*crypto_, *key, hash, ciphertext);
      ++(is_ours ? counts.run : counts.refused);
      ASSERT_EQ(message.has_value(), is_ours && is_valid(test));
      if (message) {
        EXPECT_EQ(to_bytes(message->expose()), field(test, "msg"));
      } else {
        EXPECT_EQ(message.error().code, ErrorCode::kInvalidCiphertext);
        EXPECT_EQ(message.error().message, "");
      }
    };
    const Counts counts = walk(file.name, check);
    EXPECT_EQ(counts.run, file.run) << file.name;
    EXPECT_EQ(counts.refused, file.refused) << file.name;
  }
}

TEST_F(WycheproofKeyTest, RsaOfThreePrimesIsRefused) {
  const auto check = [this](const Json& group, const Json& /*test*/, bool /*valid*/, Counts& counts) {
    ++counts.refused;
    EXPECT_FALSE(PrivateKey::from_pkcs8(*crypto_, KeyPairSpec::kRsa4096, field(group, "privateKeyPkcs8")));
  };
  walk("rsa_three_primes_oaep_4096_sha256_mgf1sha256_test.json", check);
}

TEST_F(WycheproofKeyTest, Ecdh) {
  for (const File& file : {File{"ecdh_secp256r1_test.json", KeyPairSpec::kP256, 331, 281},
                           File{"ecdh_secp384r1_test.json", KeyPairSpec::kP384, 772, 275},
                           File{"ecdh_secp521r1_test.json", KeyPairSpec::kP521, 633, 283},
                           File{"ecdh_secp256k1_test.json", KeyPairSpec::kSecp256k1, 474, 278}}) {
    const auto check = [&](const Json& /*group*/, const Json& test, bool /*valid*/, Counts& counts) {
      // A number of any length.
      Bytes scalar = field(test, "private");
      const std::size_t size = key_pair_info(file.spec).field;
      while (scalar.size() > size && scalar.front() == 0) scalar.erase(scalar.begin());
      scalar.insert(scalar.begin(), size - scalar.size(), 0);
      const Bytes point = derive_point(*crypto_, file.spec, scalar).value();
      KeyFields fields;
      fields.secret = scalar;
      fields.public_key = point;
      const SecretBytes form = write_private_key_form(file.spec, fields);
      const PrivateKey key = PrivateKey::from_parameters(*crypto_, file.spec, form.expose()).value();
      const Result<PublicKey> peer = PublicKey::from_spki(*crypto_, file.spec, field(test, "public"));
      if (!peer) {
        ++counts.refused;
        EXPECT_EQ(peer.error().code, ErrorCode::kCrypto);
        EXPECT_FALSE(is_valid(test)) << peer.error().message;
        return;
      }
      ++counts.run;
      EXPECT_NE(test.at("result"), "invalid");
      EXPECT_EQ(to_bytes(ecdh(*crypto_, key, *peer)->expose()), field(test, "shared"));
    };
    const Counts counts = walk(file.name, check);
    EXPECT_EQ(counts.run, file.run) << file.name;
    EXPECT_EQ(counts.refused, file.refused) << file.name;
  }
}

class WycheproofMlKemTest : public WycheproofTest {
 protected:
  void SetUp() override {
    WycheproofTest::SetUp();
    if (!supports(*crypto_, KeyPairSpec::kMlKem512)) GTEST_SKIP() << loaded_openssl() << " has no ML-KEM";
  }

  Result<PrivateKey> import(KeyPairSpec spec, ByteView seed, ByteView expanded_key) {
    KeyFields fields;
    fields.secret = seed;
    fields.expanded_key = expanded_key;
    const SecretBytes pkcs8 = write_pkcs8(spec, fields);
    return PrivateKey::from_pkcs8(*crypto_, spec, pkcs8.expose());
  }
  Bytes spki_of(KeyPairSpec spec, ByteView encapsulation_key) {
    KeyFields fields;
    fields.public_key = encapsulation_key;
    return write_spki(spec, fields);
  }
};

TEST_F(WycheproofMlKemTest, Decapsulate) {
  for (const File& file : {File{"mlkem_512_test.json", KeyPairSpec::kMlKem512, 173, 20},
                           File{"mlkem_768_test.json", KeyPairSpec::kMlKem768, 173, 20},
                           File{"mlkem_1024_test.json", KeyPairSpec::kMlKem1024, 173, 20}}) {
    const auto check = [&](const Json& /*group*/, const Json& test, bool /*valid*/, Counts& counts) {
      const Result<PrivateKey> key = import(file.spec, field(test, "seed"), {});
      if (!key) {
        ++counts.refused;
        EXPECT_FALSE(is_valid(test)) << key.error().message;
        return;
      }
      ++counts.run;
      if (is_valid(test)) {
        EXPECT_EQ(*key->spki(), spki_of(file.spec, field(test, "ek")));
      }
      const Result<SecretBytes> secret = decapsulate(*crypto_, *key, field(test, "c"));
      ASSERT_EQ(secret.has_value(), is_valid(test));
      if (secret) {
        EXPECT_EQ(to_bytes(secret->expose()), field(test, "K"));
      } else {
        EXPECT_EQ(secret.error().code, ErrorCode::kInvalidCiphertext);
      }
    };
    const Counts counts = walk(file.name, check);
    EXPECT_EQ(counts.run, file.run) << file.name;
    EXPECT_EQ(counts.refused, file.refused) << file.name;
  }
}

// OpenSSL takes no randomness from us, so that the ciphertext can't be compared.
TEST_F(WycheproofMlKemTest, EncapsulationKeys) {
  for (const File& file : {File{"mlkem_512_encaps_test.json", KeyPairSpec::kMlKem512, 261, 0},
                           File{"mlkem_768_encaps_test.json", KeyPairSpec::kMlKem768, 265, 0},
                           File{"mlkem_1024_encaps_test.json", KeyPairSpec::kMlKem1024, 269, 0}}) {
    const auto check = [&](const Json& /*group*/, const Json& test, bool /*valid*/, Counts& counts) {
      ++counts.run;
      const Result<PublicKey> key = PublicKey::from_spki(*crypto_, file.spec, spki_of(file.spec, field(test, "ek")));
      EXPECT_EQ(key.has_value(), is_valid(test));
      EXPECT_TRUE(!key || encapsulate(*crypto_, *key));
    };
    EXPECT_EQ(walk(file.name, check).run, file.run) << file.name;
  }
}

TEST_F(WycheproofMlKemTest, KeysFromSeeds) {
  for (const File& file : {File{"mlkem_512_keygen_seed_test.json", KeyPairSpec::kMlKem512, 100, 0},
                           File{"mlkem_768_keygen_seed_test.json", KeyPairSpec::kMlKem768, 100, 0},
                           File{"mlkem_1024_keygen_seed_test.json", KeyPairSpec::kMlKem1024, 100, 0}}) {
    const auto check = [&](const Json& /*group*/, const Json& test, bool /*valid*/, Counts& counts) {
      ++counts.run;
      const Bytes seed = field(test, "seed");
      const PrivateKey key = import(file.spec, seed, {}).value();
      EXPECT_EQ(*key.spki(), spki_of(file.spec, field(test, "ek")));
      // Together with the expanded key it is taken only if that belongs to it.
      Bytes expanded_key = field(test, "dk");
      EXPECT_EQ(to_bytes(import(file.spec, {}, expanded_key)->parameters()->expose().subspan(3)), expanded_key);
    };
    EXPECT_EQ(walk(file.name, check).run, file.run) << file.name;
  }
}

TEST_F(WycheproofMlKemTest, ExpandedKeys) {
  for (const File& file : {File{"mlkem_512_semi_expanded_decaps_test.json", KeyPairSpec::kMlKem512, 9, 0},
                           File{"mlkem_768_semi_expanded_decaps_test.json", KeyPairSpec::kMlKem768, 9, 0},
                           File{"mlkem_1024_semi_expanded_decaps_test.json", KeyPairSpec::kMlKem1024, 9, 0}}) {
    const auto check = [&](const Json& /*group*/, const Json& test, bool /*valid*/, Counts& counts) {
      ++counts.run;
      const Result<PrivateKey> key = import(file.spec, {}, field(test, "dk"));
      const Result<SecretBytes> secret = key ? decapsulate(*crypto_, *key, field(test, "c"))
                                             : Result<SecretBytes>(fail(ErrorCode::kInvalidCiphertext));
      ASSERT_EQ(secret.has_value(), is_valid(test));
      if (secret) {
        EXPECT_EQ(to_bytes(secret->expose()), field(test, "K"));
      }
    };
    EXPECT_EQ(walk(file.name, check).run, file.run) << file.name;
  }
}

}  // namespace
}  // namespace kagimori
