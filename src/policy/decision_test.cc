#include "policy/decision.h"

#include <gtest/gtest.h>

namespace kagimori {
namespace {

using Kind = PolicyOutcome::Kind;
using R = DecisionReason;

constexpr Kind kNo = Kind::kNoMatch;
constexpr Kind kAccountAllow = Kind::kAllowAccount;
constexpr Kind kAllow = Kind::kAllowPrincipal;
constexpr Kind kDeny = Kind::kDeny;

struct Row {
  Kind key_policy;
  Kind identity;
  bool grant;
  R reason;
};

bool is_allowance(R reason) { return reason <= R::kAllowedByGrantAndIdentityPolicy; }

void walk(const std::vector<Row>& rows, DecisionInput base) {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    base.key_policy = rows[i].key_policy;
    base.identity = rows[i].identity;
    base.grant_allows = rows[i].grant;
    const Decision decision = decide(base);
    EXPECT_EQ(decision.reason, rows[i].reason) << "row " << i;
    EXPECT_EQ(decision.allowed, is_allowance(rows[i].reason)) << "row " << i;
  }
}

TEST(Decide, SameAccount) {
  walk(
      {
          {kNo, kNo, false, R::kNoResourceAllow},
          {kNo, kNo, true, R::kAllowedByGrant},
          {kNo, kAllow, false, R::kNoResourceAllow},
          {kNo, kAllow, true, R::kAllowedByGrant},
          {kNo, kDeny, false, R::kDeniedByIdentityPolicy},
          {kNo, kDeny, true, R::kDeniedByIdentityPolicy},
          {kAccountAllow, kNo, false, R::kNoIdentityAllow},
          {kAccountAllow, kNo, true, R::kAllowedByGrant},
          {kAccountAllow, kAllow, false, R::kAllowedByKeyAndIdentityPolicy},
          {kAccountAllow, kAllow, true, R::kAllowedByKeyAndIdentityPolicy},
          {kAccountAllow, kDeny, false, R::kDeniedByIdentityPolicy},
          {kAccountAllow, kDeny, true, R::kDeniedByIdentityPolicy},
          {kAllow, kNo, false, R::kAllowedByKeyPolicy},
          {kAllow, kNo, true, R::kAllowedByKeyPolicy},
          {kAllow, kAllow, false, R::kAllowedByKeyPolicy},
          {kAllow, kAllow, true, R::kAllowedByKeyPolicy},
          {kAllow, kDeny, false, R::kDeniedByIdentityPolicy},
          {kAllow, kDeny, true, R::kDeniedByIdentityPolicy},
          {kDeny, kNo, false, R::kDeniedByKeyPolicy},
          {kDeny, kNo, true, R::kDeniedByKeyPolicy},
          {kDeny, kAllow, false, R::kDeniedByKeyPolicy},
          {kDeny, kAllow, true, R::kDeniedByKeyPolicy},
          {kDeny, kDeny, false, R::kDeniedByKeyPolicy},
          {kDeny, kDeny, true, R::kDeniedByKeyPolicy},
      },
      {});
}

TEST(Decide, AcrossAccountsNeedsBothSides) {
  DecisionInput base;
  base.cross_account = true;
  base.cross_account_operation = true;
  walk(
      {
          {kNo, kNo, false, R::kNoResourceAllow},
          {kNo, kAllow, false, R::kNoResourceAllow},
          {kNo, kNo, true, R::kNoIdentityAllow},
          {kNo, kAllow, true, R::kAllowedByGrantAndIdentityPolicy},
          {kNo, kDeny, true, R::kDeniedByIdentityPolicy},
          {kAccountAllow, kNo, false, R::kNoIdentityAllow},
          {kAccountAllow, kAllow, false, R::kAllowedByKeyAndIdentityPolicy},
          {kAllow, kNo, false, R::kNoIdentityAllow},
          {kAllow, kNo, true, R::kNoIdentityAllow},
          {kAllow, kAllow, false, R::kAllowedByKeyAndIdentityPolicy},
          {kAllow, kDeny, false, R::kDeniedByIdentityPolicy},
          {kDeny, kAllow, true, R::kDeniedByKeyPolicy},
      },
      base);
}

TEST(Decide, OperationsThatStayWithinTheAccount) {
  DecisionInput base;
  base.cross_account = true;
  walk(
      {
          {kAllow, kAllow, true, R::kNotAcrossAccounts},
          {kAccountAllow, kAllow, false, R::kNotAcrossAccounts},
          {kNo, kNo, false, R::kNotAcrossAccounts},
          {kDeny, kAllow, false, R::kDeniedByKeyPolicy},
      },
      base);
  base.caller_is_root = true;
  walk({{kAllow, kNo, false, R::kNotAcrossAccounts}}, base);
}

TEST(Decide, IdentityOnlyActionsIgnoreKeyPolicyAndGrant) {
  DecisionInput base;
  base.iam_only = true;
  walk(
      {
          {kNo, kNo, false, R::kNoIdentityAllow},
          {kAllow, kNo, true, R::kNoIdentityAllow},
          {kDeny, kAllow, false, R::kAllowedByIdentityPolicy},
          {kNo, kAllow, false, R::kAllowedByIdentityPolicy},
          {kAllow, kDeny, true, R::kDeniedByIdentityPolicy},
      },
      base);
  base.cross_account = true;
  walk({{kNo, kAllow, false, R::kNotAcrossAccounts}}, base);
}

TEST(Decide, RootUserNeedsNoIdentityPolicyButTheKeyPolicy) {
  DecisionInput base;
  base.caller_is_root = true;
  walk(
      {
          {kAccountAllow, kNo, false, R::kAllowedByKeyAndIdentityPolicy},
          {kNo, kNo, false, R::kNoResourceAllow},
          {kDeny, kNo, false, R::kDeniedByKeyPolicy},
      },
      base);
  base.iam_only = true;
  walk({{kNo, kNo, false, R::kAllowedByIdentityPolicy}}, base);
  base.iam_only = false;
  base.cross_account = true;
  base.cross_account_operation = true;
  walk({{kAccountAllow, kNo, false, R::kAllowedByKeyAndIdentityPolicy}, {kNo, kNo, false, R::kNoResourceAllow}}, base);
}

// IAM user guide, "Policy evaluation logic": what a boundary or a session policy that is silent takes away.
TEST(Decide, BoundariesAndSessionPoliciesLimit) {
  for (const bool by_boundary : {true, false}) {
    DecisionInput base;
    base.has_boundary = by_boundary;
    base.has_session_policy = !by_boundary;
    base.caller_is_role = true;
    const R missing = by_boundary ? R::kNoBoundaryAllow : R::kNoSessionPolicyAllow;
    walk(
        {
            {kAllow, kNo, false, R::kAllowedByKeyPolicy},
            {Kind::kAllowBounded, kAllow, false, missing},
            {Kind::kAllowBounded, kNo, false, missing},
            {kAccountAllow, kAllow, false, missing},
            {kAccountAllow, kNo, false, R::kNoIdentityAllow},
            {kNo, kNo, true, missing},
            {kNo, kAllow, false, R::kNoResourceAllow},
            {kAllow, kDeny, false, R::kDeniedByIdentityPolicy},
        },
        base);
    base.caller_is_role = false;
    walk({{kNo, kNo, true, R::kAllowedByGrant}}, base);
    base.iam_only = true;
    walk({{kNo, kAllow, false, missing}, {kNo, kNo, false, R::kNoIdentityAllow}}, base);
    base.iam_only = false;
    base.cross_account = true;
    base.cross_account_operation = true;
    walk({{kAllow, kAllow, false, missing}, {Kind::kAllowBounded, kAllow, true, missing}}, base);
  }
}

TEST(Decide, LimitsThatAllowChangeNothing) {
  DecisionInput base;
  base.has_boundary = true;
  base.boundary = kAllow;
  base.has_session_policy = true;
  base.session_policy = kAllow;
  base.caller_is_role = true;
  walk(
      {
          {Kind::kAllowBounded, kNo, false, R::kAllowedByKeyPolicy},
          {kAccountAllow, kAllow, false, R::kAllowedByKeyAndIdentityPolicy},
          {kAccountAllow, kNo, false, R::kNoIdentityAllow},
          {kNo, kNo, true, R::kAllowedByGrant},
          {kNo, kAllow, false, R::kNoResourceAllow},
      },
      base);
}

TEST(Decide, ADenyOfALimitWinsEverywhere) {
  DecisionInput base;
  base.has_boundary = true;
  base.boundary = kDeny;
  walk({{kAllow, kAllow, true, R::kDeniedByBoundary}}, base);
  base.boundary = kAllow;
  base.has_session_policy = true;
  base.session_policy = kDeny;
  walk({{kAllow, kAllow, true, R::kDeniedBySessionPolicy}}, base);
  base.has_boundary = false;
  base.has_session_policy = false;
  walk({{kAllow, kAllow, true, R::kAllowedByKeyPolicy}}, base);
}

TEST(AccessDeniedMessage, SpeaksAsAwsDoes) {
  constexpr const char* kUser = "arn:aws:iam::1:user/a";
  constexpr const char* kHead =
      "User: arn:aws:iam::1:user/a is not authorized to perform: kms:Encrypt on resource: arn:k";
  const auto says = [&](R reason) { return access_denied_message(reason, kUser, "kms:Encrypt", "arn:k"); };
  EXPECT_EQ(says(R::kNoIdentityAllow),
            std::string(kHead) + " because no identity-based policy allows the kms:Encrypt action");
  EXPECT_EQ(says(R::kNoResourceAllow),
            std::string(kHead) + " because no resource-based policy allows the kms:Encrypt action");
  EXPECT_EQ(says(R::kNotAcrossAccounts), says(R::kNoResourceAllow));
  EXPECT_EQ(says(R::kDeniedByKeyPolicy), std::string(kHead) + " with an explicit deny in a resource-based policy");
  EXPECT_EQ(says(R::kDeniedByIdentityPolicy),
            std::string(kHead) + " with an explicit deny in an identity-based policy");
  EXPECT_EQ(access_denied_message(R::kNoIdentityAllow, kUser, "kms:ListKeys", "*"),
            "User: arn:aws:iam::1:user/a is not authorized to perform: kms:ListKeys because no identity-based policy "
            "allows the kms:ListKeys action");
}

}  // namespace
}  // namespace kagimori
