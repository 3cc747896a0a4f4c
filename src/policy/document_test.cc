#include "policy/document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/test_request.h"

namespace kagimori {
namespace {

using policy_test::bindings;
using policy_test::identity_policy;
using policy_test::key_policy;
using testing::HasSubstr;
using testing::StartsWith;
namespace sentence = policy_sentence;

constexpr PolicyKind kKey = PolicyKind::kKey;
constexpr PolicyKind kIdentity = PolicyKind::kIdentity;
constexpr std::string_view kP = R"("Principal":"*",)";

struct Bad {
  std::string text;
  std::string_view begins;  // AWS's sentence
  std::string_view says;    // what and where
};

void expect_refused(PolicyKind kind, const std::vector<Bad>& table) {
  const ErrorCode code = kind == kKey ? ErrorCode::kMalformedPolicyDocument : ErrorCode::kMalformedPolicy;
  for (const Bad& bad : table) {
    const auto compiled = CompiledPolicy::compile(bad.text, kind, bindings());
    ASSERT_FALSE(compiled) << bad.text;
    EXPECT_EQ(compiled.error().code, code) << bad.text;
    EXPECT_THAT(compiled.error().message, StartsWith(std::string(bad.begins))) << bad.text;
    EXPECT_THAT(compiled.error().message, HasSubstr(std::string(bad.says))) << bad.text;
    EXPECT_FALSE(named_principals(bad.text, kind)) << bad.text;
  }
}

std::string top(const std::string& members) { return "{" + members + "}"; }
std::string allow(const std::string& members) { return key_policy(R"("Effect":"Allow","Principal":"*",)" + members); }
std::string deny(const std::string& members) { return key_policy(R"("Effect":"Deny","Principal":"*",)" + members); }
std::string when(const std::string& condition) {
  return allow(R"("Action":"kms:*","Resource":"*","Condition":)" + condition);
}
std::string by(const std::string& principal) {
  return key_policy(R"("Sid":"s","Effect":"Allow","Action":"kms:*","Resource":"*",)" + principal);
}
const std::string kGood = R"({"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"})";

TEST(KeyPolicyDocument, RefusesBrokenDocuments) {
  expect_refused(
      kKey,
      {
          {"", sentence::kSyntax, "not valid JSON"},
          {"null", sentence::kSyntax, "not valid JSON"},
          {"[]", sentence::kSyntax, "not valid JSON"},
          {"{", sentence::kSyntax, "not valid JSON"},
          {"{}", sentence::kSyntax, "Statement is missing"},
          {"{} {}", sentence::kSyntax, "goes on after its end"},
          {top(R"("Statement":[],"Version":"2012-10-17")"), sentence::kSyntax, "at least one object"},
          {top(R"("Statement":"x")"), sentence::kSyntax, "at least one object"},
          {top(R"("Statement":null)"), sentence::kSyntax, "at least one object"},
          {top(R"("Statement":["x"])"), sentence::kSyntax, "Statement 1: a statement must be an object"},
          {top(R"("Statement":[)" + kGood + ",[]]"), sentence::kSyntax, "Statement 2: a statement must be an object"},
          {top(R"("Version":"2012-10-18","Statement":)" + kGood), sentence::kSyntax, "2012-10-18"},
          {top(R"("Version":"","Statement":)" + kGood), sentence::kSyntax, "Version must be"},
          {top(R"("Version":20121017,"Statement":)" + kGood), sentence::kSyntax, "Version must be a string"},
          {top(R"("Id":1,"Statement":)" + kGood), sentence::kSyntax, "Id must be a string"},
          {top(R"("version":"2012-10-17","Statement":)" + kGood), sentence::kSyntax, R"(unknown element "version")"},
          {top(R"("Statements":)" + kGood), sentence::kSyntax, R"(unknown element "Statements")"},
          {top(R"("Statement":)" + kGood + R"(,"Statement":)" + kGood), sentence::kSyntax, "appears twice"},
          {top(R"("Id":"\ud800","Statement":)" + kGood), sentence::kSyntax, ""},
          {top("\"Id\":\"\xe2\x82\xac\",\"Statement\":" + kGood), sentence::kSyntax, "U+0020 to U+00FF"},
          {top("\"Id\":\"\xc3\",\"Statement\":" + kGood), sentence::kSyntax, "U+0020 to U+00FF"},
          {top("\"Id\":\"\xff\",\"Statement\":" + kGood), sentence::kSyntax, "U+0020 to U+00FF"},
          {top("\f\"Statement\":" + kGood), sentence::kSyntax, "U+0020 to U+00FF"},
          {top(R"("Statement":)" + kGood + std::string(131'072, ' ')), sentence::kSyntax, "longer than 131072"},
          {top(R"("Id":)" + std::string(100, '[') + std::string(100, ']')), sentence::kSyntax, "nested too deeply"},
      });
}

TEST(KeyPolicyDocument, RefusesBrokenStatements) {
  const std::string rest = R"("Action":"kms:*","Resource":"*")";
  expect_refused(
      kKey,
      {
          {key_policy(std::string(kP) + rest), sentence::kSyntax, "Effect is missing"},
          {key_policy(std::string(kP) + R"("Sid":"one","Effect":"allow",)" + rest), sentence::kSyntax,
           R"(Statement 1 ("one"): Effect must be)"},
          {key_policy(std::string(kP) + R"("Effect":["Allow"],)" + rest), sentence::kSyntax, "Effect must be"},
          {key_policy(std::string(kP) + R"("Effect":true,)" + rest), sentence::kSyntax, "Effect must be"},
          {allow(rest + R"(,"Sid":7)"), sentence::kSyntax, "Sid must be a string"},
          {allow(rest + R"(,"Efect":"Deny")"), sentence::kSyntax, R"(unknown element "Efect")"},
          {allow(rest + R"(,"action":"kms:*")"), sentence::kSyntax, R"(unknown element "action")"},
          {allow(rest + R"(,"Action":"kms:*")"), sentence::kSyntax, "appears twice"},
          {allow(rest + R"(,"NotAction":"kms:*")"), sentence::kSyntax, "Action and NotAction exclude"},
          {allow(rest + R"(,"NotResource":"*")"), sentence::kSyntax, "Resource and NotResource exclude"},
          {allow(R"("Action":[],"Resource":"*")"), sentence::kNoActions, "Action is empty"},
          {allow(R"("NotAction":[],"Resource":"*")"), sentence::kNoActions, "NotAction is empty"},
          {allow(R"("Action":{},"Resource":"*")"), sentence::kSyntax, "Action must be a string or a list"},
          {allow(R"("Action":["kms:*",1],"Resource":"*")"), sentence::kSyntax, "Action must be a string or a list"},
          {allow(R"("Action":"Encrypt","Resource":"*")"), sentence::kVendor, R"(action "Encrypt")"},
          {allow(R"("Action":"","Resource":"*")"), sentence::kVendor, "Statement 1"},
          {allow(R"("Action":"kms:a:b","Resource":"*")"), sentence::kOneColon, "kms:a:b"},
          {allow(R"("Action":"k*s:Encrypt","Resource":"*")"), "Vendor k*s is not valid.", ""},
          {allow(R"("Action":":Encrypt","Resource":"*")"), "Vendor ", ""},
          {allow(R"("Action":"kms:","Resource":"*")"), sentence::kSyntax, R"("kms:" is not an action)"},
          {allow(R"("Action":"kms:En crypt","Resource":"*")"), sentence::kSyntax, "is not an action"},
          {allow(R"("Action":"kms:*","Resource":[])"), sentence::kNoResources, "Resource is empty"},
          {allow(R"("Action":"kms:*","Resource":7)"), sentence::kSyntax, "Resource must be a string or a list"},
          {allow(R"("Action":"kms:*","Resource":"key/1")"), R"(Resource key/1 must be in ARN format or "*".)", ""},
          {allow(R"("Action":"kms:*","Resource":"arn:aws:kms:us-east-1")"), "Resource arn:aws:kms:us-east-1 must", ""},
          {allow(R"("Action":"kms:*","Resource":"arn:gcp:kms:r:1:k")"), R"(Partition "gcp" is not valid)", ""},
          {allow(R"("Action":"kms:*","Resource":"arn:aws:k*:r:1:k")"), "Resource vendor must be fully qualified", ""},
          {allow(R"("Action":"kms:*","Resource":"arn:aws::r:1:k")"), "Resource vendor must be fully qualified", ""},
          {allow(R"("Action":"kms:*","Resource":"arn:aws:kms:r:1:")"), sentence::kSyntax, "ARN format"},
          {allow(R"("Action":"kms:*","Resource":"arn:aws:kms:${aws:RequestedRegion}:1:k")"), sentence::kSyntax,
           "after the fifth colon"},
          {allow(R"("Action":"kms:*","Resource":"arn:aws:kms:r:1:${aws:nobody}")"), sentence::kSyntax,
           "no such policy variable"},
          {allow(R"("Action":"kms:*","Resource":"arn:aws:kms:r:1:${aws:username")"), sentence::kSyntax, ""},
      });
}

TEST(KeyPolicyDocument, RefusesBrokenPrincipals) {
  expect_refused(
      kKey,
      {
          {key_policy(R"("Effect":"Allow","Action":"kms:*","Resource":"*")"), sentence::kNoPrincipal, "Statement 1"},
          {by(R"("Principal":"arn:aws:iam::111122223333:root")"), sentence::kInvalidPrincipal, R"(Statement 1 ("s"))"},
          {by(R"("Principal":"")"), sentence::kInvalidPrincipal, ""},
          {by(R"("Principal":{})"), sentence::kInvalidPrincipal, ""},
          {by(R"("Principal":{"AWS":[]})"), sentence::kInvalidPrincipal, ""},
          {by(R"("Principal":{"AWS":["*",{}]})"), sentence::kSyntax, "must be a string or a list"},
          {by(R"("Principal":{"AWS":7})"), sentence::kSyntax, "must be a string or a list"},
          {by(R"("Principal":["*"])"), sentence::kSyntax, "Principal must be"},
          {by(R"("Principal":null)"), sentence::kSyntax, "Principal must be"},
          {by(R"("Principal":{"aws":"*"})"), sentence::kInvalidPrincipal, ""},
          {by(R"("Principal":{"AWS":"*","AWS":"*"})"), sentence::kSyntax, "appears twice"},
          {by(R"("Principal":{"AWS":"arn:aws:iam::111122223333:group/g"})"), sentence::kInvalidPrincipal, "group/g"},
          {by(R"("Principal":{"AWS":"arn:aws:iam::111122223333:user/*"})"), sentence::kInvalidPrincipal, "user/*"},
          {by(R"("Principal":{"AWS":["111122223333","alice"]})"), sentence::kInvalidPrincipal, R"("alice")"},
          {by(R"("Principal":{"Service":"*"})"), sentence::kInvalidPrincipal, ""},
          {by(R"("Principal":"*","NotPrincipal":"*")"), sentence::kSyntax, "exclude each other"},
          {by(R"("NotPrincipal":{"AWS":"111122223333"})"), sentence::kSyntax,
           R"(NotPrincipal works with Effect "Deny")"},
      });
}

TEST(KeyPolicyDocument, RefusesBrokenConditions) {
  expect_refused(
      kKey,
      {
          {when(R"([])"), sentence::kSyntax, "Condition must be an object"},
          {when(R"("x")"), sentence::kSyntax, "Condition must be an object"},
          {when(R"({"StringEqual":{"aws:username":"a"}})"), "Invalid Condition type : StringEqual.", "Statement 1"},
          {when(R"({"NullIfExists":{"aws:username":"true"}})"), "Invalid Condition type : NullIfExists.", ""},
          {when(R"({"StringEquals":"a"})"), sentence::kSyntax, R"(condition "StringEquals" must be an object)"},
          {when(R"({"StringEquals":{"aws:username":{}}})"), sentence::kSyntax, "strings, numbers or booleans"},
          {when(R"({"StringEquals":{"aws:username":null}})"), sentence::kSyntax, "strings, numbers or booleans"},
          {when(R"({"StringEquals":{"aws:username":[["a"]]}})"), sentence::kSyntax, "strings, numbers or booleans"},
          {when(R"({"StringEquals":{"aws:username":[]}})"), sentence::kSyntax, "has no value"},
          {when(R"({"StringEquals":{"username":"a"}})"), sentence::kVendor, R"(condition key "username")"},
          {when(R"({"StringEquals":{"":"a"}})"), sentence::kVendor, ""},
          {when(R"({"StringEquals":{"aws:":"a"}})"), sentence::kSyntax, R"(invalid condition key "aws:")"},
          {when(R"({"StringEquals":{":username":"a"}})"), sentence::kSyntax, "invalid condition key"},
          {when(R"({"StringEquals":{"a*s:username":"a"}})"), sentence::kSyntax, "invalid condition key"},
          {when(R"({"StringEquals":{"kms:EncryptionContext:":"a"}})"), sentence::kSyntax, "invalid condition key"},
          {when(R"({"StringEquals":{"aws:RequestTag/":"a"}})"), sentence::kSyntax, "invalid condition key"},
          {when(R"({"StringEquals":{"aws:username":"a","AWS:UserName":"b"}})"), sentence::kSyntax, "appears twice"},
          {when(R"({"StringEquals":{"aws:username":"a"},"StringEquals":{"aws:userid":"a"}})"), sentence::kSyntax,
           "appears twice"},
          {when(R"({"StringLike":{"aws:username":"${aws:nobody}"}})"), sentence::kSyntax, "no such policy variable"},
          {when(R"({"StringLike":{"aws:username":"${aws:username"}})"), sentence::kSyntax, "not closed"},
          {when(R"({"NumericEquals":{"kms:RotationPeriodInDays":"many"}})"), sentence::kSyntax, "is not a number"},
          {when(R"({"NumericEquals":{"kms:RotationPeriodInDays":true}})"), sentence::kSyntax, "is not a number"},
          {when(R"({"NumericEquals":{"kms:RotationPeriodInDays":"${aws:userid}"}})"), sentence::kSyntax, "a number"},
          {when(R"({"DateLessThan":{"aws:CurrentTime":"tomorrow"}})"), sentence::kSyntax, "ISO 8601"},
          {when(R"({"DateLessThan":{"aws:CurrentTime":1.5}})"), sentence::kSyntax, "ISO 8601"},
          {when(R"({"Bool":{"aws:SecureTransport":"yes"}})"), sentence::kSyntax, "true or false"},
          {when(R"({"Null":{"aws:username":"maybe"}})"), sentence::kSyntax, "true or false"},
          {when(R"({"BinaryEquals":{"kms:X":"AAE"}})"), sentence::kSyntax, "base64"},
          {when(R"({"IpAddress":{"aws:SourceIp":"10.0.0.0/33"}})"), sentence::kSyntax, "CIDR"},
          {when(R"({"NotIpAddress":{"aws:SourceIp":["10.0.0.0/8","localhost"]}})"), sentence::kSyntax,
           R"("localhost")"},
          {when(R"({"ArnLike":{"aws:PrincipalArn":"user/alice"}})"), sentence::kSyntax, "ARN format"},
          {when(R"({"ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::1"}})"), sentence::kSyntax, "ARN format"},
      });
}

TEST(KeyPolicyDocument, RefusesAllowsThatForAllValuesLeavesOpen) {
  const auto all = [](const char* key) {
    return R"({"ForAllValues:StringEquals":{")" + std::string(key) + R"(":"a"}})";
  };
  expect_refused(kKey,
                 {
                     {when(all("kms:EncryptionContext:app")), sentence::kTooPermissive, "kms:encryptioncontext:app"},
                     {when(all("KMS:encryptioncontext:app")), sentence::kTooPermissive, ""},
                     {when(all("aws:RequestTag/team")), sentence::kTooPermissive, "aws:requesttag/team"},
                     {when(R"({"ForAllValues:StringLike":{"aws:RequestTag/team":"a"},
                                     "StringEquals":{"kms:KeySpec":"SYMMETRIC_DEFAULT"}})"),
                      sentence::kTooPermissive, ""},
                 });
  for (const std::string& text :
       {when(R"({"ForAllValues:StringEquals":{"kms:EncryptionContext:app":"a"},
                 "Null":{"kms:EncryptionContext:app":"false"}})"),
        when(all("kms:EncryptionContextKeys")),
        deny(R"("Action":"kms:*","Resource":"*","Condition":)" + all("kms:EncryptionContext:app"))}) {
    EXPECT_TRUE(CompiledPolicy::compile(text, kKey, {})) << text;
  }
  EXPECT_TRUE(CompiledPolicy::compile(
      identity_policy(R"("Effect":"Allow","Action":"kms:*","Resource":"*","Condition":)" + all("aws:RequestTag/team")),
      kIdentity, {}));
}

TEST(IdentityPolicyDocument, Refuses) {
  const std::string rest = R"("Effect":"Allow","Action":"kms:*","Resource":"*")";
  expect_refused(
      kIdentity,
      {
          {"{", sentence::kSyntax, "not valid JSON"},
          {top(R"("Statement":{)" + rest + "}"), sentence::kVersion, "Version must be"},
          {top(R"("Version":"2008-10-17","Statement":{)" + rest + "}"), sentence::kVersion, "Version must be"},
          {top(R"("Version":"2012-10-17")"), sentence::kSyntax, "Statement is missing"},
          {identity_policy(rest + R"(,"Principal":"*")"), sentence::kPrincipalForbidden, "Statement 1"},
          {identity_policy(rest + R"(,"NotPrincipal":{"AWS":"111122223333"})"), sentence::kPrincipalForbidden, ""},
          {identity_policy(R"("Effect":"Allow","Resource":"*")"), sentence::kNoActions, "Action and NotAction"},
          {identity_policy(R"("Effect":"Allow","Action":"kms:*")"), sentence::kNoResources, "Resource and NotResource"},
          {identity_policy(R"("Effect":"Allow","Action":[],"Resource":"*")"), sentence::kNoActions, ""},
          {identity_policy(R"("Action":"kms:*","Resource":"*")"), sentence::kSyntax, "Effect is missing"},
          {identity_policy(rest + R"(,"Sid":"two words")"), sentence::kSidShape, ""},
          {top(R"("Version":"2012-10-17","Statement":[{"Sid":"a",)" + rest + R"(},{"Sid":"a",)" + rest + "}]"),
           sentence::kSidUnique, R"(Statement 2 ("a"))"},
          {identity_policy(rest + R"(,"Condition":{"StringIs":{"aws:username":"a"}})"),
           "Invalid Condition type : StringIs.", ""},
      });
}

TEST(PolicyDocument, AcceptsTheWholeGrammar) {
  const std::string text = R"({
    "Version": "2008-10-17", "Id": "anything \u20ac",
    "Statement": [
      {"Sid": "with spaces", "Effect": "Allow", "Principal": {"AWS": ["111122223333", "AIDAALICEALICEALICEAA"],
       "Service": "logs.amazonaws.com", "Federated": "accounts.google.com"}, "NotAction": ["kms:Delete*", "*:*"],
       "NotResource": ["arn:aws:kms:*:111122223333:key/*", "arn:*:s3:::x"], "Condition": {}},
      {"Sid": "with spaces", "Effect": "Deny", "NotPrincipal": "*", "Action": "*", "Resource": "*", "Condition": {
        "NumericLessThan": {"kms:RotationPeriodInDays": [90, "180.5"]}, "Bool": {"aws:SecureTransport": false},
        "StringEquals": {}, "DateGreaterThan": {"aws:CurrentTime": 1795340000},
        "ForAnyValue:StringLikeIfExists": {"kms:EncryptionContextKeys": "a*"},
        "StringLike": {"aws:username": "${aws:nobody}"}}}
    ]})";
  const auto document = parse_policy_document(text, kKey);
  ASSERT_TRUE(document) << document.error().message;
  ASSERT_EQ(document->statements.size(), 2u);
  EXPECT_EQ(document->statements[0].principals.size(), 4u);
  EXPECT_EQ(document->statements[1].conditions.size(), 5u);
}

TEST(PolicyDocument, BoundsTheNumberOfStatements) {
  const auto with = [](std::size_t count) {
    std::string text = R"({"Statement":[)";
    for (std::size_t i = 0; i < count; ++i) text += R"({"Effect":"Deny","Principal":"*"},)";
    text.back() = ']';
    return text + "}";
  };
  EXPECT_TRUE(parse_policy_document(with(kMaxPolicyStatements), kKey));
  const auto more = parse_policy_document(with(kMaxPolicyStatements + 1), kKey);
  ASSERT_FALSE(more);
  EXPECT_THAT(more.error().message, HasSubstr("more than 1000 statements"));
}

TEST(PolicyDocument, ErrorsQuoteAtMostAPieceOfTheText) {
  const auto refused = parse_policy_document(top("\"" + std::string(63, 'x') + std::string(9000, 'y') + "\":1"), kKey);
  ASSERT_FALSE(refused);
  EXPECT_LT(refused.error().message.size(), 200u);
}

TEST(NamedPrincipals, ListsWhoMustExist) {
  const auto named = named_principals(
      R"({"Statement":[
        {"Effect":"Allow","Principal":{"AWS":["arn:aws:iam::111122223333:user/b","arn:aws:iam::111122223333:root","*",
           "AIDAALICEALICEALICEAA"],"Service":"logs.amazonaws.com"}},
        {"Effect":"Deny","NotPrincipal":{"AWS":["arn:aws:sts::111122223333:assumed-role/a/s",
           "arn:aws:iam::111122223333:user/b"]}}]})",
      kKey);
  ASSERT_TRUE(named);
  EXPECT_THAT(*named, testing::ElementsAre("AIDAALICEALICEALICEAA", "arn:aws:iam::111122223333:user/b",
                                           "arn:aws:sts::111122223333:assumed-role/a/s"));
}

}  // namespace
}  // namespace kagimori
