#include "policy/operator.h"

#include <gtest/gtest.h>

#include <string>

namespace kagimori {
namespace {

TEST(Operator, EveryRowTakesPrefixesAndSuffix) {
  for (const OperatorRow& row : operator_rows()) {
    if (row.type == OperandType::kNull) continue;
    const std::string name(row.name);
    const auto plain = parse_operator(name);
    ASSERT_TRUE(plain) << name;
    EXPECT_EQ(plain->row, &row);
    EXPECT_EQ(plain->quantifier, SetQuantifier::kNone);
    EXPECT_FALSE(plain->if_exists);
    const auto all = parse_operator("ForAllValues:" + name + "IfExists");
    ASSERT_TRUE(all) << name;
    EXPECT_EQ(all->row, &row);
    EXPECT_EQ(all->quantifier, SetQuantifier::kForAllValues);
    EXPECT_TRUE(all->if_exists);
    const auto any = parse_operator("ForAnyValue:" + name);
    ASSERT_TRUE(any) << name;
    EXPECT_EQ(any->quantifier, SetQuantifier::kForAnyValue);
  }
}

TEST(Operator, RefusesWhatTheGrammarDoesNotHave) {
  for (const char* name : {"",
                           "StringEqual",
                           "stringequals",
                           "STRINGEQUALS",
                           "StringEqualsifexists",
                           "StringEqualsIfExistsIfExists",
                           "IfExists",
                           "ForAllValues:",
                           "ForAllValues",
                           "forallvalues:StringEquals",
                           "ForAllValues: StringEquals",
                           "ForAllValues:ForAnyValue:StringEquals",
                           "ForSomeValues:StringEquals",
                           "NullIfExists",
                           "ForAllValues:Null",
                           "ForAnyValue:Null",
                           "NotBool",
                           "BinaryNotEquals",
                           "StringLikeIgnoreCase",
                           "ArnEqualsIgnoreCase",
                           "NumericLike",
                           " StringEquals",
                           "IpAddress/32"}) {
    EXPECT_FALSE(parse_operator(name)) << name;
  }
}

}  // namespace
}  // namespace kagimori
