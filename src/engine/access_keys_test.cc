#include "engine/access_keys.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/encoding.h"
#include "engine/accounts.h"
#include "engine/cache_key.h"
#include "engine/identity_house_test.h"
#include "engine/users.h"

namespace kagimori::engine_test {
namespace {

Result<CreatedAccessKey> create(IdentityHouse& house, std::string_view by, std::string_view name) {
  return house.as<CreatedAccessKey>(by, [&](Transaction& t) { return create_access_key(t, name); });
}
Result<AccessKeyPage> list(IdentityHouse& house, std::string_view by, std::string_view name) {
  return house.as<AccessKeyPage>(by, [&](Transaction& t) { return list_access_keys(t, name, 100, std::nullopt); });
}
Status update(IdentityHouse& house, std::string_view by, std::string_view name, std::string_view id, bool active) {
  return house.do_as(by, [&](Transaction& t) { return update_access_key(t, name, id, active); });
}
Status remove(IdentityHouse& house, std::string_view by, std::string_view name, std::string_view id) {
  return house.do_as(by, [&](Transaction& t) { return delete_access_key(t, name, id); });
}
bool has(const std::vector<std::string>& items, const std::string& item) {
  return std::find(items.begin(), items.end(), item) != items.end();
}

TEST(AccessKeys, HaveASecretOfFortyCharactersThatOnlyTheIdentityKnows) {
  IdentityHouse house;
  house.make_user("bob");
  const auto made = create(house, house.admin, "bob");
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->user_name, "bob");
  EXPECT_TRUE(made->key.record.access_key_id.starts_with("AKIA"));
  EXPECT_EQ(made->key.record.access_key_id.size(), 20U);
  EXPECT_EQ(made->key.secret.size(), 40U);
  EXPECT_TRUE(base64_decode(as_text(made->key.secret.expose())));
  const auto who = house.identity(made->key.record.access_key_id);
  ASSERT_NE(who, nullptr);
  EXPECT_TRUE(constant_time_equal(who->secret.expose(), made->key.secret.expose()));
}

TEST(AccessKeys, AreMadeStaleBeforeAndAfter) {
  IdentityHouse house;
  const std::string old = house.make_user("bob");
  const auto made = create(house, house.admin, "bob");
  const std::string& id = made->key.record.access_key_id;
  EXPECT_TRUE(has(house.stale, cache_key::identity(id))) << "it may be cached as unknown";
  const std::string of_bob = cache_key::identities_of(house.identity(old)->unique_id());
  EXPECT_TRUE(has(house.stale, of_bob)) << "the user's revision has moved on";
  ASSERT_TRUE(update(house, house.admin, "bob", id, false));
  EXPECT_TRUE(has(house.stale, of_bob));
  ASSERT_TRUE(remove(house, house.admin, "bob", id));
  EXPECT_TRUE(has(house.stale, of_bob));
}

TEST(AccessKeys, AreTwoAUser) {
  IdentityHouse house;
  const std::string first = house.make_user("bob");
  ASSERT_TRUE(create(house, house.admin, "bob"));
  const auto third = create(house, house.admin, "bob");
  EXPECT_EQ(code_of(third), ErrorCode::kLimitExceeded);
  EXPECT_EQ(third.error().message, "Cannot exceed quota for AccessKeysPerUser: 2");
  ASSERT_TRUE(remove(house, house.admin, "bob", first));
  EXPECT_TRUE(create(house, house.admin, "bob"));
}

TEST(AccessKeys, ThatAreInactiveOpenNothing) {
  IdentityHouse house;
  const std::string bob = house.make_user("bob", allow("iam:*"));
  const Caller before = house.caller(bob);
  ASSERT_TRUE(update(house, house.admin, "bob", bob, false));
  EXPECT_FALSE(house.identity(bob)->access_key.active);
  // A request that was authenticated before the change does not get through after it.
  Trail trail;
  Transaction late(house.environment(), *house.store->read(), before, trail);
  EXPECT_EQ(code_of(late.check_caller()), ErrorCode::kUnrecognizedClient);
  ASSERT_TRUE(update(house, house.admin, "bob", bob, true));
  EXPECT_TRUE(list(house, bob, ""));
}

TEST(AccessKeys, DisabledDuringATransactionMakeItsCommitStale) {
  IdentityHouse house;
  const std::string bob = house.make_user("bob", allow("iam:*"));
  Trail trail;
  Transaction slow(house.environment(), *house.store->read(), house.caller(bob), trail);
  ASSERT_TRUE(slow.check_caller());
  ASSERT_TRUE(create_user(slow, {"carol", "/", {}}));
  ASSERT_TRUE(update(house, house.admin, "bob", bob, false));
  EXPECT_EQ(code_of(house.store->commit_and_wait(slow.take_batch())), ErrorCode::kStale);
}

TEST(AccessKeys, UnchangedWriteNothing) {
  IdentityHouse house;
  const std::string bob = house.make_user("bob");
  const std::uint64_t before = (*house.store->read())->store_revision();
  EXPECT_TRUE(update(house, house.admin, "bob", bob, true));
  EXPECT_EQ((*house.store->read())->store_revision(), before);
}

TEST(AccessKeys, OfOthersCannotBeFound) {
  IdentityHouse house;
  const std::string bob = house.make_user("bob", allow("iam:*"));
  const std::string carol = house.make_user("carol");
  const std::string expected = "The Access Key with id " + carol + " cannot be found.";
  for (const std::string_view name : {"bob", ""}) {
    EXPECT_EQ(update(house, bob, name, carol, false).error().message, expected);
    EXPECT_EQ(code_of(remove(house, bob, name, carol)), ErrorCode::kNoSuchEntity);
  }
  EXPECT_EQ(code_of(remove(house, bob, "carol", "AKIAAAAAAAAAAAAAAAAA")), ErrorCode::kNoSuchEntity);
  EXPECT_TRUE(house.identity(carol)->access_key.active);
}

TEST(AccessKeys, NeedPermission) {
  IdentityHouse house;
  const std::string bob = house.make_user("bob");
  EXPECT_EQ(code_of(create(house, bob, "")), ErrorCode::kAccessDenied);
  EXPECT_EQ(code_of(list(house, bob, "")), ErrorCode::kAccessDenied);
  EXPECT_EQ(code_of(update(house, bob, "", bob, false)), ErrorCode::kAccessDenied);
  EXPECT_EQ(code_of(remove(house, bob, "", bob)), ErrorCode::kAccessDenied);
  EXPECT_EQ(code_of(create(house, house.admin, "nobody")), ErrorCode::kNoSuchEntity);
}

TEST(AccessKeys, OfTheCallerNeedNoName) {
  IdentityHouse house;
  const std::string bob = house.make_user("bob", allow("iam:*AccessKey*"));
  const auto made = create(house, bob, "");
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->user_name, "bob");
  EXPECT_EQ(list(house, bob, "")->keys.size(), 2U);
  EXPECT_TRUE(remove(house, bob, "", bob));
  EXPECT_EQ(house.identity(bob), nullptr);
  EXPECT_EQ(house.identity(made->key.record.access_key_id)->user_name, "bob");
}

