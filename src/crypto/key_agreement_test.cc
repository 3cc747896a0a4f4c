#include "crypto/key_agreement.h"

#include <openssl/err.h>

#include "base/encoding.h"
#include "crypto/key_fields.h"

namespace kagimori {
namespace {

constexpr std::array kCurves = {KeyPairSpec::kP256, KeyPairSpec::kP384, KeyPairSpec::kP521, KeyPairSpec::kSecp256k1,
                                KeyPairSpec::kSm2};

template <typename T>
std::string code_of(const Result<T>& result) {
  return result ? "success" : std::string(error_code_name(result.error().code));
}

class KeyAgreementTest : public testing::Test {
 protected:
  std::unique_ptr<CryptoContext> crypto_ = CryptoContext::create().value();
};

TEST_F(KeyAgreementTest, BothSidesAgreeOnEveryCurve) {
  for (const KeyPairSpec spec : kCurves) {
    const PrivateKey a = PrivateKey::generate(*crypto_, spec).value();
    const PrivateKey b = PrivateKey::generate(*crypto_, spec).value();
    const Result<SecretBytes> ab = ecdh(*crypto_, a, *b.public_key(*crypto_));
    const Result<SecretBytes> ba = ecdh(*crypto_, b, *a.public_key(*crypto_));
    ASSERT_TRUE(ab) << ab.error().message;
    EXPECT_EQ(ab->size(), key_pair_info(spec).field);
    EXPECT_EQ(to_bytes(ab->expose()), to_bytes(ba->expose())) << key_pair_info(spec).name;
  }
}

// The x coordinate of 1 * P is P's own: also where it begins with zeros, which stay.
TEST_F(KeyAgreementTest, LeadingZerosStay) {
  // Found by trying: the x coordinate of this multiple of the base point begins with a byte of zeros (P-521: with two).
  struct Multiple {
    KeyPairSpec spec;
    std::uint16_t scalar;
  };
  for (const auto& [spec, multiple] :
       {Multiple{KeyPairSpec::kP256, 379}, Multiple{KeyPairSpec::kP384, 197}, Multiple{KeyPairSpec::kP521, 273},
        Multiple{KeyPairSpec::kSecp256k1, 153}, Multiple{KeyPairSpec::kSm2, 327}}) {
    const std::size_t size = key_pair_info(spec).field;
    const auto scalar_of = [size](std::uint16_t value) {
      Bytes scalar(size);
      scalar[size - 2] = static_cast<std::uint8_t>(value >> 8);
      scalar[size - 1] = static_cast<std::uint8_t>(value & 0xff);
      return scalar;
    };
    const Bytes point = derive_point(*crypto_, spec, scalar_of(multiple)).value();
    ASSERT_EQ(point[1], 0) << key_pair_info(spec).name;
    KeyFields fields;
    fields.public_key = point;
    const PublicKey peer(spec, make_key(*crypto_, spec, KeyHalf::kPublic, fields).value(), crypto_->library());
    const Bytes one = scalar_of(1);
    const Bytes base = derive_point(*crypto_, spec, one).value();
    fields.secret = one;
    fields.public_key = base;
    const PrivateKey key(spec, make_key(*crypto_, spec, KeyHalf::kPrivate, fields).value(), crypto_->library());
    EXPECT_EQ(hex_encode(ecdh(*crypto_, key, peer)->expose()), hex_encode(ByteView(point).subspan(1, size)));
  }
}

// OpenSSL's own derivation, which it has for all curves but SM2.
TEST_F(KeyAgreementTest, SameAsOpensslsDerivation) {
  for (const KeyPairSpec spec : kCurves) {
    if (spec == KeyPairSpec::kSm2) continue;
    const PrivateKey a = PrivateKey::generate(*crypto_, spec).value();
    const PublicKey b = PrivateKey::generate(*crypto_, spec)->public_key(*crypto_).value();
    const openssl::KeyContext context(EVP_PKEY_CTX_new_from_pkey(crypto_->library(), a.handle(), nullptr));
    Bytes expected(key_pair_info(spec).field);
    std::size_t size = expected.size();
    ASSERT_EQ(EVP_PKEY_derive_init(context.get()), 1);
    ASSERT_EQ(EVP_PKEY_derive_set_peer(context.get(), b.handle()), 1);
    ASSERT_EQ(EVP_PKEY_derive(context.get(), expected.data(), &size), 1);
    EXPECT_EQ(to_bytes(ecdh(*crypto_, a, b)->expose()), expected);
  }
}

TEST_F(KeyAgreementTest, KeysOfDifferentCurvesOrWithoutOneAreRefused) {
  const PrivateKey p256 = PrivateKey::generate(*crypto_, KeyPairSpec::kP256).value();
  const PrivateKey k256 = PrivateKey::generate(*crypto_, KeyPairSpec::kSecp256k1).value();
  const PrivateKey ed25519 = PrivateKey::generate(*crypto_, KeyPairSpec::kEd25519).value();
  EXPECT_EQ(code_of(ecdh(*crypto_, p256, *k256.public_key(*crypto_))), "Crypto");
  EXPECT_EQ(code_of(ecdh(*crypto_, ed25519, *ed25519.public_key(*crypto_))), "Crypto");
}

// The peer was read on another thread, with another context.
TEST_F(KeyAgreementTest, KeysOfTwoContextsAgree) {
  const auto other = CryptoContext::create().value();
  const PrivateKey a = PrivateKey::generate(*crypto_, KeyPairSpec::kP256).value();
  const PrivateKey b = PrivateKey::generate(*other, KeyPairSpec::kP256).value();
  EXPECT_EQ(to_bytes(ecdh(*other, a, *b.public_key(*other))->expose()),
            to_bytes(ecdh(*crypto_, b, *a.public_key(*crypto_))->expose()));
}

}  // namespace
}  // namespace kagimori
