#include "policy/condition.h"

#include <gtest/gtest.h>

#include "policy/test_request.h"

namespace kagimori {
namespace {

using policy_test::given;
using policy_test::MapConditions;
using Values = std::vector<std::string>;

constexpr const char* kKey = "kms:Test";

bool holds(const std::string& op, const Values& policy, const Values& request, bool present = true) {
  const auto condition = Condition::compile(op, kKey, policy, true);
  EXPECT_TRUE(condition) << op << ": " << condition.error().message;
  if (!condition) return false;
  MapConditions::Map map;
  if (present) map["kms:test"] = request;
  return condition->holds(MapConditions(std::move(map)), true);
}

// For each operator: the policy's values, a request value that the positive comparison takes, and one that it does not.
struct OperatorCase {
  const char* op;
  Values policy;
  const char* taken;
  const char* not_taken;
};

const std::vector<OperatorCase>& operator_cases() {
  static const auto* const cases = new std::vector<OperatorCase>{
      {"StringEquals", {"x", "blue"}, "blue", "Blue"},
      {"StringNotEquals", {"x", "blue"}, "blue", "Blue"},
      {"StringEqualsIgnoreCase", {"x", "BLUE"}, "bLue", "blues"},
      {"StringNotEqualsIgnoreCase", {"x", "BLUE"}, "bLue", "blues"},
      {"StringLike", {"x", "bl?e*"}, "blue sky", "Blue sky"},
      {"StringNotLike", {"x", "bl?e*"}, "blue sky", "Blue sky"},
      {"NumericEquals", {"1", "7.0"}, "7", "8"},
      {"NumericNotEquals", {"1", "7.0"}, "7", "8"},
      {"NumericLessThan", {"7"}, "6.5", "7"},
      {"NumericLessThanEquals", {"7"}, "7", "7.5"},
      {"NumericGreaterThan", {"7"}, "10", "7"},
      {"NumericGreaterThanEquals", {"7"}, "7", "-10"},
      {"DateEquals", {"2026-11-22T00:00:00Z"}, "2026-11-22", "2026-11-23"},
      {"DateNotEquals", {"2026-11-22T00:00:00Z"}, "2026-11-22", "2026-11-23"},
      {"DateLessThan", {"2026-11-22"}, "2026-11-21T23:59:59Z", "2026-11-22T00:00:00Z"},
      {"DateLessThanEquals", {"2026-11-22"}, "2026-11-22T02:00:00+02:00", "2026-11-22T00:00:01Z"},
      {"DateGreaterThan", {"0"}, "1", "0"},
      {"DateGreaterThanEquals", {"1970-01-02"}, "86400", "86399"},
      {"Bool", {"true"}, "TRUE", "false"},
      {"BinaryEquals", {"AAEC", "/w=="}, "/w==", "AAED"},
      {"IpAddress", {"203.0.113.0/24", "2001:db8::/32"}, "203.0.113.77", "203.0.114.1"},
      {"NotIpAddress", {"203.0.113.0/24", "2001:db8::/32"}, "2001:db8:1::1", "2001:db9::1"},
      {"ArnEquals", {"arn:aws:iam::*:user/a*"}, "arn:aws:iam::111122223333:user/alice", "arn:aws:iam::1:user/bob"},
      {"ArnLike", {"arn:aws:iam::*:user/a*"}, "arn:aws:iam::111122223333:user/alice", "arn:aws:iam::1:user/bob"},
      {"ArnNotEquals", {"arn:aws:iam::*:user/a*"}, "arn:aws:iam::111122223333:user/alice", "arn:aws:iam::1:user/bob"},
      {"ArnNotLike", {"arn:aws:iam::*:user/a*"}, "arn:aws:iam::111122223333:user/alice", "arn:aws:iam::1:user/bob"},
  };
  return *cases;
}

bool is_negated(const OperatorCase& c) { return parse_operator(c.op)->row->negated; }

TEST(ConditionTable, CoversEveryOperatorButNull) {
  ASSERT_EQ(operator_cases().size() + 1, operator_rows().size());
  for (std::size_t i = 0; i < operator_cases().size(); ++i) {
    EXPECT_EQ(operator_cases()[i].op, operator_rows()[i].name);
  }
  EXPECT_EQ(operator_rows().back().name, "Null");
}

TEST(ConditionTable, NegationFollowsTheName) {
  for (const OperatorCase& c : operator_cases()) {
    EXPECT_EQ(is_negated(c), std::string_view(c.op).find("Not") != std::string_view::npos) << c.op;
  }
}

TEST(ConditionTable, OneValue) {
  for (const OperatorCase& c : operator_cases()) {
    const bool n = is_negated(c);
    EXPECT_EQ(holds(c.op, c.policy, {c.taken}), !n) << c.op;
    EXPECT_EQ(holds(c.op, c.policy, {c.not_taken}), n) << c.op;
  }
}

TEST(ConditionTable, AbsentKey) {
  for (const OperatorCase& c : operator_cases()) {
    const std::string op = c.op;
    EXPECT_EQ(holds(op, c.policy, {}, false), is_negated(c)) << op;
    EXPECT_TRUE(holds(op + "IfExists", c.policy, {}, false)) << op;
    EXPECT_TRUE(holds("ForAllValues:" + op, c.policy, {}, false)) << op;
    EXPECT_TRUE(holds("ForAllValues:" + op + "IfExists", c.policy, {}, false)) << op;
    EXPECT_FALSE(holds("ForAnyValue:" + op, c.policy, {}, false)) << op;
    EXPECT_TRUE(holds("ForAnyValue:" + op + "IfExists", c.policy, {}, false)) << op;
  }
}

TEST(ConditionTable, KeyWithoutValuesCountsAsAbsent) {
  for (const OperatorCase& c : operator_cases()) {
    const std::string op = c.op;
    EXPECT_EQ(holds(op, c.policy, {}), is_negated(c)) << op;
    EXPECT_TRUE(holds("ForAllValues:" + op, c.policy, {})) << op;
    EXPECT_FALSE(holds("ForAnyValue:" + op, c.policy, {})) << op;
  }
}

TEST(ConditionTable, IfExistsStillChecksAPresentKey) {
  for (const OperatorCase& c : operator_cases()) {
    const bool n = is_negated(c);
    const std::string op = std::string(c.op) + "IfExists";
    EXPECT_EQ(holds(op, c.policy, {c.taken}), !n) << op;
    EXPECT_EQ(holds(op, c.policy, {c.not_taken}), n) << op;
  }
}

// Request sets: all taken, mixed, none taken. The positive operators pass a value that is taken, the negated ones the
// other.
TEST(ConditionTable, SeveralValues) {
  for (const OperatorCase& c : operator_cases()) {
    const bool n = is_negated(c);
    const std::string op = c.op;
    const Values all = {c.taken, c.taken};
    const Values mixed = {c.not_taken, c.taken, c.not_taken};
    const Values none = {c.not_taken, c.not_taken};
    EXPECT_EQ(holds("ForAllValues:" + op, c.policy, all), !n) << op;
    EXPECT_FALSE(holds("ForAllValues:" + op, c.policy, mixed)) << op;
    EXPECT_EQ(holds("ForAllValues:" + op, c.policy, none), n) << op;
    EXPECT_EQ(holds("ForAnyValue:" + op, c.policy, all), !n) << op;
    EXPECT_TRUE(holds("ForAnyValue:" + op, c.policy, mixed)) << op;
    EXPECT_EQ(holds("ForAnyValue:" + op, c.policy, none), n) << op;
    // Without a quantifier: any value; for negated operators the contrary, so no value.
    EXPECT_EQ(holds(op, c.policy, all), !n) << op;
    EXPECT_EQ(holds(op, c.policy, mixed), !n) << op;
    EXPECT_EQ(holds(op, c.policy, none), n) << op;
  }
}

TEST(ConditionTable, ValuesOfAnotherTypeNeverCompare) {
  for (const OperatorCase& c : operator_cases()) {
    const OperandType type = parse_operator(c.op)->row->type;
    if (type == OperandType::kString) continue;
    for (const char* junk : {"", "junk", "\xff", "12:34", "arn:aws", "1.2.3", "2026-13-01"}) {
      EXPECT_EQ(holds(c.op, c.policy, {junk}), is_negated(c)) << c.op << " " << junk;
    }
  }
}

TEST(ConditionTable, Null) {
  EXPECT_TRUE(holds("Null", {"true"}, {}, false));
  EXPECT_FALSE(holds("Null", {"false"}, {}, false));
  EXPECT_FALSE(holds("Null", {"true"}, {"v"}));
  EXPECT_TRUE(holds("Null", {"false"}, {"v"}));
  EXPECT_TRUE(holds("Null", {"true"}, {}));
  EXPECT_TRUE(holds("Null", {"true", "false"}, {"v"}));
}

TEST(ConditionSets, EmptyStringIsTheEmptySetForForAllValuesOnly) {
  EXPECT_TRUE(holds("ForAllValues:StringEquals", {"a"}, {""}));
  EXPECT_FALSE(holds("ForAllValues:StringEquals", {"a"}, {"", "b"}));
  EXPECT_FALSE(holds("ForAnyValue:StringEquals", {"a"}, {""}));
  EXPECT_FALSE(holds("StringEquals", {"a"}, {""}));
}

TEST(ConditionSets, MoreValuesThanFitInline) {
  Values many(ConditionValues::kInline + 5, "a");
  EXPECT_TRUE(holds("ForAllValues:StringEquals", {"a"}, many));
  many.back() = "b";
  EXPECT_FALSE(holds("ForAllValues:StringEquals", {"a"}, many));
  EXPECT_TRUE(holds("ForAnyValue:StringEquals", {"b"}, many));
}

TEST(ConditionKeys, CaseDoesNotMatter) {
  const auto condition = Condition::compile("StringEquals", "kms:EncryptionContext:Purpose", {"Backup"}, true);
  ASSERT_TRUE(condition);
  EXPECT_EQ(condition->key(), "kms:encryptioncontext:purpose");
  EXPECT_TRUE(condition->holds(given({{"kms:encryptioncontext:purpose", {"Backup"}}}), true));
  EXPECT_FALSE(condition->holds(given({{"kms:encryptioncontext:purpose", {"backup"}}}), true));
}

// A request may hold "tenant" and "Tenant": both are of that name, and neither may hide the other.
TEST(ConditionKeys, NamesThatDifferInCaseHideNothing) {
  const auto both = [](const char* first, const char* second) {
    return given({{"kms:encryptioncontext:tenant", {first, second}}});
  };
  const auto equals = Condition::compile("StringEquals", "kms:EncryptionContext:tenant", {"ok"}, true);
  const auto differs = Condition::compile("StringNotEquals", "kms:EncryptionContext:tenant", {"ok"}, true);
  ASSERT_TRUE(equals && differs);
  for (const auto& request : {both("ok", "evil"), both("evil", "ok")}) {
    EXPECT_FALSE(equals->holds(request, true)) << "an Allow needs both";
    EXPECT_TRUE(equals->holds(request, false)) << "a Deny needs one";
    EXPECT_FALSE(differs->holds(request, true));
    EXPECT_TRUE(differs->holds(request, false));
  }
  EXPECT_TRUE(equals->holds(both("ok", "ok"), true));
  EXPECT_FALSE(differs->holds(both("ok", "ok"), false));
}

TEST(ConditionStrings, WildcardsAreLiteralOutsideLike) {
  EXPECT_FALSE(holds("StringEquals", {"a*"}, {"abc"}));
  EXPECT_TRUE(holds("StringEquals", {"a*"}, {"a*"}));
  EXPECT_TRUE(holds("StringLike", {"${*}a${?}${$}"}, {"*a?$"}));
  EXPECT_FALSE(holds("StringLike", {"${*}a"}, {"xa"}));
}

TEST(ConditionArns, WildcardsStayWithinTheirPart) {
  EXPECT_FALSE(holds("ArnLike", {"arn:aws:iam::*:role"}, {"arn:aws:iam::1:user:role"}));
  EXPECT_FALSE(holds("ArnLike", {"arn:aws:*:x:1:r"}, {"arn:aws:s3:y:x:1:r"}));
  EXPECT_TRUE(holds("ArnLike", {"arn:aws:sns:us-east-1:1:*"}, {"arn:aws:sns:us-east-1:1:a:b:c"}));
  EXPECT_TRUE(holds("ArnLike", {"*"}, {"anything"}));
}

TEST(ConditionVariables, ComeFromTheRequestAndAreLiteral) {
  const auto condition = Condition::compile("StringLike", "kms:RequestAlias", {"alias/${aws:username}/*"}, true);
  ASSERT_TRUE(condition);
  const auto with = [&](Values user, const char* alias) {
    return condition->holds(given({{"aws:username", std::move(user)}, {"kms:requestalias", {alias}}}), true);
  };
  EXPECT_TRUE(with({"alice"}, "alias/alice/x"));
  EXPECT_FALSE(with({"alice"}, "alias/bob/x"));
  EXPECT_FALSE(with({"*"}, "alias/bob/x"));
  EXPECT_TRUE(with({"*"}, "alias/*/x"));
  EXPECT_FALSE(with({"alice", "bob"}, "alias/alice/x")) << "several values are not expanded";
  EXPECT_FALSE(with({}, "alias//x")) << "no value, no match";
}

TEST(ConditionVariables, DefaultStandsInForAnAbsentKey) {
  const auto condition =
      Condition::compile("StringEquals", "kms:RequestAlias", {"alias/${aws:PrincipalTag/Team, 'common'}"}, true);
  ASSERT_TRUE(condition);
  EXPECT_TRUE(condition->holds(given({{"kms:requestalias", {"alias/common"}}}), true));
  EXPECT_TRUE(condition->holds(given({{"kms:requestalias", {"alias/red"}}, {"aws:principaltag/team", {"red"}}}), true));
  EXPECT_FALSE(
      condition->holds(given({{"kms:requestalias", {"alias/common"}}, {"aws:principaltag/team", {"red"}}}), true));
}

TEST(ConditionVariables, NegatedOperatorHoldsWithoutAValue) {
  const auto condition =
      Condition::compile("StringNotEquals", "aws:ResourceTag/team", {"${aws:PrincipalTag/team}"}, true);
  ASSERT_TRUE(condition);
  EXPECT_TRUE(condition->holds(given({{"aws:resourcetag/team", {"red"}}}), true));
}

TEST(ConditionVariables, AreTextInOldVersions) {
  const auto condition = Condition::compile("StringEquals", "aws:username", {"${aws:username}"}, false);
  ASSERT_TRUE(condition);
  EXPECT_FALSE(condition->holds(given({{"aws:username", {"alice"}}}), true));
  EXPECT_TRUE(condition->holds(given({{"aws:username", {"${aws:username}"}}}), true));
}

}  // namespace
}  // namespace kagimori
