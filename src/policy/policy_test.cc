#include "policy/policy.h"

#include <gtest/gtest.h>

#include "policy/decision.h"
#include "policy/key_policy.h"
#include "policy/test_request.h"

namespace kagimori {
namespace {

using Kind = PolicyOutcome::Kind;
using namespace policy_test;

std::shared_ptr<const CompiledPolicy> compiled(const std::string& text, PolicyKind kind = PolicyKind::kKey) {
  const auto policy = CompiledPolicy::compile(text, kind, bindings());
  EXPECT_TRUE(policy) << policy.error().message << "\n" << text;
  return policy ? *policy : nullptr;
}

struct Asked {
  PolicyCaller caller = alice();
  std::string_view action = "kms:Encrypt";
  std::string_view resource = kKeyArn;
  MapConditions::Map conditions = {};
};

Kind outcome(const std::string& text, const Asked& asked, PolicyKind kind = PolicyKind::kKey) {
  const auto policy = compiled(text, kind);
  if (!policy) return Kind::kDeny;
  const MapConditions conditions = given(asked.conditions);
  return evaluate(*policy, {asked.caller, asked.action, asked.resource, conditions}).kind;
}

Kind identity_outcome(const std::string& members, const Asked& asked) {
  return outcome(identity_policy(members), asked, PolicyKind::kIdentity);
}

const std::string kAllowAll = R"("Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*")";

TEST(Evaluate, Principals) {
  const PolicyCaller recreated{kAliceArn, "AIDANEWALICENEWALICEA", kAccount, false, {}};
  struct Row {
    const char* principal;
    PolicyCaller caller;
    Kind kind;
  };
  const std::vector<Row> rows = {
      {R"("*")", alice(), Kind::kAllowBounded},
      {R"("*")", stranger(), Kind::kAllowBounded},
      {R"({"AWS":"*"})", stranger(), Kind::kAllowBounded},
      {R"({"AWS":"111122223333"})", alice(), Kind::kAllowAccount},
      {R"({"AWS":"111122223333"})", stranger(), Kind::kNoMatch},
      {R"({"AWS":"arn:aws:iam::111122223333:root"})", alice(), Kind::kAllowAccount},
      {R"({"AWS":"arn:aws:iam::111122223333:root"})", root_user(), Kind::kAllowAccount},
      {R"({"AWS":"arn:aws:iam::111122223333:user/alice"})", alice(), Kind::kAllowPrincipal},
      {R"({"AWS":"arn:aws:iam::111122223333:user/alice"})", bob(), Kind::kNoMatch},
      {R"({"AWS":"arn:aws:iam::111122223333:user/alice"})", recreated, Kind::kNoMatch},
      {R"({"AWS":"AIDAALICEALICEALICEAA"})", alice(), Kind::kAllowPrincipal},
      {R"({"AWS":"AIDAALICEALICEALICEAA"})", recreated, Kind::kNoMatch},
      {R"({"AWS":["111122223333","arn:aws:iam::111122223333:user/alice"]})", alice(), Kind::kAllowPrincipal},
      {R"({"AWS":["111122223333","arn:aws:iam::111122223333:user/alice"]})", bob(), Kind::kAllowAccount},
      {R"({"Service":"logs.amazonaws.com"})", alice(), Kind::kNoMatch},
      {R"({"Federated":"accounts.google.com"})", alice(), Kind::kNoMatch},
  };
  for (const Row& row : rows) {
    const std::string text =
        key_policy(R"("Effect":"Allow","Action":"kms:*","Resource":"*","Principal":)" + std::string(row.principal));
    EXPECT_EQ(outcome(text, {.caller = row.caller}), row.kind) << row.principal << " " << row.caller.unique_id;
  }
}

TEST(Evaluate, ActionsIgnoreCase) {
  struct Row {
    const char* element;
    const char* action;
    bool matches;
  };
  for (const Row& row : std::initializer_list<Row>{
           {R"("Action":"kms:Encrypt")", "kms:Encrypt", true},
           {R"("Action":"KMS:encrypt")", "kms:Encrypt", true},
           {R"("Action":"kms:Encrypt")", "kms:Decrypt", false},
           {R"("Action":"kms:Encrypt")", "kms:EncryptAll", false},
           {R"("Action":["kms:Create*","kms:?ncrypt"])", "kms:Encrypt", true},
           {R"("Action":"kms:GenerateDataKey*")", "kms:GenerateDataKeyWithoutPlaintext", true},
           {R"("Action":"kms:GenerateDataKey*")", "kms:GenerateRandom", false},
           {R"("Action":"*")", "iam:CreateUser", true},
           {R"("Action":"kms:*")", "iam:CreateUser", false},
           {R"("Action":"*:*")", "iam:CreateUser", true},
           {R"("NotAction":"kms:Delete*")", "kms:Encrypt", true},
           {R"("NotAction":["kms:Delete*","KMS:ENCRYPT"])", "kms:Encrypt", false},
       }) {
    const std::string text =
        key_policy(R"("Effect":"Allow","Principal":"*","Resource":"*",)" + std::string(row.element));
    EXPECT_EQ(outcome(text, {.action = row.action}) == Kind::kAllowBounded, row.matches)
        << row.element << " " << row.action;
  }
}

TEST(Evaluate, ResourcesRespectCase) {
  struct Row {
    const char* element;
    const char* resource;
    bool matches;
  };
  constexpr const char* kKey1 = "arn:aws:kms:us-east-1:111122223333:key/1";
  for (const Row& row : std::initializer_list<Row>{
           {R"("Resource":"*")", kKey1, true},
           {R"("Resource":"*")", "*", true},
           {R"("Resource":"arn:aws:kms:us-east-1:111122223333:key/1")", kKey1, true},
           {R"("Resource":"arn:aws:kms:us-east-1:111122223333:KEY/1")", kKey1, false},
           {R"("Resource":"arn:aws:kms:us-east-1:111122223333:key/2")", kKey1, false},
           {R"("Resource":["arn:aws:s3:::x","arn:aws:kms:*:111122223333:key/?"])", kKey1, true},
           {R"("Resource":"arn:aws:kms:*:*:alias/*")", kKey1, false},
           {R"("Resource":"arn:aws:kms:*:a:key")", "arn:aws:kms:us-east-1:111122223333:a:key", false},
           {R"("Resource":"arn:aws:kms:*:*:*")", "*", false},
           {R"("NotResource":"arn:aws:kms:*:*:alias/*")", kKey1, true},
           {R"("NotResource":"arn:aws:kms:*:*:key/*")", kKey1, false},
       }) {
    EXPECT_EQ(identity_outcome(R"("Effect":"Allow","Action":"kms:*",)" + std::string(row.element),
                               {.resource = row.resource}) == Kind::kAllowPrincipal,
              row.matches)
        << row.element << " " << row.resource;
  }
}

TEST(Evaluate, StatementsWithoutActionOrResourceHaveNoEffect) {
  for (const char* members : {R"("Effect":"Allow","Principal":"*")", R"("Effect":"Allow","Principal":"*","Action":"*")",
                              R"("Effect":"Deny","Principal":"*","Resource":"*")"}) {
    EXPECT_EQ(outcome(key_policy(members), {}), Kind::kNoMatch) << members;
  }
}

TEST(Evaluate, DenyWinsWhereverItStands) {
  const std::string deny =
      R"({"Sid":"no","Effect":"Deny","Principal":{"AWS":"111122223333"},"Action":"kms:Encrypt","Resource":"*"})";
  const std::string allow = "{" + kAllowAll + "}";
  for (const std::string& text :
       {R"({"Statement":[)" + allow + "," + deny + "]}", R"({"Statement":[)" + deny + "," + allow + "]}"}) {
    EXPECT_EQ(outcome(text, {}), Kind::kDeny);
    EXPECT_EQ(outcome(text, {.action = "kms:Decrypt"}), Kind::kAllowBounded);
    EXPECT_EQ(outcome(text, {.caller = stranger()}), Kind::kAllowBounded);
  }
}

TEST(Evaluate, SaysWhichStatementDecided) {
  const auto policy = compiled(R"({"Statement":[
      {"Sid":"account","Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"kms:*","Resource":"*"},
      {"Sid":"alice","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:user/alice"},"Action":"kms:E*","Resource":"*"},
      {"Sid":"never","Effect":"Deny","Principal":"*","Action":"kms:Delete*","Resource":"*"}]})");
  ASSERT_TRUE(policy);
  const MapConditions none;
  const auto decided = [&](const PolicyCaller& caller, std::string_view action) {
    const PolicyOutcome outcome = evaluate(*policy, {caller, action, kKeyArn, none});
    return std::to_string(outcome.statement) + " " + std::string(outcome.sid);
  };
  EXPECT_EQ(decided(alice(), "kms:Encrypt"), "1 alice");
  EXPECT_EQ(decided(alice(), "kms:Decrypt"), "0 account");
  EXPECT_EQ(decided(bob(), "kms:Encrypt"), "0 account");
  EXPECT_EQ(decided(alice(), "kms:DeleteAlias"), "2 never");
  EXPECT_EQ(evaluate(*policy, {stranger(), "kms:Encrypt", kKeyArn, none}).kind, Kind::kNoMatch);
}

TEST(Evaluate, ConditionsAreAnded) {
  const std::string text = key_policy(kAllowAll + R"(,"Condition":{
      "StringEquals":{"kms:EncryptionContext:App":["a","b"],"kms:CallerAccount":"111122223333"},
      "IpAddress":{"aws:SourceIp":"10.0.0.0/8"}})");
  const MapConditions::Map good = {
      {"kms:encryptioncontext:app", {"b"}}, {"kms:calleraccount", {"111122223333"}}, {"aws:sourceip", {"10.1.1.1"}}};
  EXPECT_EQ(outcome(text, {.conditions = good}), Kind::kAllowBounded);
  for (const auto& [key, values] : good) {
    MapConditions::Map other = good;
    other[key] = {"192.0.2.1"};
    EXPECT_EQ(outcome(text, {.conditions = other}), Kind::kNoMatch) << key;
    other.erase(key);
    EXPECT_EQ(outcome(text, {.conditions = other}), Kind::kNoMatch) << key;
  }
}

TEST(Evaluate, NotPrincipalWithDenyExemptsOnlyTheNamed) {
  const std::string text = R"({"Statement":[{)" + kAllowAll + R"(},{"Effect":"Deny","Action":"kms:*","Resource":"*",
      "NotPrincipal":{"AWS":["arn:aws:iam::111122223333:user/alice","arn:aws:iam::111122223333:root"]}}]})";
  const PolicyCaller recreated{kAliceArn, "AIDANEWALICENEWALICEA", kAccount, false, {}};
  EXPECT_EQ(outcome(text, {.caller = alice()}), Kind::kAllowBounded);
  EXPECT_EQ(outcome(text, {.caller = root_user()}), Kind::kAllowBounded);
  EXPECT_EQ(outcome(text, {.caller = bob()}), Kind::kDeny);
  EXPECT_EQ(outcome(text, {.caller = stranger()}), Kind::kDeny);
  EXPECT_EQ(outcome(text, {.caller = recreated}), Kind::kDeny);
}

TEST(Evaluate, VariablesInResources) {
  const std::string own =
      R"("Effect":"Allow","Action":"kms:*","Resource":"arn:aws:kms:us-east-1:111122223333:alias/${aws:username}-*")";
  const auto ask = [&](const std::string& members, const char* alias, MapConditions::Map conditions) {
    const std::string arn = "arn:aws:kms:us-east-1:111122223333:alias/" + std::string(alias);
    return identity_outcome(members, {.resource = arn, .conditions = std::move(conditions)});
  };
  EXPECT_EQ(ask(own, "alice-1", {{"aws:username", {"alice"}}}), Kind::kAllowPrincipal);
  EXPECT_EQ(ask(own, "bob-1", {{"aws:username", {"alice"}}}), Kind::kNoMatch);
  EXPECT_EQ(ask(own, "bob-1", {{"aws:username", {"*"}}}), Kind::kNoMatch) << "what a variable brings is literal";
  EXPECT_EQ(ask(own, "-1", {}), Kind::kNoMatch);
}

TEST(Evaluate, NotResourceWithAnUnresolvedVariableFailsClosed) {
  const std::string rest =
      R"("Action":"kms:*","NotResource":"arn:aws:kms:us-east-1:111122223333:alias/${aws:username}")";
  EXPECT_EQ(identity_outcome(R"("Effect":"Allow",)" + rest, {}), Kind::kNoMatch);
  EXPECT_EQ(identity_outcome(R"("Effect":"Deny",)" + rest, {}), Kind::kDeny);
  EXPECT_EQ(identity_outcome(R"("Effect":"Allow",)" + rest, {.conditions = {{"aws:username", {"alice"}}}}),
            Kind::kAllowPrincipal);
}

TEST(Evaluate, OldVersionHasNoVariables) {
  const std::string text = R"({"Version":"2008-10-17","Statement":{)" + kAllowAll +
                           R"(,"Condition":{"StringEquals":{"kms:RequestAlias":"${aws:username}"}}}})";
  EXPECT_EQ(outcome(text, {.conditions = {{"aws:username", {"a"}}, {"kms:requestalias", {"a"}}}}), Kind::kNoMatch);
  EXPECT_EQ(outcome(text, {.conditions = {{"kms:requestalias", {"${aws:username}"}}}}), Kind::kAllowBounded);
}

TEST(Compile, NeedsEveryBinding) {
  for (const char* element : {"Principal", "NotPrincipal"}) {
    const std::string text = key_policy(R"("Effect":"Deny","Action":"kms:*","Resource":"*",")" + std::string(element) +
                                        R"(":{"AWS":"arn:aws:iam::111122223333:user/carol"})");
    for (const PrincipalBindings& bound :
         {PrincipalBindings{}, bindings(), PrincipalBindings{{"arn:aws:iam::111122223333:user/carol", ""}}}) {
      const auto policy = CompiledPolicy::compile(text, PolicyKind::kKey, bound);
      ASSERT_FALSE(policy);
      EXPECT_EQ(policy.error().code, ErrorCode::kMalformedPolicyDocument);
      EXPECT_EQ(policy.error().message.find("Policy contains a statement with one or more invalid principals."), 0u);
    }
    EXPECT_TRUE(
        CompiledPolicy::compile(text, PolicyKind::kKey, {{"arn:aws:iam::111122223333:user/carol", "AIDACAROL"}}));
  }
}

// The separation that key policies are for: who manages the key can't use it, who uses it can't manage it.
TEST(KeyPolicy, SeparatesAdministratorsFromUsers) {
  const auto policy = compiled(R"({"Version":"2012-10-17","Statement":[
      {"Sid":"Administrators","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:user/alice"},
       "Action":["kms:Create*","kms:Describe*","kms:Enable*","kms:List*","kms:Put*","kms:Update*","kms:Revoke*",
                 "kms:Disable*","kms:Get*","kms:Delete*","kms:TagResource","kms:UntagResource",
                 "kms:ScheduleKeyDeletion","kms:CancelKeyDeletion","kms:RotateKeyOnDemand"],"Resource":"*"},
      {"Sid":"Users","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:user/bob"},
       "Action":["kms:Encrypt","kms:Decrypt","kms:ReEncrypt*","kms:GenerateDataKey*","kms:DescribeKey"],
       "Resource":"*"}]})");
  ASSERT_TRUE(policy);
  const MapConditions none;
  const auto allowed = [&](const PolicyCaller& caller, std::string_view action) {
    DecisionInput input;
    input.key_policy = evaluate(*policy, {caller, action, kKeyArn, none}).kind;
    // Everybody's identity policy allows everything: without the account statement that opens nothing.
    input.identity = Kind::kAllowPrincipal;
    return decide(input).allowed;
  };
  for (const char* action : {"kms:Encrypt", "kms:Decrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo",
                             "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext"}) {
    EXPECT_FALSE(allowed(alice(), action)) << action;
    EXPECT_TRUE(allowed(bob(), action)) << action;
  }
  for (const char* action : {"kms:PutKeyPolicy", "kms:GetKeyPolicy", "kms:DisableKey", "kms:EnableKey",
                             "kms:ScheduleKeyDeletion", "kms:CancelKeyDeletion", "kms:CreateAlias", "kms:DeleteAlias",
                             "kms:TagResource", "kms:EnableKeyRotation", "kms:RotateKeyOnDemand"}) {
    EXPECT_TRUE(allowed(alice(), action)) << action;
    EXPECT_FALSE(allowed(bob(), action)) << action;
  }
  for (const char* action : {"kms:Encrypt", "kms:PutKeyPolicy", "kms:DescribeKey"}) {
    EXPECT_FALSE(allowed(root_user(), action)) << action;
  }
}

TEST(KeyPolicy, DefaultLeavesItToIdentityPolicies) {
  const std::string text = default_key_policy(kAccount);
  EXPECT_EQ(outcome(text, {.caller = alice()}), Kind::kAllowAccount);
  EXPECT_EQ(outcome(text, {.caller = root_user()}), Kind::kAllowAccount);
  EXPECT_EQ(outcome(text, {.caller = stranger()}), Kind::kNoMatch);
  EXPECT_EQ(outcome(text, {.action = "iam:CreateUser"}), Kind::kNoMatch);
}

TEST(PolicyOutcome, StrongerPrefersDenyThenPrincipalThenAccount) {
  const std::vector<Kind> rising = {Kind::kNoMatch, Kind::kAllowAccount, Kind::kAllowBounded, Kind::kAllowPrincipal,
                                    Kind::kDeny};
  for (std::size_t a = 0; a < rising.size(); ++a) {
    for (std::size_t b = 0; b < rising.size(); ++b) {
      const PolicyOutcome left{rising[a], 1, {}};
      const PolicyOutcome right{rising[b], 2, {}};
      EXPECT_EQ(PolicyOutcome::stronger(left, right).kind, rising[std::max(a, b)]);
    }
  }
}

// A trust policy: no resource of its own, STS actions only, and who is named by role counts within limits only.
TEST(TrustPolicy, SpeaksOfItsOwnRole) {
  const auto compile = [](std::string_view principal, std::string_view action, std::string_view more = "") {
    return CompiledPolicy::compile(std::string(R"({"Statement":{"Effect":"Allow","Principal":)")
                                       .append(principal)
                                       .append(R"(,"Action":")")
                                       .append(action)
                                       .append("\"")
                                       .append(more)
                                       .append("}}"),
                                   PolicyKind::kTrust, {{"arn:aws:iam::111122223333:role/r", "AROAROLEROLEROLEROLE"}});
  };
  const MapConditions none;
  PolicyCaller session = alice();
  session.arn = "arn:aws:sts::111122223333:assumed-role/r/s";
  session.unique_id = "AROAROLEROLEROLEROLE";
  session.is_role = true;
  const auto kind = [&](const Result<std::shared_ptr<const CompiledPolicy>>& policy, const PolicyCaller& caller) {
    return evaluate(**policy, {caller, "sts:AssumeRole", "arn:aws:iam::111122223333:role/x", none}).kind;
  };
  const auto role = compile(R"({"AWS":"arn:aws:iam::111122223333:role/r"})", "sts:AssumeRole");
  ASSERT_TRUE(role) << role.error().message;
  EXPECT_EQ(kind(role, session), Kind::kAllowBounded);
  EXPECT_EQ(kind(role, alice()), Kind::kNoMatch);
  const auto account = compile(R"({"AWS":"111122223333"})", "sts:*");
  EXPECT_EQ(kind(account, alice()), Kind::kAllowAccount);
  for (const auto& broken : {compile(R"("*")", "kms:Encrypt"), compile(R"("*")", "*"),
                             compile(R"("*")", "sts:AssumeRole", R"(,"Resource":"*")"),
                             compile(R"({"AWS":"arn:aws:iam::111122223333:role/stranger"})", "sts:AssumeRole")}) {
    ASSERT_FALSE(broken);
    EXPECT_EQ(broken.error().code, ErrorCode::kMalformedPolicy);
  }
}

}  // namespace
}  // namespace kagimori