TEST(AccessKeys, OfTheRootUserAreManagedByItself) {
  IdentityHouse house;
  const auto made =
      house.as<CreatedAccount>(house.admin, [](Transaction& t) { return create_account(t, "200000000002", "two"); });
  ASSERT_TRUE(made) << made.error().message;
  const std::string root = made->root_key.record.access_key_id;
  const auto second = create(house, root, "");
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_TRUE(second->user_name.empty());
  EXPECT_TRUE(has(house.stale, cache_key::identities_of("200000000002")));
  EXPECT_EQ(code_of(create(house, root, "")), ErrorCode::kLimitExceeded);
  EXPECT_TRUE(update(house, root, "", root, false));
  EXPECT_FALSE(house.identity(root)->access_key.active);
  EXPECT_EQ(code_of(list(house, house.admin, "root")), ErrorCode::kNoSuchEntity);
}

TEST(AccessKeys, OfARootUserAreCountedUnderContention) {
  IdentityHouse house;
  const auto made =
      house.as<CreatedAccount>(house.admin, [](Transaction& t) { return create_account(t, "200000000002", "two"); });
  const Caller root = house.caller(made->root_key.record.access_key_id);
  Trail one_trail, two_trail;
  Transaction one(house.environment(), *house.store->read(), root, one_trail);
  Transaction two(house.environment(), *house.store->read(), root, two_trail);
  ASSERT_TRUE(create_access_key(one, ""));
  ASSERT_TRUE(create_access_key(two, ""));
  EXPECT_TRUE(house.store->commit_and_wait(one.take_batch()));
  EXPECT_EQ(code_of(house.store->commit_and_wait(two.take_batch())), ErrorCode::kStale);
}

TEST(AccessKeys, ComeByPage) {
  IdentityHouse house;
  house.make_user("bob");
  ASSERT_TRUE(create(house, house.admin, "bob"));
  const auto page = [&](std::optional<std::string_view> marker) {
    return house.as<AccessKeyPage>(house.admin, [&](Transaction& t) { return list_access_keys(t, "bob", 1, marker); });
  };
  const auto one = page(std::nullopt);
  ASSERT_TRUE(one && one->next_marker);
  const auto two = page(*one->next_marker);
  ASSERT_TRUE(two);
  EXPECT_FALSE(two->next_marker);
  ASSERT_EQ(two->keys.size(), 1U);
  EXPECT_NE(two->keys[0].access_key_id, one->keys[0].access_key_id);
  EXPECT_EQ(code_of(page("x")), ErrorCode::kInvalidMarker);
}

}  // namespace
}  // namespace kagimori::engine_test
