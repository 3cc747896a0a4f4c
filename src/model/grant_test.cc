#include "model/grant.h"

#include <gtest/gtest.h>

namespace kagimori {
namespace {

using Context = GrantConstraints::Context;
using Pairs = std::vector<std::pair<std::string_view, std::string_view>>;
using enum GrantOperation;

bool allows(const GrantConstraints& constraints, const Pairs& context, GrantOperation operation = kEncrypt,
            std::string_view source = {}) {
  return constraints_allow(constraints, operation, {context, source});
}

TEST(GrantTest, NamesLeadToOperationsAndBack) {
  EXPECT_EQ(grant_operation_names().size(), kGrantOperationCount);
  for (std::size_t i = 0; i < kGrantOperationCount; ++i) {
    const auto operation = static_cast<GrantOperation>(i);
    const std::string name(grant_operation_names()[i]);
    EXPECT_EQ(grant_operation_by_name(name), operation);
    EXPECT_EQ(grant_operation_of_action("kms:" + name), operation);
    EXPECT_EQ(GrantOperations({operation}).names(), std::vector<std::string_view>{name});
  }
  for (const std::string_view none : {"", "encrypt", "ReEncrypt", "kms:", "kms:ReEncrypt", "iam:Encrypt", "Encrypt"}) {
    EXPECT_FALSE(grant_operation_of_action(none)) << none;
  }
}

TEST(GrantTest, EveryKeySpecHasItsOperations) {
  const struct {
    std::string_view spec, usage;
    GrantOperations some, none;
  } rows[] = {
      {"SYMMETRIC_DEFAULT", "", {kEncrypt, kGenerateDataKeyPair, kReEncryptTo}, {kGetPublicKey, kSign, kGenerateMac}},
      {"RSA_2048", "ENCRYPT_DECRYPT", {kEncrypt, kReEncryptFrom, kGetPublicKey}, {kGenerateDataKey, kSign}},
      {"RSA_2048", "SIGN_VERIFY", {kSign, kVerify, kGetPublicKey}, {kEncrypt, kDecrypt}},
      {"ECC_NIST_P256", "KEY_AGREEMENT", {kDeriveSharedSecret, kGetPublicKey}, {kSign, kVerify}},
      {"HMAC_256", "GENERATE_VERIFY_MAC", {kGenerateMac, kVerifyMac}, {kGetPublicKey, kEncrypt}},
      {"ML_KEM_768", "ENCAPSULATE_DECAPSULATE", {kEncapsulate, kDecapsulate, kGetPublicKey}, {kEncrypt, kDecrypt}},
  };
  for (const auto& row : rows) {
    const auto type = aws_key_type(row.spec, row.usage);
    ASSERT_TRUE(type) << row.spec;
    const GrantOperations valid = valid_grant_operations(*type);
    EXPECT_TRUE(valid.has_all(row.some)) << row.spec;
    EXPECT_TRUE(valid.has_all({kCreateGrant, kRetireGrant, kDescribeKey})) << row.spec;
    EXPECT_EQ(valid.bits() & row.none.bits(), 0U) << row.spec;
  }
}

TEST(GrantTest, ConstraintsOnTheEncryptionContext) {
  const GrantConstraints equals{Context{{"Tenant", "a"}, {"stage", "x"}}, std::nullopt, ""};
  EXPECT_TRUE(allows(equals, {{"stage", "x"}, {"tenant", "a"}}));
  EXPECT_FALSE(allows(equals, {{"stage", "x"}, {"tenant", "A"}}));
  EXPECT_FALSE(allows(equals, {{"tenant", "a"}}));
  EXPECT_FALSE(allows(equals, {{"stage", "x"}, {"tenant", "a"}, {"more", ""}}));
  EXPECT_FALSE(allows(equals, {}));

  const GrantConstraints subset{std::nullopt, Context{{"tenant", "a"}}, ""};
  EXPECT_TRUE(allows(subset, {{"TENANT", "a"}}));
  EXPECT_TRUE(allows(subset, {{"tenant", "a"}, {"more", ""}}));
  EXPECT_FALSE(allows(subset, {{"tenant", "b"}}));
  EXPECT_FALSE(allows(subset, {}));

  EXPECT_TRUE(allows({Context{}, std::nullopt, ""}, {}));
  EXPECT_FALSE(allows({Context{}, std::nullopt, ""}, {{"a", "b"}}));
  EXPECT_TRUE(allows({std::nullopt, Context{}, ""}, {{"a", "b"}}));
  const GrantConstraints both{Context{{"a", "1"}}, Context{{"b", "2"}}, ""};
  EXPECT_FALSE(allows(both, {{"a", "1"}, {"b", "2"}}));
  for (const GrantOperation operation : {kDescribeKey, kRetireGrant}) EXPECT_TRUE(allows(equals, {}, operation));
}

TEST(GrantTest, ASourceIsOfCallsThatHaveOne) {
  const GrantConstraints source{std::nullopt, std::nullopt, "arn:aws:s3:::b"};
  EXPECT_TRUE(allows(source, {}, kEncrypt, "arn:aws:s3:::b"));
  EXPECT_FALSE(allows(source, {}, kEncrypt, "arn:aws:s3:::c"));
  EXPECT_FALSE(allows(source, {}, kEncrypt));
  EXPECT_FALSE(allows(source, {}, kDescribeKey));
  EXPECT_TRUE(allows(source, {}, kRetireGrant));
}

TEST(GrantTest, AsStrictAs) {
  const GrantConstraints none;
  const GrantConstraints equals{Context{{"tenant", "a"}, {"stage", "x"}}, std::nullopt, ""};
  const GrantConstraints same{Context{{"Stage", "x"}, {"Tenant", "a"}}, std::nullopt, ""};
  const GrantConstraints subset{std::nullopt, Context{{"tenant", "a"}}, ""};
  const GrantConstraints more{std::nullopt, Context{{"tenant", "a"}, {"stage", "x"}}, ""};
  const GrantConstraints other{std::nullopt, Context{{"tenant", "b"}}, ""};
  const GrantConstraints source{std::nullopt, std::nullopt, "arn:aws:s3:::b"};
  for (const auto* child : {&none, &equals, &subset, &source}) EXPECT_TRUE(is_as_strict(*child, none));
  EXPECT_TRUE(is_as_strict(same, equals));
  EXPECT_TRUE(is_as_strict(equals, subset));
  EXPECT_TRUE(is_as_strict(more, subset));
  EXPECT_TRUE(is_as_strict(source, source));
  EXPECT_FALSE(is_as_strict(none, equals));
  EXPECT_FALSE(is_as_strict(none, subset));
  EXPECT_FALSE(is_as_strict(more, equals));
  EXPECT_FALSE(is_as_strict(subset, more));
  EXPECT_FALSE(is_as_strict(other, subset));
  EXPECT_FALSE(is_as_strict(none, source));
}

TEST(GrantTest, GrantIds) {
  EXPECT_TRUE(is_grant_id(std::string(64, 'a')));
  for (const std::string& none :
       {std::string(), std::string(63, 'a'), std::string(65, 'a'), std::string(64, 'A'), std::string(63, 'a') + "g"}) {
    EXPECT_FALSE(is_grant_id(none)) << none;
  }
}

}  // namespace
}  // namespace kagimori
