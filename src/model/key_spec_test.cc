#include "model/key_spec.h"

#include <set>

namespace kagimori {
namespace {

// aws-kms.md 2.1: each spec with the usages that it may have.
const std::map<std::string_view, std::vector<std::string_view>> kMatrix = {
    {"SYMMETRIC_DEFAULT", {"ENCRYPT_DECRYPT"}},
    {"RSA_2048", {"ENCRYPT_DECRYPT", "SIGN_VERIFY"}},
    {"RSA_3072", {"ENCRYPT_DECRYPT", "SIGN_VERIFY"}},
    {"RSA_4096", {"ENCRYPT_DECRYPT", "SIGN_VERIFY"}},
    {"ECC_NIST_P256", {"SIGN_VERIFY", "KEY_AGREEMENT"}},
    {"ECC_NIST_P384", {"SIGN_VERIFY", "KEY_AGREEMENT"}},
    {"ECC_NIST_P521", {"SIGN_VERIFY", "KEY_AGREEMENT"}},
    {"ECC_SECG_P256K1", {"SIGN_VERIFY"}},
    {"ECC_NIST_EDWARDS25519", {"SIGN_VERIFY"}},
    {"HMAC_224", {"GENERATE_VERIFY_MAC"}},
    {"HMAC_256", {"GENERATE_VERIFY_MAC"}},
    {"HMAC_384", {"GENERATE_VERIFY_MAC"}},
    {"HMAC_512", {"GENERATE_VERIFY_MAC"}},
    {"ML_DSA_44", {"SIGN_VERIFY"}},
    {"ML_DSA_65", {"SIGN_VERIFY"}},
    {"ML_DSA_87", {"SIGN_VERIFY"}},
    {"ML_KEM_512", {"ENCAPSULATE_DECAPSULATE"}},
    {"ML_KEM_768", {"ENCAPSULATE_DECAPSULATE"}},
    {"ML_KEM_1024", {"ENCAPSULATE_DECAPSULATE"}},
    {"SM2", {"ENCRYPT_DECRYPT", "SIGN_VERIFY", "KEY_AGREEMENT"}},
};

TEST(KeySpec, NamesAreTheTwentyAndTheFive) {
  std::set<std::string_view> specs(aws_key_specs().begin(), aws_key_specs().end());
  EXPECT_EQ(specs.size(), 20u);
  EXPECT_EQ(aws_key_usages().size(), 5u);
  for (const auto& [spec, usages] : kMatrix) {
    EXPECT_TRUE(specs.contains(spec)) << spec;
    EXPECT_TRUE(is_aws_key_spec(spec));
    for (const std::string_view usage : usages) EXPECT_TRUE(is_aws_key_usage(usage));
  }
  for (const std::string_view name : {"", "symmetric_default", "RSA_1024", "AES_256", "SM2 "}) {
    EXPECT_FALSE(is_aws_key_spec(name)) << name;
    EXPECT_FALSE(is_aws_key_usage(name)) << name;
  }
}

TEST(KeySpec, EverySpecWithEveryUsage) {
  std::vector<KeyType> seen;
  for (const std::string_view spec : aws_key_specs()) {
    for (const std::string_view usage : aws_key_usages()) {
      const auto type = aws_key_type(spec, usage);
      const auto& usages = kMatrix.at(spec);
      if (std::find(usages.begin(), usages.end(), usage) == usages.end()) {
        ASSERT_FALSE(type) << spec << usage;
        EXPECT_EQ(type.error().code, ErrorCode::kValidation);
        EXPECT_EQ(type.error().message,
                  "KeyUsage " + std::string(usage) + " is not compatible with KeySpec " + std::string(spec));
        continue;
      }
      ASSERT_TRUE(type) << spec << usage;
      EXPECT_EQ(aws_key_spec(*type), spec);
      EXPECT_EQ(aws_key_usage(*type), usage);
      EXPECT_EQ(std::find(seen.begin(), seen.end(), *type), seen.end()) << "two specs share a type";
      seen.push_back(*type);
    }
  }
  EXPECT_EQ(seen.size(), 28u);
}

TEST(KeySpec, OnlySymmetricKeysHaveADefaultUsage) {
  for (const std::string_view spec : aws_key_specs()) {
    const auto type = aws_key_type(spec, "");
    if (spec == "SYMMETRIC_DEFAULT") {
      EXPECT_EQ(type.value(), KeyType{});
      continue;
    }
    ASSERT_FALSE(type) << spec;
    EXPECT_EQ(type.error().message,
              "You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.");
  }
}

TEST(KeySpec, WhatAwsCannotExpressIsInvisibleToIt) {
  std::vector<KeyType> hidden(6);
  hidden[0].construction = Construction::kRaw;
  hidden[1].length_bits = 128;
  hidden[2].usage_mask = kUsageEncrypt;
  hidden[3].usage_mask = kUsageEncrypt | kUsageDecrypt | kUsageWrapKey;
  hidden[4] = {KeyAlgorithm::kRsa, 1024, Curve::kNone, kUsageSign | kUsageVerify, Construction::kStandard};
  hidden[5] = {KeyAlgorithm::kEc, 256, Curve::kNone, kUsageSign | kUsageVerify, Construction::kStandard};
  for (const KeyType& type : hidden) {
    EXPECT_EQ(aws_key_spec(type), "");
    EXPECT_EQ(aws_key_usage(type), "");
  }
}

TEST(KeySpec, OriginsHaveAwsNames) {
  EXPECT_EQ(aws_origin(KeyOrigin::kGenerated), "AWS_KMS");
  EXPECT_EQ(aws_origin(KeyOrigin::kImported), "EXTERNAL");
  EXPECT_EQ(aws_origin(KeyOrigin::kHsm), "AWS_CLOUDHSM");
  EXPECT_EQ(aws_origin(KeyOrigin::kExternalKeyStore), "EXTERNAL_KEY_STORE");
}

}  // namespace
}  // namespace kagimori
