// Imported private keys: what PKCS#8 may look like, and what is refused.

#include <openssl/err.h>

#include "base/encoding.h"
#include "crypto/der.h"
#include "crypto/golden_key_test.h"
#include "crypto/key_der.h"
#include "crypto/private_key_form.h"

namespace kagimori {
namespace {

constexpr std::string_view kNotTogether = "its parts don't belong together.";

class PrivateKeyImportTest : public testing::Test {
 protected:
  // Why it is refused; empty when it is not.
  std::string refusal(KeyPairSpec spec, ByteView der) {
    const Result<PrivateKey> key = PrivateKey::from_pkcs8(*crypto_, spec, der);
    EXPECT_EQ(ERR_peek_error(), 0U);
    if (key) return {};
    EXPECT_EQ(key.error().code, ErrorCode::kCrypto);
    const std::string_view message = key.error().message;
    const std::string prefix =
        "The private key is not " + std::string(key_pair_info(spec).name) + " in the form of PKCS#8 in DER: ";
    EXPECT_TRUE(message.starts_with(prefix)) << message;
    return std::string(message.substr(prefix.size()));
  }
  std::string refusal(KeyPairSpec spec, const KeyFields& fields) {
    return refusal(spec, write_pkcs8(spec, fields).expose());
  }
  Bytes pkcs8(std::string_view name, KeyPairSpec spec) {
    const Bytes golden = read_golden_key(name);
    return to_bytes(write_pkcs8(spec, *parse_private_key_form(spec, golden)).expose());
  }
  // The content of a PKCS#8 of P-256 with another private key inside and something behind it.
  Bytes p256(std::uint8_t version, ByteView ec_private_key, ByteView behind) {
    der::BackwardWriter writer(1000);
    const std::size_t end = writer.mark();
    writer.raw(behind);
    writer.element(der::kOctetString, ec_private_key);
    writer.element(der::kSequence, hex_decode("06072a8648ce3d020106082a8648ce3d030107").value());
    writer.unsigned_integer(std::array{version});
    writer.wrap(der::kSequence, end);
    return to_bytes(writer.written());
  }
  // ECPrivateKey of the golden key with what follows the scalar.
  Bytes ec_private_key(ByteView behind) {
    der::BackwardWriter writer(1000);
    const std::size_t end = writer.mark();
    writer.raw(behind);
    writer.element(der::kOctetString, scalar());
    writer.unsigned_integer(std::array{std::uint8_t{1}});
    writer.wrap(der::kSequence, end);
    return to_bytes(writer.written());
  }
  ByteView scalar() const { return ByteView(golden_).subspan(2, 32); }
  ByteView point() const { return ByteView(golden_).subspan(34); }

