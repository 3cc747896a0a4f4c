#include "model/validation.h"

namespace kagimori {
namespace {

std::string message(const Validator& validator) {
  const Status status = validator.status();
  if (status) return "";
  EXPECT_EQ(status.error().code, ErrorCode::kValidation);
  return status.error().message;
}

TEST(Validator, NothingWrongIsSuccess) {
  Validator v;
  v.require("keyId", true);
  v.text("keyId", "x", member::kKeyId);
  v.text("description", std::optional<std::string>(), member::kDescription);
  v.number("limit", 1, member::kLimit);
  v.number("limit", 1000, member::kLimit);
  v.blob("plaintext", 4096, member::kPlaintext);
  v.count("grantTokens", 10, member::kGrantTokenCount);
  EXPECT_TRUE(v.ok());
  EXPECT_TRUE(v.status());
}

// Texts of the real service (aws-kms.md 1.5).
TEST(Validator, NumbersReadAsAtAws) {
  Validator v;
  v.number("numberOfBytes", 0, member::kNumberOfBytes);
  EXPECT_EQ(message(v),
            "1 validation error detected: Value '0' at 'numberOfBytes' failed to satisfy constraint: Member must have "
            "value greater than or equal to 1");
  Validator w;
  w.number("numberOfBytes", 1025, member::kNumberOfBytes);
  EXPECT_EQ(message(w),
            "1 validation error detected: Value '1025' at 'numberOfBytes' failed to satisfy constraint: Member must "
            "have value less than or equal to 1024");
}

TEST(Validator, LengthsReadAsAtAws) {
  Validator v;
  v.text("keyId", std::string(2049, 'x'), member::kKeyId);
  EXPECT_EQ(message(v), "1 validation error detected: Value '" + std::string(2049, 'x') +
                            "' at 'keyId' failed to satisfy constraint: Member must have length less than or equal to "
                            "2048");
}

TEST(Validator, FailuresAreCountedAndJoined) {
  Validator v;
  v.text("keyId", "", member::kKeyId);
  v.require("aliasName", false);
  EXPECT_EQ(message(v),
            "2 validation errors detected: Value '' at 'keyId' failed to satisfy constraint: Member must have length "
            "greater than or equal to 1; Value null at 'aliasName' failed to satisfy constraint: Member must not be "
            "null");
}

TEST(Validator, OneMemberMayFailTwice) {
  Validator v;
  v.text("aliasName", "", member::kAliasName);
  EXPECT_EQ(message(v),
            "2 validation errors detected: Value '' at 'aliasName' failed to satisfy constraint: Member must have "
            "length greater than or equal to 1; Value '' at 'aliasName' failed to satisfy constraint: Member must "
            "satisfy regular expression pattern: ^[a-zA-Z0-9:/_-]+$");
}

TEST(Validator, HiddenValuesAreNotRepeated) {
  Validator v;
  v.blob("plaintext", 4097, member::kPlaintext);
  v.hidden_text("password", "hunter2", {8, 32});
  const std::string text = message(v);
  EXPECT_EQ(text,
            "2 validation errors detected: Value at 'plaintext' failed to satisfy constraint: Member must have length "
            "less than or equal to 4096; Value at 'password' failed to satisfy constraint: Member must have length "
            "greater than or equal to 8");
}

TEST(Validator, EnumerationsAreListedInTheirOrder) {
  constexpr std::string_view kValues[] = {"B", "A", "C"};
  Validator v;
  v.one_of("keySpec", "A", kValues);
  EXPECT_TRUE(v.ok());
  v.one_of("keySpec", "a", kValues);
  EXPECT_EQ(
      message(v),
      "1 validation error detected: Value 'a' at 'keySpec' failed to satisfy constraint: Member must satisfy enum "
      "value set: [B, A, C]");
}

TEST(Validator, MembersOfListsAreNumberedFromOne) {
  EXPECT_EQ(member_path("tags", 0, "tagKey"), "tags.1.member.tagKey");
  EXPECT_EQ(member_path("grantTokens", 9), "grantTokens.10.member");
  Validator v;
  v.text(member_path("tags", 1, "tagKey"), "", member::kTagKey);
  EXPECT_THAT(message(v), testing::HasSubstr("Value '' at 'tags.2.member.tagKey' failed"));
}

TEST(Validator, CharactersAreCountedNotBytes) {
  std::string kanji;
  for (int i = 0; i < 128; ++i) kanji += "\xe9\x8d\xb5";
  Validator v;
  v.text("tagKey", kanji, member::kTagKey);
  EXPECT_TRUE(v.ok());
  v.text("tagKey", kanji + "x", member::kTagKey);
  EXPECT_FALSE(v.ok());
}

TEST(Validator, AnswersStayBounded) {
  Validator v;
  for (int i = 0; i < 5000; ++i) v.require("keyId", false);
  const std::string text = message(v);
  EXPECT_THAT(text, testing::StartsWith("5000 validation errors detected: "));
  EXPECT_LT(text.size(), 10'000u);
  Validator w;
  std::string long_text(16'383, 'x');
  for (int i = 0; i < 10'000; ++i) long_text += "\xe9\x8d\xb5";
  w.text("keyId", long_text, member::kKeyId);
  EXPECT_THAT(message(w), testing::HasSubstr(std::string(100, 'x') + "' at 'keyId'"));
}

TEST(Patterns, TakeAndRefuse) {
  const struct {
    bool (*matches)(std::string_view);
    std::vector<std::string> good, bad;
  } kCases[] = {
      {matches_alias_name, {"alias/a-Z_09:x", "x"}, {"", "alias/a b", "alias/a.b", "alias/\xc3\xa4", "a\n"}},
      {matches_policy_text,
       {"{}", "\t\n\r ~", "\x7f", "\xc2\x80", "\xc3\xbf"},
       {"", "\x01", "\x1f", std::string(1, '\0'), "\xc4\x80", "\xe9\x8d\xb5", "\xf0\x9f\x94\x91"}},
      {matches_word, {"default", "a_1"}, {"", "a-b", "a b", "\xc3\xa4"}},
      {matches_marker, {"", " ", "abc~", "\xc3\xbf"}, {"\t", "\n", "\xc4\x80"}},
      {matches_region,
       {"us-east-1", "us-gov-west-12", "eu-central-1"},
       {"", "us", "us-1", "us-east", "us-east-", "us-east-1a", "Us-east-1", "a-b-c-d-1", "us--1", "-us-east-1",
        "us-e4st-1"}},
      {matches_cluster_id,
       {"cluster-234567abcde", "cluster-ABCDEFGHIJKLMNOP"},
       {"", "cluster-", "cluster-1234567abcde", "cluster-234567abcd", "cluster-234567abcdefghijk",
        "Cluster-234567abcde"}},
      {matches_xks_key_id, {"a-b_c.d"}, {"", "a/b", "a b"}},
      {matches_xks_uri_endpoint,
       {"https://a", "https://proxy-1.Example.com"},
       {"", "https://", "http://a", "https://a:1", "https://a/", "https://a_b"}},
      {matches_xks_uri_path,
       {"/kms/xks/v1", "/kms/xks/v12", "/a/b_c-D/kms/xks/v1"},
       {"", "/kms/xks/v", "/kms/xks/v123", "kms/xks/v1", "/a.b/kms/xks/v1", "a/kms/xks/v1", "/kms/xks/v1/"}},
      {matches_vpc_service_name,
       {"com.amazonaws.vpce.us-east-1.vpce-svc-0a1", "eu.amazonaws.vpce.us-gov-east-1.vpce-svc-z"},
       {"", "com.amazonaws.vpce.us-east-1.vpce-svc-", "com.amazonaws.vpce.us-east-1.vpce-svc-A",
        "org.amazonaws.vpce.us-east-1.vpce-svc-1", "com.amazonaws.vpce..vpce-svc-1",
        "com.example.vpce.a-b-1.vpce-svc-1"}},
      {matches_account_id, {"111122223333"}, {"", "11112222333", "11112222333a"}},
      {matches_base32, {"ABCXYZ234567"}, {"", "a", "A1", "A8"}},
      {matches_base64, {"aZ09/+="}, {"", "a b", "a-b"}},
  };
  for (const auto& c : kCases) {
    for (const std::string& text : c.good) EXPECT_TRUE(c.matches(text)) << text;
    for (const std::string& text : c.bad) EXPECT_FALSE(c.matches(text)) << text;
  }
}

TEST(Patterns, FailuresShowThePattern) {
  Validator v;
  v.text("policyName", "a-b", member::kPolicyName);
  EXPECT_EQ(
      message(v),
      "1 validation error detected: Value 'a-b' at 'policyName' failed to satisfy constraint: Member must satisfy "
      "regular expression pattern: [\\w]+");
}

TEST(Validation, PatternsOfGrants) {
  for (const std::string_view good : {"111122223333", "arn:aws:iam::111122223333:user/a/b@c", "a_+=,.@:/-"}) {
    EXPECT_TRUE(matches_principal_id(good)) << good;
  }
  for (const std::string_view bad : {"", "*", "a b", "a;b", "\xc3\xa4"}) EXPECT_FALSE(matches_principal_id(bad)) << bad;

  for (const std::string_view good : {"logs.amazonaws.com", "a.b.c.d", "-.0.Z"}) {
    EXPECT_TRUE(matches_service_principal(good)) << good;
  }
  for (const std::string_view bad : {"", "amazonaws.com", "a..b", ".a.b", "a.b.", "a.b.c.", "a_.b.c", "a.b.c d"}) {
    EXPECT_FALSE(matches_service_principal(bad)) << bad;
  }

  for (const std::string_view good : {"arn:aws:s3::111122223333:b", "arn:aws-cn:a-1:eu-1:111122223333:x:y/*"}) {
    EXPECT_TRUE(matches_source_arn(good)) << good;
  }
  for (const std::string_view bad :
       {"", "arn", "arn:aws:s3:::b", "arn:aws:s3::11112222333:b",
        "arn:aws:s3::111122223333:", "arn:aws:s3::111122223333", "arn:gcp:s3::111122223333:b",
        "ARN:aws:s3::111122223333:b", "arn:aws:S3::111122223333:b", "arn:aws:::111122223333:b",
        "arn:aws:s3:EU:111122223333:b", "arn:aws:s3::11112222333x:b", "arn:aws:s3::111122223333:a\nb"}) {
    EXPECT_FALSE(matches_source_arn(bad)) << bad;
  }
}

}  // namespace
}  // namespace kagimori
