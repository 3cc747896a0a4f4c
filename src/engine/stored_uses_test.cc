#include "engine/stored_uses.h"

#include <gtest/gtest.h>

#include "engine/key_house_test.h"
#include "engine/key_uses.h"
#include "engine/usage_limits.h"

namespace kagimori {
namespace {

using engine_test::code_of;
using engine_test::KeyHouse;

class StoredUses : public testing::Test {
 protected:
  // What these principals did once each, with one version.
  Status put(std::size_t first, std::size_t last, std::uint32_t version = 1) {
    return house_.act([&](Transaction& transaction) { return put_uses(transaction, uses(first, last, version)); });
  }
  // How many alarms they raise.
  std::size_t alarms_of(std::size_t first, std::size_t last) {
    std::size_t alarms = 0;
    EXPECT_TRUE(house_.act([&](Transaction& transaction) -> Status {
      TRY(put_uses(transaction, uses(first, last, 1)));
      alarms = transaction.events().size();
      return {};
    }));
    return alarms;
  }
  KeyUses uses(std::size_t first, std::size_t last, std::uint32_t version) {
    KeyUses uses;
    for (std::size_t i = first; i < last; ++i) {
      KeyUseCount count;
      count.row = key_.row;
      count.account = key_.account;
      count.version = version;
      count.principal = "AIDA" + std::to_string(100'000 + i);
      count.arn = "arn:" + count.principal;
      count.first = count.last = Timestamp{static_cast<std::int64_t>(i)};
      count.operations = {{"Encrypt", 1, 10}};
      UsageKey name = usage_key(count);
      uses.counts.emplace(std::move(name), std::move(count));
    }
    return uses;
  }
  KeyUseList list(std::size_t limit) {
    return *house_.ask<KeyUseList>([&](Transaction& transaction) {
      return list_key_uses(transaction, {house_.key(key_id_).key_id, std::nullopt, limit, std::nullopt});
    });
  }

  KeyHouse house_;
  std::string key_id_ = house_.make_key();
  Key key_ = house_.key(key_id_);
};

TEST_F(StoredUses, AddUp) {
  ASSERT_TRUE(put(0, 3));
  ASSERT_TRUE(put(1, 4));
  const KeyUseList found = list(10);
  ASSERT_EQ(found.uses.size(), 4U);
  EXPECT_EQ(found.uses[0].operations, (std::vector<OperationUse>{{"Encrypt", 1, 10}}));
  EXPECT_EQ(found.uses[2].operations, (std::vector<OperationUse>{{"Encrypt", 2, 20}}));
}

TEST_F(StoredUses, PrincipalsBeyondTheBoundAreCountedTogether) {
  ASSERT_TRUE(put(0, kMaxCountedPrincipals - 1));
  ASSERT_TRUE(put(kMaxCountedPrincipals - 2, kMaxCountedPrincipals + 5));
  ASSERT_TRUE(put(kMaxCountedPrincipals + 4, kMaxCountedPrincipals + 6));
  const KeyUseList found = list(3'000);
  ASSERT_EQ(found.uses.size(), kMaxCountedPrincipals + 1);
  const KeyUseCount& others = found.uses.front();
  EXPECT_EQ(others.principal, "");
  EXPECT_EQ(others.arn, "");
  EXPECT_EQ(others.operations, (std::vector<OperationUse>{{"Encrypt", 7, 70}}));
  EXPECT_EQ(others.first, Timestamp{kMaxCountedPrincipals});
  const KeyUseCount& twice = found.uses[kMaxCountedPrincipals - 1];
  EXPECT_EQ(twice.operations, (std::vector<OperationUse>{{"Encrypt", 2, 20}}));
  ASSERT_TRUE(put(kMaxCountedPrincipals, kMaxCountedPrincipals + 1, 2)) << "the bound is one of each version";
  EXPECT_EQ(list(3'000).uses.size(), kMaxCountedPrincipals + 2);
}

TEST_F(StoredUses, ThoseBeyondTheBoundAreNoNews) {
  ASSERT_TRUE(put(0, kMaxCountedPrincipals));
  EXPECT_EQ(alarms_of(kMaxCountedPrincipals, kMaxCountedPrincipals + 3), 0U);
}

TEST_F(StoredUses, SomebodyNewIsNewsOnce) {
  EXPECT_EQ(alarms_of(0, 2), 0U) << "nobody used the key before";
  EXPECT_EQ(alarms_of(1, 4), 2U);
  EXPECT_EQ(alarms_of(0, 4), 0U);
}

TEST_F(StoredUses, AFirstLimitCountsWhatTheVersionProtectedBefore) {
  ASSERT_TRUE(put(0, 5));
  ASSERT_TRUE(put(0, 7, 2));
  const auto limit = house_.ask<KeyUsageLimit>(
      [&](Transaction& transaction) { return put_usage_limit(transaction, {key_id_, 100, std::nullopt, 80, false}); });
  ASSERT_TRUE(limit) << limit.error().message;
  EXPECT_EQ(limit->reservation.uses, 5U);
  EXPECT_EQ(limit->reservation.bytes, 50U);
}

}  // namespace
}  // namespace kagimori
