// The stored form of private keys: the golden files of docs/formats/private-key.md, and what is refused. The golden
// files were written by another program from published keys (RFC 6979, RFC 8032, GM/T 0003.5, Wycheproof).

#include "crypto/private_key_form.h"

#include "crypto/golden_key_test.h"

namespace kagimori {
namespace {

struct Golden {
  const char* file;
  KeyPairSpec spec;
};

constexpr std::array kGolden = {Golden{"rsa_2048", KeyPairSpec::kRsa2048},
                                Golden{"p_256", KeyPairSpec::kP256},
                                Golden{"p_521", KeyPairSpec::kP521},
                                Golden{"ed25519", KeyPairSpec::kEd25519},
                                Golden{"sm2", KeyPairSpec::kSm2},
                                Golden{"ml_dsa_44", KeyPairSpec::kMlDsa44},
                                Golden{"ml_kem_512", KeyPairSpec::kMlKem512},
                                Golden{"ml_kem_512_expanded", KeyPairSpec::kMlKem512}};

class PrivateKeyFormTest : public testing::TestWithParam<Golden> {
 protected:
  const Bytes golden_ = read_golden_key(GetParam().file);
  const KeyPairSpec spec_ = GetParam().spec;
  std::unique_ptr<CryptoContext> crypto_ = CryptoContext::create().value();
};

INSTANTIATE_TEST_SUITE_P(Golden, PrivateKeyFormTest, testing::ValuesIn(kGolden),
                         [](const auto& instance) { return instance.param.file; });

TEST_P(PrivateKeyFormTest, GoldenFileIsReadAndWritten) {
  const Result<KeyFields> fields = parse_private_key_form(spec_, golden_);
  ASSERT_TRUE(fields) << fields.error().message;
  EXPECT_EQ(to_bytes(write_private_key_form(spec_, *fields).expose()), golden_);
}

TEST_P(PrivateKeyFormTest, GoldenFileMakesAKeyWhosePartsBelongTogether) {
  if (!supports(*crypto_, spec_)) GTEST_SKIP() << loaded_openssl() << " has no " << key_pair_info(spec_).name;
  const PrivateKey key = PrivateKey::from_parameters(*crypto_, spec_, golden_).value();
  EXPECT_EQ(to_bytes(key.parameters()->expose()), golden_);
  const Result<PrivateKey> checked = PrivateKey::from_pkcs8(*crypto_, spec_, key.pkcs8()->expose());
  ASSERT_TRUE(checked) << checked.error().message;
  EXPECT_EQ(to_bytes(checked->parameters()->expose()), golden_);
}

TEST_P(PrivateKeyFormTest, EveryPrefixAndEveryExtensionIsCorrupt) {
  for (std::size_t size = 0; size < golden_.size(); ++size) {
    const Result<KeyFields> fields = parse_private_key_form(spec_, ByteView(golden_).first(size));
    ASSERT_FALSE(fields) << size;
    EXPECT_EQ(fields.error().code, ErrorCode::kCorrupt) << size;
  }
  Bytes longer = golden_;
  longer.push_back(0);
  EXPECT_EQ(parse_private_key_form(spec_, longer).error().code, ErrorCode::kCorrupt);
}

TEST_P(PrivateKeyFormTest, ALaterFormatIsNamedAndAnotherKindRefused) {
  Bytes later = golden_;
  later[0] = 2;
  EXPECT_EQ(parse_private_key_form(spec_, later).error().code, ErrorCode::kNewerSchema);
  Bytes older = golden_;
  older[0] = 0;
  EXPECT_EQ(parse_private_key_form(spec_, older).error().code, ErrorCode::kCorrupt);
  for (const KeyPairSpec other : kAllKeyPairSpecs) {
    if (other == spec_) continue;
    EXPECT_EQ(parse_private_key_form(other, golden_).error().code, ErrorCode::kCorrupt);
  }
}

TEST(PrivateKeyParametersTest, ErrorsAreWholeSentences) {
  const auto crypto = CryptoContext::create().value();
  Bytes later = read_golden_key("p_256");
  later[0] = 9;
  const Result<PrivateKey> newer = PrivateKey::from_parameters(*crypto, KeyPairSpec::kP256, later);
  EXPECT_EQ(newer.error().code, ErrorCode::kNewerSchema);
  EXPECT_EQ(newer.error().message, "A stored private key can't be used as P-256: it was written by a later release.");
  Bytes off_curve = read_golden_key("p_256");
  off_curve.back() ^= 1;
  const Result<PrivateKey> broken = PrivateKey::from_parameters(*crypto, KeyPairSpec::kP256, off_curve);
  EXPECT_EQ(broken.error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(broken.error().message, "A stored private key can't be used as P-256: its parts make no key of this kind.");
}

// Offsets of the golden file: n 6 to 261, e 266 to 268.
TEST(PrivateKeyParametersTest, RulesOfRsaAreChecked) {
  const Bytes good = read_golden_key("rsa_2048");
  const auto refusal = [&](std::size_t at, std::uint8_t value) {
    Bytes bad = good;
    bad[at] = value;
    const Result<KeyFields> fields = parse_private_key_form(KeyPairSpec::kRsa2048, bad);
    return fields ? "none" : fields.error().message;
  };
  EXPECT_EQ(refusal(6, 0x40), "its modulus does not have 2048 bits");
  EXPECT_EQ(refusal(6, 0x00), "its numbers are out of range");
  EXPECT_EQ(refusal(261, 0xaa), "its modulus is even");
  EXPECT_EQ(refusal(268, 0x00), "its public exponent is not an odd number from 65537 to 2^256");
  EXPECT_EQ(refusal(268, 0x03), "none");
}

}  // namespace
}  // namespace kagimori
