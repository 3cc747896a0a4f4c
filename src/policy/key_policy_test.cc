#include "policy/key_policy.h"

#include <gtest/gtest.h>

#include "policy/test_request.h"

namespace kagimori {
namespace {

using namespace policy_test;

std::string rendered(const std::string& text, const PrincipalBindings& dead = {}) {
  const auto out = render_key_policy(text, dead);
  EXPECT_TRUE(out) << out.error().message;
  return out.value_or("");
}

TEST(DefaultKeyPolicy, IsOneLineAndCompiles) {
  const std::string text = default_key_policy(kAccount);
  EXPECT_EQ(
      text,
      R"({"Version":"2012-10-17","Id":"key-default-1","Statement":[{"Sid":"Enable IAM User Permissions",)"
      R"("Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:*","Resource":"*"}]})");
  EXPECT_TRUE(CompiledPolicy::compile(text, PolicyKind::kKey, {}));
  EXPECT_EQ(rendered(text), text);
  EXPECT_NE(default_key_policy(kAccount, "aws-cn").find("arn:aws-cn:iam::111122223333:root"), std::string::npos);
}

TEST(RenderKeyPolicy, KeepsEveryOtherByte) {
  const std::string text =
      "{ \"Statement\" :\n[{\"Principal\" : \"*\" ,\t\"Effect\":\"Allow\",\"Sid\":\"\\u0041 \\\"q\\\"\"},\r\n"
      "{\"Effect\":\"Deny\", \"NotPrincipal\":{\"AWS\":[ \"111122223333\",\"arn:aws:iam::111122223333:user/alice\"  ,"
      "\"arn:aws:iam::111122223333:user\\/bob\"]}}]}  \n";
  const std::string expected =
      "{ \"Statement\" :\n[{\"Principal\" : {\"AWS\":\"*\"} ,\t\"Effect\":\"Allow\",\"Sid\":\"\\u0041 \\\"q\\\"\"},\r\n"
      "{\"Effect\":\"Deny\", \"NotPrincipal\":{\"AWS\":[ \"arn:aws:iam::111122223333:root\",\"AIDAALICEALICEALICEAA\"  "
      ",\"AIDABOBBOBBOBBOBBOBAA\"]}}]}  \n";
  EXPECT_EQ(rendered(text, bindings()), expected);
}

TEST(RenderKeyPolicy, LivingPrincipalsStay) {
  const std::string text =
      key_policy(R"("Effect":"Allow","Principal":{"AWS":["*","arn:aws:iam::111122223333:user/alice",
      "arn:aws:iam::111122223333:user/bob"]},"Action":"kms:*","Resource":"*")");
  EXPECT_EQ(rendered(text), text);
  const std::string one_dead = rendered(text, {{std::string(kBobArn), std::string(kBobId)}});
  EXPECT_NE(one_dead.find(kAliceArn), std::string::npos);
  EXPECT_EQ(one_dead.find(kBobArn), std::string::npos);
  EXPECT_NE(one_dead.find(kBobId), std::string::npos);
}

TEST(RenderKeyPolicy, ShowsAUniqueIdByTheArnThatBelongsToIt) {
  const std::string text = key_policy(
      R"("Effect":"Allow","Principal":{"AWS":["AIDAALICEALICEALICEAA","AIDABOBBOBBOBBOBBOBAA"]},"Action":"kms:*",)"
      R"("Resource":"*")");
  const std::string shown = rendered(text, {{std::string(kAliceId), std::string(kAliceArn)}});
  EXPECT_NE(shown.find(kAliceArn), std::string::npos);
  EXPECT_EQ(shown.find(kAliceId), std::string::npos);
  EXPECT_NE(shown.find(kBobId), std::string::npos);
}

TEST(RenderKeyPolicy, WhatItShowsCanBePutBack) {
  const std::string text = key_policy(
      R"("Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:user/alice"},"Action":"kms:*","Resource":"*")");
  const auto again = CompiledPolicy::compile(rendered(text, bindings()), PolicyKind::kKey, {});
  ASSERT_TRUE(again);
  const MapConditions none;
  EXPECT_EQ(evaluate(**again, {alice(), "kms:Encrypt", kKeyArn, none}).kind, PolicyOutcome::Kind::kAllowPrincipal);
}

TEST(RenderKeyPolicy, RefusesABrokenText) {
  const auto out = render_key_policy("{", {});
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error().code, ErrorCode::kMalformedPolicyDocument);
}

}  // namespace
}  // namespace kagimori
