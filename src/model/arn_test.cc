#include "model/arn.h"

namespace kagimori {
namespace {

using Form = KeyReference::Form;
constexpr std::string_view kUuid = "1234abcd-12ab-34cd-56ef-1234567890ab";

TEST(Arn, SplitsIntoSixParts) {
  const auto arn = parse_arn("arn:aws:kms:eu-central-1:111122223333:alias/a:b");
  ASSERT_TRUE(arn);
  EXPECT_EQ(arn->partition, "aws");
  EXPECT_EQ(arn->service, "kms");
  EXPECT_EQ(arn->region, "eu-central-1");
  EXPECT_EQ(arn->account, "111122223333");
  EXPECT_EQ(arn->resource, "alias/a:b");
  const auto global = parse_arn("arn:aws:iam::111122223333:root");
  ASSERT_TRUE(global);
  EXPECT_EQ(global->region, "");
}

TEST(Arn, RefusesWhatIsNone) {
  for (const std::string_view text :
       {"", "arn", "arn:", "arn:aws:kms:eu-central-1:111122223333", "arn:aws:kms:eu-central-1:111122223333:",
        "arn::kms:eu-central-1:111122223333:key/x", "arn:aws::eu-central-1:111122223333:key/x",
        "ARN:aws:kms:eu-central-1:111122223333:key/x", " arn:aws:kms:eu-central-1:111122223333:key/x", ":::::"}) {
    const auto arn = parse_arn(text);
    ASSERT_FALSE(arn) << text;
    EXPECT_EQ(arn.error().code, ErrorCode::kInvalidArn);
    EXPECT_EQ(arn.error().message, "Invalid arn " + std::string(text));
  }
}

TEST(Arn, MadeOnesParseBack) {
  const std::string key = key_arn("us-east-1", "111122223333", kUuid);
  EXPECT_EQ(key, "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab");
  EXPECT_EQ(parse_key_reference(key)->name, kUuid);
  EXPECT_EQ(alias_arn("us-east-1", "111122223333", "alias/x"), "arn:aws:kms:us-east-1:111122223333:alias/x");
  EXPECT_EQ(user_arn("111122223333", "/", "ann"), "arn:aws:iam::111122223333:user/ann");
  EXPECT_EQ(user_arn("111122223333", "/a/b/", "ann"), "arn:aws:iam::111122223333:user/a/b/ann");
  EXPECT_EQ(root_arn("111122223333"), "arn:aws:iam::111122223333:root");
}

TEST(KeyReference, TakesTheFourForms) {
  const struct {
    std::string_view text;
    Form form;
    std::string_view region, account, name;
  } kCases[] = {
      {kUuid, Form::kKeyId, "", "", kUuid},
      {"mrk-1234abcd12ab34cd56ef1234567890ab", Form::kKeyId, "", "", "mrk-1234abcd12ab34cd56ef1234567890ab"},
      {"alias/x", Form::kAliasName, "", "", "alias/x"},
      {"alias/aws/s3", Form::kAliasName, "", "", "alias/aws/s3"},
      {"arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab", Form::kKeyArn, "us-east-1",
       "111122223333", kUuid},
      {"arn:aws:kms:us-east-1:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab", Form::kKeyArn, "us-east-1",
       "111122223333", "mrk-1234abcd12ab34cd56ef1234567890ab"},
      {"arn:aws:kms:us-east-1:111122223333:alias/a/b", Form::kAliasArn, "us-east-1", "111122223333", "alias/a/b"},
      {"arn:aws:kms:us-east-1:111122223333:alias/a:b", Form::kAliasArn, "us-east-1", "111122223333", "alias/a:b"},
  };
  for (const auto& c : kCases) {
    const auto reference = parse_key_reference(c.text);
    ASSERT_TRUE(reference) << c.text;
    EXPECT_EQ(reference->form, c.form) << c.text;
    EXPECT_EQ(reference->region, c.region);
    EXPECT_EQ(reference->account, c.account);
    EXPECT_EQ(reference->name, c.name);
    EXPECT_EQ(reference->is_alias(), c.name.starts_with("alias/"));
  }
}

TEST(KeyReference, RefusesWhatIsNoKeyId) {
  for (const std::string_view text : {"",
                                      "x",
                                      "1234abcd12ab34cd56ef1234567890ab",
                                      "1234ABCD-12ab-34cd-56ef-1234567890ab",
                                      "1234abcd-12ab-34cd-56ef-1234567890a",
                                      "1234abcd-12ab-34cd-56ef-1234567890abc",
                                      "1234abcd_12ab-34cd-56ef-1234567890ab",
                                      "1234abcd-12ab-34cd-56ef-1234567890ag",
                                      "{1234abcd-12ab-34cd-56ef-1234567890a}",
                                      " 1234abcd-12ab-34cd-56ef-1234567890ab",
                                      "mrk-",
                                      "mrk-fake-key-id",
                                      "mrk-1234abcd12ab34cd56ef1234567890a",
                                      "mrk-1234abcd12ab34cd56ef1234567890abc",
                                      "mrk-1234ABCD12ab34cd56ef1234567890ab",
                                      "MRK-1234abcd12ab34cd56ef1234567890ab",
                                      "alias",
                                      "alias/",
                                      "Alias/x",
                                      "key/1234abcd-12ab-34cd-56ef-1234567890ab",
                                      "Arn:aws:kms:us-east-1:111122223333:alias/x"}) {
    const auto reference = parse_key_reference(text);
    ASSERT_FALSE(reference) << text;
    EXPECT_EQ(reference.error().code, ErrorCode::kNotFound) << text;
    EXPECT_EQ(reference.error().message, "Invalid keyId '" + std::string(text) + "'");
  }
}

TEST(KeyReference, RefusesArnsThatAreNotOfKeys) {
  for (const std::string_view text :
       {"arn:", "arn:aws:kms", "arn:aws:kms:us-east-1:111122223333:", "arn:aws:kms:us-east-1:111122223333:x",
        "arn:aws:kms:us-east-1:111122223333:alias/", "arn:aws:kms:us-east-1:111122223333:aliases/x",
        "arn:aws:s3:us-east-1:111122223333:alias/x", "arn:aws:kms::111122223333:alias/x",
        "arn:aws:kms:us-east-1::alias/x", "arn:aws:kms:us-east-1:11112222333:alias/x",
        "arn:aws:kms:us-east-1:11112222333x:alias/x", "arn:aws-cn:kms:cn-north-1:111122223333:alias/x",
        "arn:aws:iam::111122223333:user/ann"}) {
    const auto reference = parse_key_reference(text);
    ASSERT_FALSE(reference) << text;
    EXPECT_EQ(reference.error().code, ErrorCode::kInvalidArn) << text;
    EXPECT_EQ(reference.error().message, "Invalid arn " + std::string(text));
  }
}

TEST(KeyReference, NamesTheBadKeyIdInsideAnArn) {
  for (const std::string_view id : {"", "x", "1234ABCD-12ab-34cd-56ef-1234567890ab", "alias/x"}) {
    const auto reference = parse_key_reference("arn:aws:kms:us-east-1:111122223333:key/" + std::string(id));
    ASSERT_FALSE(reference) << id;
    EXPECT_EQ(reference.error().code, ErrorCode::kNotFound);
    EXPECT_EQ(reference.error().message, "Invalid keyId '" + std::string(id) + "'");
  }
}

}  // namespace
}  // namespace kagimori
