#include "engine/aliases.h"

#include <gtest/gtest.h>

#include "engine/accounts.h"
#include "engine/key_house_test.h"

namespace kagimori {
namespace {

using engine_test::code_of;
using engine_test::KeyHouse;
using engine_test::kOperator;

class AliasesTest : public testing::Test {
 protected:
  Status create(std::string_view name, std::string_view target) {
    return house_.act([&](Transaction& t) { return create_alias(t, name, target); });
  }
  Status update(std::string_view name, std::string_view target) {
    return house_.act([&](Transaction& t) { return update_alias(t, name, target); });
  }
  Status remove(std::string_view name) {
    return house_.act([&](Transaction& t) { return delete_alias(t, name); });
  }
  Result<AliasList> list(std::string_view key_id, std::size_t limit = 100,
                         std::optional<std::string_view> marker = std::nullopt) {
    return house_.ask<AliasList>([&](Transaction& t) { return list_aliases(t, key_id, limit, marker); });
  }
  std::vector<std::string> names(std::string_view key_id = "") {
    const auto found = list(key_id);
    EXPECT_TRUE(found);
    std::vector<std::string> all;
    for (const Alias& alias : found->aliases) all.push_back(alias.name);
    return all;
  }

  KeyHouse house_;
  std::string one_ = house_.make_key(), two_ = house_.make_key();
};

TEST_F(AliasesTest, NamesAKeyUntilDeleted) {
  ASSERT_TRUE(create("alias/a", one_));
  EXPECT_EQ(house_.key(one_).alias_count, 1u);
  EXPECT_EQ(names(one_), std::vector<std::string>{"alias/a"});
  const auto found = house_.ask<TransactionKey>([&](Transaction& t) { return t.find_key("alias/a", true); });
  ASSERT_TRUE(found);
  EXPECT_EQ(found->key.key_id, one_);
  EXPECT_EQ(found->request_alias, "alias/a");
  ASSERT_TRUE(remove("alias/a"));
  EXPECT_EQ(house_.key(one_).alias_count, 0u);
  EXPECT_TRUE(names().empty());
  EXPECT_EQ(code_of(remove("alias/a")), ErrorCode::kNotFound);
  EXPECT_TRUE(create("alias/a", two_)) << "the name is free again";
}

TEST_F(AliasesTest, MovesToAnotherKey) {
  ASSERT_TRUE(create("alias/a", one_));
  ASSERT_TRUE(update("alias/a", one_));
  EXPECT_EQ(house_.key(one_).alias_count, 1u) << "to the same key";
  ASSERT_TRUE(update("alias/a", two_));
  EXPECT_EQ(house_.key(one_).alias_count, 0u);
  EXPECT_EQ(house_.key(two_).alias_count, 1u);
  EXPECT_TRUE(names(one_).empty());
  EXPECT_EQ(names(two_), std::vector<std::string>{"alias/a"});
  EXPECT_EQ(code_of(update("alias/none", two_)), ErrorCode::kNotFound);
}

TEST_F(AliasesTest, RefusesBadNames) {
  const std::pair<const char*, ErrorCode> cases[] = {
      {"a", ErrorCode::kValidation},
      {"Alias/a", ErrorCode::kValidation},
      {"", ErrorCode::kValidation},
      {"alias/", ErrorCode::kInvalidAliasName},
      {"alias/a:b", ErrorCode::kInvalidAliasName},
      {"alias/aws/", ErrorCode::kInvalidAliasName},
      {"alias/aws/s3", ErrorCode::kInvalidAliasName},
  };
  for (const auto& [name, code] : cases) EXPECT_EQ(code_of(create(name, one_)), code) << name;
}

TEST_F(AliasesTest, ANameIsTakenOnce) {
  ASSERT_TRUE(create("alias/a", one_));
  EXPECT_EQ(code_of(create("alias/a", one_)), ErrorCode::kAlreadyExists);
  EXPECT_EQ(code_of(create("alias/a", two_)), ErrorCode::kAlreadyExists);
  EXPECT_EQ(house_.key(two_).alias_count, 0u);
  EXPECT_EQ(code_of(create("alias/b", "alias/a")), ErrorCode::kNotFound) << "an alias is no target";
}

TEST_F(AliasesTest, TheQuotaHolds) {
  house_.settings.quotas.aliases_per_key = 2;
  ASSERT_TRUE(create("alias/a", one_));
  ASSERT_TRUE(create("alias/b", one_));
  EXPECT_EQ(code_of(create("alias/c", one_)), ErrorCode::kLimitExceeded);
  ASSERT_TRUE(create("alias/c", two_));
  EXPECT_EQ(code_of(update("alias/c", one_)), ErrorCode::kLimitExceeded);
  ASSERT_TRUE(remove("alias/a"));
  EXPECT_TRUE(update("alias/c", one_));
}

TEST_F(AliasesTest, MakesEveryCachedTruthStale) {
  ASSERT_TRUE(create("alias/a", one_));
  const auto stale = [&](std::string_view what) {
    return std::find(house_.stale.begin(), house_.stale.end(), what) != house_.stale.end();
  };
  const std::string alias = "A|100000000001|us-east-1|alias/a";
  EXPECT_TRUE(stale(alias));
  EXPECT_TRUE(stale("K|100000000001|us-east-1|" + one_));
  ASSERT_TRUE(update("alias/a", two_));
  EXPECT_TRUE(stale(alias));
  EXPECT_TRUE(stale("K|100000000001|us-east-1|" + one_));
  EXPECT_TRUE(stale("K|100000000001|us-east-1|" + two_));
}

TEST_F(AliasesTest, ListsInPages) {
  for (const char* name : {"alias/c", "alias/a", "alias/b"}) ASSERT_TRUE(create(name, one_));
  for (const std::string& key_id : {std::string(), one_}) {
    const auto first = list(key_id, 2);
    ASSERT_TRUE(first);
    ASSERT_EQ(first->aliases.size(), 2u);
    EXPECT_EQ(first->aliases[0].name, "alias/a");
    ASSERT_TRUE(first->next_marker);
    const auto second = list(key_id, 2, *first->next_marker);
    ASSERT_TRUE(second);
    ASSERT_EQ(second->aliases.size(), 1u);
    EXPECT_EQ(second->aliases[0].name, "alias/c");
    EXPECT_FALSE(second->next_marker);
    EXPECT_EQ(code_of(list(key_id, 2, "x")), ErrorCode::kInvalidMarker);
  }
}

// Another account must not learn from ListAliases which keys and aliases there are.
TEST_F(AliasesTest, KeepsAliasesOfOtherAccountsToThem) {
  ASSERT_TRUE(create("alias/very-secret", one_));
  const auto made = house_.ask<CreatedAccount>([](Transaction& t) { return create_account(t, "100000000002", "two"); });
  ASSERT_TRUE(made) << made.error().message;
  const std::string stranger = made->root_key.record.access_key_id;
  const std::string arn = "arn:aws:kms:us-east-1:100000000001:key/";
  const auto list_as_stranger = [&](const std::string& key) {
    return house_.as<AliasList>(stranger, [&](Transaction& t) { return list_aliases(t, arn + key, 10, std::nullopt); });
  };
  for (const std::string& key : {one_, two_, std::string("11111111-1111-4111-8111-111111111111")}) {
    const auto listed = list_as_stranger(key);
    ASSERT_FALSE(listed) << key;
    EXPECT_EQ(listed.error().code, ErrorCode::kAccessDenied) << key;
    EXPECT_EQ(listed.error().message.find("very-secret"), std::string::npos);
  }
}

}  // namespace
}  // namespace kagimori
