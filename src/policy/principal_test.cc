#include "policy/principal.h"

#include <gtest/gtest.h>

#include "policy/test_request.h"

namespace kagimori {
namespace {

using Kind = Principal::Kind;
using namespace policy_test;

TEST(Principal, Reads) {
  struct Case {
    const char* type;
    const char* value;
    Kind kind;
  };
  for (const Case& c : std::initializer_list<Case>{
           {"AWS", "*", Kind::kEveryone},
           {"AWS", "111122223333", Kind::kAccount},
           {"AWS", "arn:aws:iam::111122223333:root", Kind::kAccount},
           {"AWS", "arn:aws-us-gov:iam::111122223333:root", Kind::kAccount},
           {"AWS", "arn:aws:iam::111122223333:user/alice", Kind::kEntity},
           {"AWS", "arn:aws:iam::111122223333:user/a/path/alice", Kind::kEntity},
           {"AWS", "arn:aws:iam::111122223333:role/ops", Kind::kEntity},
           {"AWS", "arn:aws:sts::111122223333:assumed-role/ops/session-1", Kind::kSession},
           {"AWS", "arn:aws:sts::111122223333:federated-user/carol", Kind::kSession},
           {"AWS", "AIDAALICEALICEALICEAA", Kind::kUniqueId},
           {"AWS", "AROAALICEALICEALICEAA", Kind::kUniqueId},
           {"Service", "logs.us-east-1.amazonaws.com", Kind::kService},
           {"Federated", "accounts.google.com", Kind::kFederated},
           {"Federated", "arn:aws:iam::111122223333:saml-provider/corp", Kind::kFederated},
           {"Federated", "arn:aws:iam::111122223333:oidc-provider/idp.example.com/x", Kind::kFederated},
           {"CanonicalUser", "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be", Kind::kCanonicalUser},
       }) {
    const auto principal = parse_principal(c.type, c.value);
    ASSERT_TRUE(principal) << c.value;
    EXPECT_EQ(principal->kind, c.kind) << c.value;
  }
  EXPECT_EQ(parse_principal("AWS", "arn:aws:iam::111122223333:root")->value, "111122223333");
}

TEST(Principal, Refuses) {
  for (const char* value : {"",
                            "**",
                            "alice",
                            "11112222333",
                            "1111222233334",
                            "arn:aws:iam::111122223333:group/admins",
                            "arn:aws:iam::111122223333:user/*",
                            "arn:aws:iam::111122223333:user/",
                            "arn:aws:iam::111122223333:user/a b",
                            "arn:aws:iam::111122223333:user/a//",
                            "arn:aws:iam::111122223333:*",
                            "arn:aws:iam::*:root",
                            "arn:aws:iam::1111:root",
                            "arn:aws:iam:us-east-1:111122223333:root",
                            "arn:aws:iam::111122223333:Root",
                            "arn:gcp:iam::111122223333:root",
                            "arn:aws:s3::111122223333:user/alice",
                            "arn:aws:iam::111122223333",
                            "arn:aws:sts::111122223333:assumed-role/ops",
                            "arn:aws:sts::111122223333:assumed-role/ops/*",
                            "arn:aws:sts::111122223333:assumed-role//s",
                            "arn:aws:sts::111122223333:user/alice",
                            "arn:aws:iam::111122223333:assumed-role/ops/s",
                            "AIDAshort",
                            "AIDAalicealicealiceaa",
                            "AKIAALICEALICEALICEAA",
                            "logs.amazonaws.com"}) {
    EXPECT_FALSE(parse_principal("AWS", value)) << value;
  }
  EXPECT_FALSE(parse_principal("Service", "*"));
  EXPECT_FALSE(parse_principal("Service", "logs"));
  EXPECT_FALSE(parse_principal("Service", ".amazonaws.com"));
  EXPECT_FALSE(parse_principal("Federated", "arn:aws:iam::111122223333:user/alice"));
  EXPECT_FALSE(parse_principal("CanonicalUser", "79a59d"));
  EXPECT_FALSE(parse_principal("*", "*"));
  EXPECT_FALSE(parse_principal("aws", "*"));
}

Principal bound(const char* value, std::string_view unique_id) {
  Principal principal = *parse_principal("AWS", value);
  principal.unique_id = unique_id;
  return principal;
}

TEST(NamesCaller, ByUniqueIdNeverByArnAlone) {
  EXPECT_TRUE(names_caller(bound(kAliceArn.data(), kAliceId), alice()));
  EXPECT_FALSE(names_caller(bound(kAliceArn.data(), "AIDAOLDALICEOLDALICEA"), alice()));
  EXPECT_FALSE(names_caller(bound(kAliceArn.data(), kAliceId), bob()));
  PolicyCaller nameless = alice();
  nameless.unique_id = {};
  EXPECT_FALSE(names_caller(bound(kAliceArn.data(), ""), nameless)) << "two empty ids are not the same id";
  EXPECT_TRUE(names_caller(*parse_principal("AWS", kAliceId), alice()));
  EXPECT_FALSE(names_caller(*parse_principal("AWS", kBobId), alice()));
}

TEST(NamesCaller, SessionsNeedArnAndRole) {
  constexpr std::string_view kSession = "arn:aws:sts::111122223333:assumed-role/ops/one";
  const PolicyCaller session{kSession, "AROAOPSOPSOPSOPSOPSOP", kAccount, false, {}};
  EXPECT_TRUE(names_caller(bound(kSession.data(), "AROAOPSOPSOPSOPSOPSOP"), session));
  EXPECT_FALSE(names_caller(bound(kSession.data(), "AROAOLDOLDOLDOLDOLDOL"), session));
  EXPECT_FALSE(names_caller(bound("arn:aws:sts::111122223333:assumed-role/ops/two", "AROAOPSOPSOPSOPSOPSOP"), session));
  EXPECT_TRUE(names_caller(bound("arn:aws:iam::111122223333:role/ops", "AROAOPSOPSOPSOPSOPSOP"), session))
      << "the role speaks for all its sessions";
}

TEST(NamesCaller, AccountsServicesAndNobody) {
  const auto account = *parse_principal("AWS", kAccount);
  EXPECT_TRUE(names_caller(account, alice()));
  EXPECT_TRUE(names_caller(account, root_user()));
  EXPECT_FALSE(names_caller(account, stranger()));
  PolicyCaller logs{};
  logs.service = "logs.amazonaws.com";
  EXPECT_TRUE(names_caller(*parse_principal("Service", "logs.amazonaws.com"), logs));
  EXPECT_FALSE(names_caller(*parse_principal("Service", "s3.amazonaws.com"), logs));
  EXPECT_FALSE(names_caller(*parse_principal("Service", "logs.amazonaws.com"), alice()));
  EXPECT_FALSE(names_caller(account, logs));
  EXPECT_FALSE(names_caller(*parse_principal("Federated", "accounts.google.com"), alice()));
}

TEST(ExemptsCaller, AccountExemptsItsRootUserOnly) {
  const auto account = *parse_principal("AWS", kAccount);
  EXPECT_TRUE(exempts_caller(account, root_user()));
  EXPECT_FALSE(exempts_caller(account, alice()));
  EXPECT_FALSE(exempts_caller(account, stranger()));
  EXPECT_TRUE(exempts_caller(bound(kAliceArn.data(), kAliceId), alice()));
  EXPECT_FALSE(exempts_caller(bound(kAliceArn.data(), kAliceId), bob()));
  EXPECT_TRUE(exempts_caller(*parse_principal("AWS", "*"), stranger()));
}

}  // namespace
}  // namespace kagimori
