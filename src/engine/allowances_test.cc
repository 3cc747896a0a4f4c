#include "engine/allowances.h"

#include <gtest/gtest.h>

#include "engine/cache_key.h"

namespace kagimori {
namespace {

using Taken = Allowances::Taken;

UsageLimit limit(std::optional<std::uint64_t> uses, std::optional<std::uint64_t> bytes) {
  UsageLimit made;
  made.maximum_uses = uses;
  made.maximum_bytes = bytes;
  return made;
}

RowId row() {
  RowId made;
  made.bytes.fill(0xab);
  return made;
}
const std::string kName = cache_key::allowance("111122223333", row(), 12);

TEST(Allowances, SayWhatIsWanted) {
  Allowances allowances;
  const Allowances::Answer answer = allowances.take(kName, limit(5, 100), 40);
  EXPECT_EQ(answer.taken, Taken::kMoreIsNeeded);
  const auto name = parse_allowance_name(answer.needed);
  ASSERT_TRUE(name);
  EXPECT_EQ(name->account, "111122223333");
  EXPECT_EQ(name->row, row());
  EXPECT_EQ(name->version, 12U);
  EXPECT_EQ(name->wanted.uses, 1U);
  EXPECT_EQ(name->wanted.bytes, 40U);
}

TEST(Allowances, AreTakenFrom) {
  Allowances allowances;
  allowances.add(kName, {2, 70}, 0);
  EXPECT_EQ(allowances.take(kName, limit(5, 100), 40).taken, Taken::kYes);
  const auto more = parse_allowance_name(allowances.take(kName, limit(5, 100), 40).needed);
  EXPECT_EQ(more->wanted.uses, 0U);
  EXPECT_EQ(more->wanted.bytes, 10U) << "what is missing beside what is there";
  EXPECT_EQ(allowances.take(kName, limit(5, 100), 30).taken, Taken::kYes);
  EXPECT_TRUE(allowances.take_all().empty());
}

TEST(Allowances, ALimitOfOneKindLeavesTheOtherAlone) {
  Allowances allowances;
  allowances.add(kName, {1, 0}, 0);
  EXPECT_EQ(allowances.take(kName, limit(5, std::nullopt), 4'000).taken, Taken::kYes);
  EXPECT_EQ(allowances.take(kName, limit(5, std::nullopt), 4'000).taken, Taken::kMoreIsNeeded);
}

TEST(Allowances, SoManyAreRefusedAndThenItIsTriedAgain) {
  Allowances allowances;
  allowances.add(kName, {}, 2);
  EXPECT_EQ(allowances.take(kName, limit(5, std::nullopt), 1).taken, Taken::kLimitReached);
  EXPECT_EQ(allowances.take(kName, limit(5, std::nullopt), 1).taken, Taken::kLimitReached);
  EXPECT_EQ(allowances.take(kName, limit(5, std::nullopt), 1).taken, Taken::kMoreIsNeeded);
}

TEST(Allowances, WhatIsNotUsedCanBeGivenBack) {
  Allowances allowances;
  allowances.add(kName, {3, 30}, 0);
  EXPECT_EQ(allowances.take(kName, limit(5, 100), 10).taken, Taken::kYes);
  const auto unused = allowances.take_all();
  ASSERT_EQ(unused.size(), 1U);
  EXPECT_EQ(unused[0].name, kName);
  EXPECT_EQ(unused[0].left.uses, 2U);
  EXPECT_EQ(unused[0].left.bytes, 20U);
  EXPECT_EQ(allowances.take(kName, limit(5, 100), 10).taken, Taken::kMoreIsNeeded);
}

TEST(Allowances, OtherTextsAreNoNames) {
  for (const char* text : {"", "U|", "U|111122223333|abab|1"}) EXPECT_FALSE(parse_allowance_name(text)) << text;
  EXPECT_FALSE(parse_allowance_name("U|111122223333|" + std::string(32, 'x') + "|1"));
}

}  // namespace
}  // namespace kagimori
