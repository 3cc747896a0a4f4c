#include "crypto/public_key.h"

#include <openssl/err.h>

#include "crypto/golden_key_test.h"
#include "crypto/key_der.h"

namespace kagimori {
namespace {

class PublicKeyTest : public testing::Test {
 protected:
  // Why it is refused; empty when it is not.
  std::string refusal(KeyPairSpec spec, ByteView der) {
    const Result<PublicKey> key = PublicKey::from_spki(*crypto_, spec, der);
    EXPECT_EQ(ERR_peek_error(), 0U);
    if (key) return {};
    EXPECT_EQ(key.error().code, ErrorCode::kCrypto);
    const std::string_view message = key.error().message;
    const std::string prefix =
        "The public key is not a SubjectPublicKeyInfo of " + std::string(key_pair_info(spec).name) + " in DER: ";
    EXPECT_TRUE(message.starts_with(prefix)) << message;
    return std::string(message.substr(prefix.size()));
  }
  Bytes spki_of(KeyPairSpec spec, ByteView public_key) {
    KeyFields fields;
    fields.public_key = public_key;
    return write_spki(spec, fields);
  }
  Bytes rsa_spki(ByteView modulus, ByteView exponent) {
    KeyFields fields;
    fields.modulus = modulus;
    fields.public_exponent = exponent;
    return write_spki(KeyPairSpec::kRsa2048, fields);
  }
  PrivateKey golden(std::string_view name, KeyPairSpec spec) {
    return PrivateKey::from_parameters(*crypto_, spec, read_golden_key(name)).value();
  }

  std::unique_ptr<CryptoContext> crypto_ = CryptoContext::create().value();
};

TEST_F(PublicKeyTest, TheWholeInputIsReadAndNothingIsMissing) {
  for (const auto& [name, spec] : {std::pair{"rsa_2048", KeyPairSpec::kRsa2048}, std::pair{"p_521", KeyPairSpec::kP521},
                                   std::pair{"ed25519", KeyPairSpec::kEd25519}, std::pair{"sm2", KeyPairSpec::kSm2}}) {
    const Bytes good = *golden(name, spec).spki();
    EXPECT_EQ(refusal(spec, good), "");
    Bytes longer = good;
    longer.push_back(0);
    EXPECT_EQ(refusal(spec, longer), "it is not in DER.");
    for (std::size_t size = 0; size < good.size(); ++size) {
      EXPECT_NE(refusal(spec, ByteView(good).first(size)), "") << size;
    }
  }
}

TEST_F(PublicKeyTest, AnotherKindIsRefused) {
  const Bytes p256 = *golden("p_256", KeyPairSpec::kP256).spki();
  for (const KeyPairSpec spec : kAllKeyPairSpecs) {
    if (spec == KeyPairSpec::kP256 || !supports(*crypto_, spec)) continue;
    EXPECT_EQ(refusal(spec, p256), "it is a key of another kind.");
  }
  const Bytes rsa = *golden("rsa_2048", KeyPairSpec::kRsa2048).spki();
  EXPECT_EQ(refusal(KeyPairSpec::kRsa3072, rsa), "its modulus does not have 3072 bits.");
}

// RFC 5480 section 2.2 knows two forms of points; X9.62 also has the hybrid one and a single zero for infinity.
TEST_F(PublicKeyTest, PointsAreOnTheCurveUncompressedOrCompressed) {
  const Bytes form = read_golden_key("p_256");
  const Bytes point(form.begin() + 34, form.end());
  const Bytes good = spki_of(KeyPairSpec::kP256, point);
  EXPECT_EQ(refusal(KeyPairSpec::kP256, good), "");

  Bytes compressed(point.begin(), point.begin() + 33);
  compressed[0] = (point.back() & 1) != 0 ? 0x03 : 0x02;
  const Result<PublicKey> key =
      PublicKey::from_spki(*crypto_, KeyPairSpec::kP256, spki_of(KeyPairSpec::kP256, compressed));
  ASSERT_TRUE(key);
  EXPECT_EQ(*key->spki(), good);

  Bytes hybrid = point;
  hybrid[0] = (point.back() & 1) != 0 ? 0x07 : 0x06;
  EXPECT_EQ(refusal(KeyPairSpec::kP256, spki_of(KeyPairSpec::kP256, hybrid)),
            "its public key has a wrong size or form.");
  EXPECT_EQ(refusal(KeyPairSpec::kP256, spki_of(KeyPairSpec::kP256, Bytes(1))),
            "its public key has a wrong size or form.");
  EXPECT_EQ(refusal(KeyPairSpec::kP256, spki_of(KeyPairSpec::kP256, Bytes(65))),
            "its public key has a wrong size or form.");
  Bytes off_curve = point;
  off_curve.back() ^= 1;
  EXPECT_EQ(refusal(KeyPairSpec::kP256, spki_of(KeyPairSpec::kP256, off_curve)), "its parts make no key of this kind.");
  Bytes too_large(65, 0xff);
  too_large[0] = 0x04;
  EXPECT_EQ(refusal(KeyPairSpec::kP256, spki_of(KeyPairSpec::kP256, too_large)), "its parts make no key of this kind.");
}

TEST_F(PublicKeyTest, RulesOfRsa) {
  Bytes modulus(256, 0xff);
  const Bytes f4 = {1, 0, 1};
  EXPECT_EQ(refusal(KeyPairSpec::kRsa2048, rsa_spki(modulus, f4)), "");
  for (const Bytes& exponent :
       {Bytes{1}, Bytes{3}, Bytes{0xff, 0xff}, Bytes{1, 0, 0}, Bytes{1, 0, 2}, Bytes(33, 0x01)}) {
    EXPECT_EQ(refusal(KeyPairSpec::kRsa2048, rsa_spki(modulus, exponent)),
              "its public exponent is not an odd number from 65537 to 2^256.");
  }
  EXPECT_EQ(refusal(KeyPairSpec::kRsa2048, rsa_spki(modulus, Bytes(32, 0xff))), "");
  modulus.back() = 0xfe;
  EXPECT_EQ(refusal(KeyPairSpec::kRsa2048, rsa_spki(modulus, f4)), "its modulus is even.");
  modulus.front() = 0x7f;
  EXPECT_EQ(refusal(KeyPairSpec::kRsa2048, rsa_spki(modulus, f4)), "its modulus does not have 2048 bits.");
}

}  // namespace
}  // namespace kagimori
