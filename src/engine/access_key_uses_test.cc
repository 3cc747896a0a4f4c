#include "engine/access_key_uses.h"

#include <gtest/gtest.h>

namespace kagimori {
namespace {

constexpr Timestamp kNow = Timestamp::from_seconds(1'800'000'000);

CacheEntry entry_of(std::string_view access_key_id) {
  auto identity = std::make_shared<IdentitySnapshot>();
  identity->access_key.access_key_id = access_key_id;
  CacheEntry entry;
  entry.identity = std::move(identity);
  return entry;
}

TEST(AccessKeyUses, AreKnownToTheMinuteAndByService) {
  AccessKeyUses uses;
  CacheEntry entry = entry_of("AKIA1");
  EXPECT_FALSE(uses.find("AKIA1"));
  uses.note(entry, kNow, "kms", "us-east-1");
  uses.note(entry, kNow.plus_seconds(59), "kms", "us-east-1");
  EXPECT_EQ(uses.find("AKIA1"), (AccessKeyUse{"AKIA1", kNow, "kms", "us-east-1"}));
  uses.note(entry, kNow.plus_seconds(59), "iam", "us-east-1");
  EXPECT_EQ(uses.find("AKIA1")->service, "iam");
  uses.note(entry, kNow.plus_seconds(119), "iam", "us-east-1");
  EXPECT_EQ(uses.find("AKIA1")->when, kNow.plus_seconds(119));
}

TEST(AccessKeyUses, WhatIsTakenIsGoneUnlessItIsPutBack) {
  AccessKeyUses uses;
  for (const char* id : {"AKIA1", "AKIA2", "AKIA3"}) {
    CacheEntry entry = entry_of(id);
    uses.note(entry, kNow, "kms", "r");
  }
  EXPECT_EQ(uses.take(2).size(), 2U);
  std::vector<AccessKeyUse> rest = uses.take(2);
  ASSERT_EQ(rest.size(), 1U);
  EXPECT_TRUE(uses.take(2).empty());
  CacheEntry entry = entry_of(rest[0].access_key_id);
  uses.note(entry, kNow.plus_seconds(5), "iam", "r");
  uses.put_back(rest[0]);
  EXPECT_EQ(uses.find(rest[0].access_key_id)->service, "iam") << "a newer use stays";
}

}  // namespace
}  // namespace kagimori