  const Bytes golden_ = read_golden_key("p_256");
  std::unique_ptr<CryptoContext> crypto_ = CryptoContext::create().value();
};

TEST_F(PrivateKeyImportTest, TheWholeInputIsReadAndNothingIsMissing) {
  for (const auto& [name, spec] : {std::pair{"p_521", KeyPairSpec::kP521}, std::pair{"ed25519", KeyPairSpec::kEd25519},
                                   std::pair{"sm2", KeyPairSpec::kSm2}, std::pair{"rsa_2048", KeyPairSpec::kRsa2048}}) {
    const Bytes good = pkcs8(name, spec);
    EXPECT_EQ(refusal(spec, good), "");
    Bytes longer = good;
    longer.push_back(0);
    EXPECT_EQ(refusal(spec, longer), "it is not in DER.");
    for (std::size_t size = 0; size < good.size(); ++size) {
      EXPECT_NE(refusal(spec, ByteView(good).first(size)), "") << size;
    }
  }
}

TEST_F(PrivateKeyImportTest, AnotherKindIsRefused) {
  const Bytes p256_key = pkcs8("p_256", KeyPairSpec::kP256);
  for (const KeyPairSpec spec : kAllKeyPairSpecs) {
    if (spec == KeyPairSpec::kP256 || !supports(*crypto_, spec)) continue;
    EXPECT_EQ(refusal(spec, p256_key), "it is a key of another kind.");
  }
  EXPECT_EQ(refusal(KeyPairSpec::kRsa4096, pkcs8("rsa_2048", KeyPairSpec::kRsa2048)),
            "its modulus does not have 4096 bits.");
  const Bytes public_key = *PrivateKey::from_pkcs8(*crypto_, KeyPairSpec::kP256, p256_key)->spki();
  EXPECT_EQ(refusal(KeyPairSpec::kP256, public_key), "it is not in DER.");
}

TEST_F(PrivateKeyImportTest, APublicKeyMayBeMissingInsideOrOutside) {
  const Bytes inside = hex_decode("a144034200").value();
  Bytes with_point = inside;
  with_point.insert(with_point.end(), point().begin(), point().end());
  Bytes outside = hex_decode("814200").value();
  outside.insert(outside.end(), point().begin(), point().end());
  const Bytes curve = hex_decode("a00a06082a8648ce3d030107").value();
  Bytes curve_and_point = curve;
  curve_and_point.insert(curve_and_point.end(), with_point.begin(), with_point.end());

  for (const Bytes& good :
       {p256(0, ec_private_key({}), {}), p256(0, ec_private_key(with_point), {}), p256(0, ec_private_key(curve), {}),
        p256(0, ec_private_key(curve_and_point), {}), p256(1, ec_private_key({}), outside),
        p256(1, ec_private_key(with_point), outside), p256(0, ec_private_key({}), hex_decode("a000").value())}) {
    const Result<PrivateKey> key = PrivateKey::from_pkcs8(*crypto_, KeyPairSpec::kP256, good);
    ASSERT_TRUE(key) << key.error().message;
    EXPECT_EQ(to_bytes(key->parameters()->expose()), golden_);
  }
  // Version 1 has no public key outside, and there is no version 3.
  EXPECT_EQ(refusal(KeyPairSpec::kP256, p256(0, ec_private_key({}), outside)), "it is not in DER.");
  EXPECT_EQ(refusal(KeyPairSpec::kP256, p256(2, ec_private_key({}), {})), "its version is not one that is known.");
  const Bytes p384 = hex_decode("a00706052b81040022").value();
  EXPECT_EQ(refusal(KeyPairSpec::kP256, p256(0, ec_private_key(p384), {})), "it names two curves.");
  outside.back() ^= 1;
  EXPECT_EQ(refusal(KeyPairSpec::kP256, p256(1, ec_private_key(with_point), outside)), "it has two public keys.");
}

TEST_F(PrivateKeyImportTest, PartsOfEllipticCurvesBelongTogether) {
  KeyFields fields;
  fields.secret = scalar();
  fields.public_key = point();
  EXPECT_EQ(refusal(KeyPairSpec::kP256, fields), "");
  // The point of another scalar.
  Bytes two(32);
  two.back() = 2;
  const Bytes point_of_two = derive_point(*crypto_, KeyPairSpec::kP256, two).value();
  fields.public_key = point_of_two;
  EXPECT_EQ(refusal(KeyPairSpec::kP256, fields), kNotTogether);
  // No scalar, the order, and above it.
  fields.public_key = point();
  const Bytes order = hex_decode("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551").value();
  for (const Bytes& bad : {Bytes(32), order, Bytes(32, 0xff)}) {
    fields.secret = bad;
    EXPECT_NE(refusal(KeyPairSpec::kP256, fields), "");
    Bytes without_point = ec_private_key({});
    std::ranges::copy(bad, without_point.begin() + 7);
    EXPECT_EQ(refusal(KeyPairSpec::kP256, p256(0, without_point, {})), "its private part is out of range.");
  }
  fields.secret = scalar().first(31);
  EXPECT_EQ(refusal(KeyPairSpec::kP256, fields), "its private part does not have 32 bytes.");
}

TEST_F(PrivateKeyImportTest, PartsOfEd25519BelongTogether) {
  const Bytes form = read_golden_key("ed25519");
  const auto with_public_key = [&](ByteView public_key) {
    der::BackwardWriter writer(200);
    const std::size_t end = writer.mark();
    writer.raw(public_key);
    writer.raw(std::array{std::uint8_t{0}});
    writer.wrap(der::context(1), end);
    const std::size_t end_of_seed = writer.mark();
    writer.element(der::kOctetString, ByteView(form).subspan(2, 32));
    writer.wrap(der::kOctetString, end_of_seed);
    writer.element(der::kSequence, hex_decode("06032b6570").value());
    writer.unsigned_integer(std::array{std::uint8_t{1}});
    writer.wrap(der::kSequence, end);
    return to_bytes(writer.written());
  };
  EXPECT_EQ(refusal(KeyPairSpec::kEd25519, with_public_key(ByteView(form).subspan(34))), "");
  EXPECT_EQ(refusal(KeyPairSpec::kEd25519, with_public_key(Bytes(32, 1))), kNotTogether);
  EXPECT_EQ(refusal(KeyPairSpec::kEd25519, with_public_key(Bytes(31, 1))), "its public key has a wrong size or form.");
}

// Every number of the key changed by itself.
TEST_F(PrivateKeyImportTest, PartsOfRsaBelongTogether) {
  const Bytes form = read_golden_key("rsa_2048");
  const KeyFields good = *parse_private_key_form(KeyPairSpec::kRsa2048, form);
  EXPECT_EQ(refusal(KeyPairSpec::kRsa2048, good), "");
  for (const auto number : kRsaNumbers) {
    KeyFields bad = good;
    Bytes changed = to_bytes(good.*number);
    changed.back() ^= 2;
    bad.*number = changed;
    EXPECT_EQ(refusal(KeyPairSpec::kRsa2048, bad), kNotTogether);
  }
  // The right primes in the wrong order: their exponents and the coefficient are then not theirs.
  KeyFields swapped = good;
  std::swap(swapped.prime1, swapped.prime2);
  EXPECT_EQ(refusal(KeyPairSpec::kRsa2048, swapped), kNotTogether);
}

TEST_F(PrivateKeyImportTest, SeedAndExpandedKeyBelongTogether) {
  if (!supports(*crypto_, KeyPairSpec::kMlKem512)) GTEST_SKIP() << loaded_openssl() << " has no ML-KEM";
  for (const KeyPairSpec spec : {KeyPairSpec::kMlKem512, KeyPairSpec::kMlDsa44}) {
    const PrivateKey key = PrivateKey::generate(*crypto_, spec).value();
    const OwnedKeyFields own = read_fields(spec, KeyHalf::kPrivate, key.handle(), true).value();
    const auto both = [&](ByteView seed, ByteView expanded) {
      der::BackwardWriter writer(8000);
      const std::size_t end = writer.mark();
      writer.element(der::kOctetString, expanded);
      writer.element(der::kOctetString, seed);
      writer.wrap(der::kSequence, end);
      writer.wrap(der::kOctetString, end);
      writer.element(
          der::kSequence,
          hex_decode(spec == KeyPairSpec::kMlKem512 ? "0609608648016503040401" : "0609608648016503040311").value());
      writer.unsigned_integer(std::array{std::uint8_t{0}});
      writer.wrap(der::kSequence, end);
      return to_bytes(writer.written());
    };
    EXPECT_EQ(refusal(spec, both(own.fields.secret, own.fields.expanded_key)), "");
    Bytes other_seed = to_bytes(own.fields.secret);
    other_seed[0] ^= 1;
    EXPECT_EQ(refusal(spec, both(other_seed, own.fields.expanded_key)), kNotTogether);
    for (const std::size_t at : {std::size_t{0}, std::size_t{700}, own.fields.expanded_key.size() - 1}) {
      Bytes expanded = to_bytes(own.fields.expanded_key);
      expanded[at] ^= 1;
      EXPECT_EQ(refusal(spec, both(own.fields.secret, expanded)), kNotTogether) << at;
    }
    EXPECT_EQ(refusal(spec, both(ByteView(own.fields.secret).first(31), own.fields.expanded_key)),
              "its private part does not have " + std::to_string(own.fields.secret.size()) + " bytes.");
    EXPECT_EQ(refusal(spec, both(own.fields.secret, Bytes(100))), "its expanded key has a wrong size.");
    // An expanded key alone: its public key's hash is part of it.
    KeyFields alone;
    alone.expanded_key = own.fields.expanded_key;
    EXPECT_EQ(refusal(spec, alone), "");
  }
}

}  // namespace
}  // namespace kagimori
