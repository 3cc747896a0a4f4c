#include "engine/users.h"

#include <gtest/gtest.h>

#include "engine/cache_key.h"
#include "engine/identity_house_test.h"
#include "engine/inline_policies.h"

namespace kagimori::engine_test {
namespace {

Result<User> create(IdentityHouse& house, std::string_view by, std::string name, std::string path = "/",
                    std::vector<Tag> tags = {}) {
  const CreateUserRequest request{std::move(name), std::move(path), std::move(tags)};
  return house.as<User>(by, [&](Transaction& t) { return create_user(t, request); });
}
Result<User> get(IdentityHouse& house, std::string_view by, std::string_view name) {
  return house.as<User>(by, [&](Transaction& t) { return get_user(t, name); });
}
Status remove(IdentityHouse& house, std::string_view by, std::string_view name) {
  return house.do_as(by, [&](Transaction& t) { return delete_user(t, name); });
}
Result<NamedPage<User>> list(IdentityHouse& house, std::string_view by, std::string_view prefix, std::size_t limit,
                             std::optional<std::string_view> marker = std::nullopt) {
  return house.as<NamedPage<User>>(
      by, [&](Transaction& t) { return list_named<User>(t, {"ListUsers", prefix, limit, marker}); });
}

TEST(Users, AreFoundByNameWithoutRegardToCase) {
  IdentityHouse house;
  const auto made = create(house, house.admin, "Alice", "/team/", {{"k", "v"}});
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_TRUE(made->user_id.starts_with("AIDA"));
  EXPECT_EQ(made->user_id.size(), 21U);
  EXPECT_EQ(arn_of(*made), "arn:aws:iam::100000000001:user/team/Alice");
  for (const std::string_view name : {"Alice", "alice", "ALICE"}) {
    const auto found = get(house, house.admin, name);
    ASSERT_TRUE(found) << name;
    EXPECT_EQ(*found, *made);
  }
}

TEST(Users, HaveUniqueNames) {
  IdentityHouse house;
  ASSERT_TRUE(create(house, house.admin, "Alice"));
  for (const char* name : {"Alice", "aLICE"}) {
    const auto again = create(house, house.admin, name, "/other/");
    EXPECT_EQ(code_of(again), ErrorCode::kEntityAlreadyExists);
    EXPECT_EQ(again.error().message, std::string("User with name ") + name + " already exists.");
  }
}

TEST(Users, RefuseNamesAndPathsThatIamRefuses) {
  IdentityHouse house;
  for (const char* name : {"", "a b", "a/b", "a:b", "a\n", "é", "a*"}) {
    EXPECT_EQ(code_of(create(house, house.admin, name)), ErrorCode::kValidation) << name;
  }
  for (const char* path : {"", "a", "/a", "a/", "/a b/", "/é/", "/a\x7f/"}) {
    EXPECT_EQ(code_of(create(house, house.admin, "fine", path)), ErrorCode::kValidation) << path;
  }
  EXPECT_TRUE(create(house, house.admin, "a+=,.@-_9", "/a/b!~/"));
}

TEST(Users, RefuseBadTags) {
  IdentityHouse house;
  EXPECT_EQ(code_of(create(house, house.admin, "a", "/", {{"k", "1"}, {"k", "2"}})), ErrorCode::kTag);
  EXPECT_EQ(code_of(create(house, house.admin, "a", "/", {{"aws:k", "1"}})), ErrorCode::kTag);
  EXPECT_EQ(code_of(get(house, house.admin, "a")), ErrorCode::kNoSuchEntity);
}

TEST(Users, NeedPermissionForTagsToo) {
  IdentityHouse house;
  const std::string maker = house.make_user("maker", allow("iam:CreateUser"));
  EXPECT_TRUE(create(house, maker, "plain"));
  EXPECT_EQ(code_of(create(house, maker, "tagged", "/", {{"k", "v"}})), ErrorCode::kAccessDenied);
}

TEST(Users, ThatDoNotExistAreSaidSoOnlyToWhoMayAsk) {
  IdentityHouse house;
  const auto missing = get(house, house.admin, "nobody");
  EXPECT_EQ(code_of(missing), ErrorCode::kNoSuchEntity);
  EXPECT_EQ(missing.error().message, "The user with name nobody cannot be found.");
  EXPECT_EQ(code_of(remove(house, house.admin, "nobody")), ErrorCode::kNoSuchEntity);
  const std::string bob = house.make_user("bob");
  EXPECT_EQ(code_of(get(house, bob, "nobody")), ErrorCode::kAccessDenied);
}

TEST(Users, WithoutPermissionAreDenied) {
  IdentityHouse house;
  const std::string bob = house.make_user("bob");
  EXPECT_EQ(code_of(create(house, bob, "x")), ErrorCode::kAccessDenied);
  EXPECT_EQ(code_of(get(house, bob, "bob")), ErrorCode::kAccessDenied);
  EXPECT_EQ(code_of(get(house, bob, "")), ErrorCode::kAccessDenied);
  EXPECT_EQ(code_of(list(house, bob, "", 10)), ErrorCode::kAccessDenied);
  EXPECT_EQ(code_of(remove(house, bob, "bob")), ErrorCode::kAccessDenied);
  EXPECT_EQ(code_of(get(house, house.admin, "x")), ErrorCode::kNoSuchEntity);
}

TEST(Users, MayBeAllowedByTheirArn) {
  IdentityHouse house;
  ASSERT_TRUE(create(house, house.admin, "inside", "/team/"));
  ASSERT_TRUE(create(house, house.admin, "outside"));
  const std::string bob = house.make_user("bob", allow("iam:GetUser", "arn:aws:iam::100000000001:user/team/*"));
  EXPECT_TRUE(get(house, bob, "inside"));
  EXPECT_EQ(code_of(get(house, bob, "outside")), ErrorCode::kAccessDenied);
}

TEST(Users, AskWithoutANameForThemselves) {
  IdentityHouse house;
  const std::string bob = house.make_user("bob", allow("iam:GetUser"));
  const auto self = get(house, bob, "");
  ASSERT_TRUE(self);
  EXPECT_EQ(self->name, "bob");
  const auto root =
      recover_root_credentials(*house.store, *house.keyrings, *house.crypto, *house.random, house.clock, kOperator);
  const auto root_user = get(house, root->access_key_id, "");
  ASSERT_TRUE(root_user) << root_user.error().message;
  EXPECT_EQ(root_user->user_id, kOperator);
  EXPECT_EQ(arn_of(*root_user), "arn:aws:iam::100000000001:root");
  EXPECT_TRUE(root_user->name.empty());
}

TEST(Users, AreListedByPage) {
  IdentityHouse house;
  for (const char* name : {"delta", "Bravo", "charlie"}) ASSERT_TRUE(create(house, house.admin, name));
  std::vector<std::string> names;
  std::optional<std::string> marker;
  int pages = 0;
  do {
    const auto page = list(house, house.admin, "", 1, marker);
    ASSERT_TRUE(page);
    for (const User& user : page->records) names.push_back(user.name);
    marker = page->next_marker;
    ++pages;
  } while (marker);
  EXPECT_EQ(names, (std::vector<std::string>{"admin", "Bravo", "charlie", "delta"}));
  EXPECT_EQ(pages, 4);
  EXPECT_EQ(code_of(list(house, house.admin, "", 1, "nonsense")), ErrorCode::kInvalidMarker);
}

TEST(Users, AreListedByPath) {
  IdentityHouse house;
  ASSERT_TRUE(create(house, house.admin, "a", "/x/"));
  ASSERT_TRUE(create(house, house.admin, "b", "/x/y/"));
  ASSERT_TRUE(create(house, house.admin, "c", "/z/"));
  EXPECT_EQ(list(house, house.admin, "/x/", 10)->records.size(), 2U);
  EXPECT_EQ(list(house, house.admin, "/x/y", 10)->records.size(), 1U);
  EXPECT_TRUE(list(house, house.admin, "/none/", 10)->records.empty());
  EXPECT_FALSE(list(house, house.admin, "/none/", 10)->next_marker);
}

TEST(Users, StayWhileTheyHaveKeysOrPolicies) {
  IdentityHouse house;
  const std::string key = house.make_user("bob", allow("kms:*"));
  EXPECT_EQ(code_of(remove(house, house.admin, "bob")), ErrorCode::kDeleteConflict);
  ASSERT_TRUE(house.do_as(house.admin, [&](Transaction& t) { return delete_access_key(t, "bob", key); }));
  EXPECT_EQ(code_of(remove(house, house.admin, "bob")), ErrorCode::kDeleteConflict);
  ASSERT_TRUE(house.do_as(house.admin, [&](Transaction& t) { return delete_inline_policy<User>(t, "bob", "test"); }));
  EXPECT_TRUE(remove(house, house.admin, "BOB"));
  EXPECT_EQ(code_of(get(house, house.admin, "bob")), ErrorCode::kNoSuchEntity);
}

TEST(Users, MadeAgainAreSomebodyElse) {
  IdentityHouse house;
  const auto old = create(house, house.admin, "bob");
  ASSERT_TRUE(remove(house, house.admin, "bob"));
  const auto made_again = create(house, house.admin, "bob");
  ASSERT_TRUE(made_again) << made_again.error().message;
  EXPECT_NE(made_again->user_id, old->user_id);
}

TEST(Users, AreBoundedByTheirQuota) {
  IdentityHouse house;
  house.settings.quotas.users_per_account = 2;
  ASSERT_TRUE(create(house, house.admin, "second"));
  EXPECT_EQ(code_of(create(house, house.admin, "third")), ErrorCode::kLimitExceeded);
  ASSERT_TRUE(remove(house, house.admin, "second"));
  EXPECT_TRUE(create(house, house.admin, "third"));
}

}  // namespace
}  // namespace kagimori::engine_test
