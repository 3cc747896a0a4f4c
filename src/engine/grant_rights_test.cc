#include "engine/grant_rights.h"

#include <gtest/gtest.h>

#include <random>

namespace kagimori {
namespace {

using Context = GrantConstraints::Context;
using Pairs = std::vector<std::pair<std::string_view, std::string_view>>;
using enum GrantOperation;

Grant grant(GrantOperations operations, GrantConstraints constraints = {}) {
  Grant made;
  made.operations = operations;
  made.constraints = std::move(constraints);
  return made;
}

TEST(GrantRightsTest, NoGrantAllowsNothing) {
  const GrantRights rights;
  for (std::size_t i = 0; i < kGrantOperationCount; ++i) {
    EXPECT_FALSE(rights.allow(static_cast<GrantOperation>(i), {}));
  }
}

TEST(GrantRightsTest, GrantsAddUp) {
  GrantRights rights;
  rights.add(grant({kEncrypt}));
  rights.add(grant({kDecrypt}, {std::nullopt, Context{{"a", "1"}}, ""}));
  const Pairs context = {{"A", "1"}, {"b", "2"}};
  EXPECT_TRUE(rights.allow(kEncrypt, {}));
  EXPECT_TRUE(rights.allow(kEncrypt, {context, {}}));
  EXPECT_FALSE(rights.allow(kDecrypt, {}));
  EXPECT_TRUE(rights.allow(kDecrypt, {context, {}}));
  EXPECT_FALSE(rights.allow(kDescribeKey, {}));
}

TEST(GrantRightsTest, ASourceIsFoundByItself) {
  GrantRights rights;
  rights.add(grant({kEncrypt, kDescribeKey}, {Context{}, std::nullopt, "arn:aws:s3:::b"}));
  EXPECT_TRUE(rights.allow(kEncrypt, {{}, "arn:aws:s3:::b"}));
  EXPECT_TRUE(rights.allow(kDescribeKey, {{}, "arn:aws:s3:::b"}));
  EXPECT_FALSE(rights.allow(kEncrypt, {{}, "arn:aws:s3:::c"}));
  EXPECT_FALSE(rights.allow(kDescribeKey, {}));
}

// What is found by a part of it is exactly what looking at one grant after the other would find.
TEST(GrantRightsTest, AgreesWithEachGrantByItself) {
  std::minstd_rand random(20261126);
  const auto context_of = [&](std::size_t most) {
    Context context;
    constexpr std::string_view kNames[] = {"a", "A", "b", "c"};
    for (std::size_t i = random() % (most + 1); i > 0; --i) {
      context.emplace_back(kNames[random() % 4], std::string(1, static_cast<char>('0' + random() % 2)));
    }
    return context;
  };
  constexpr GrantOperation kSome[] = {kEncrypt, kDecrypt, kDescribeKey};
  for (int round = 0; round < 3'000; ++round) {
    std::vector<Grant> grants;
    GrantRights rights;
    for (std::size_t i = random() % 4; i > 0; --i) {
      GrantConstraints constraints;
      if (random() % 2 == 0) constraints.equals = context_of(2);
      if (random() % 2 == 0) constraints.subset = context_of(2);
      if (random() % 4 == 0) constraints.source_arn = "s";
      grants.push_back(grant({kSome[random() % 3]}, std::move(constraints)));
      rights.add(grants.back());
    }
    const Context asked = context_of(3);
    const Pairs context(asked.begin(), asked.end());
    const ConstrainedUse use{context, random() % 4 == 0 ? "s" : ""};
    for (const GrantOperation operation : kSome) {
      const bool expected = std::any_of(grants.begin(), grants.end(), [&](const Grant& one) {
        return one.operations.has(operation) && constraints_allow(one.constraints, operation, use);
      });
      ASSERT_EQ(rights.allow(operation, use), expected) << round;
    }
  }
}

}  // namespace
}  // namespace kagimori
