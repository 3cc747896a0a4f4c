#include "engine/accounts.h"

#include <gtest/gtest.h>

#include "engine/identity_house_test.h"
#include "engine/users.h"

namespace kagimori::engine_test {
namespace {

Result<CreatedAccount> create(IdentityHouse& house, std::string_view by, std::string_view id) {
  return house.as<CreatedAccount>(by, [&](Transaction& t) { return create_account(t, id, "a name"); });
}
Result<AccountPage> list(IdentityHouse& house, std::string_view by, std::size_t limit,
                         std::optional<std::string_view> marker = std::nullopt) {
  return house.as<AccountPage>(by, [&](Transaction& t) { return list_accounts(t, limit, marker); });
}

TEST(Accounts, HaveARootUserThatMayDoEverythingInThem) {
  IdentityHouse house;
  const auto made = create(house, house.admin, "200000000002");
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->account.id, "200000000002");
  EXPECT_FALSE(made->account.is_operator);
  const std::string root = made->root_key.record.access_key_id;
  const auto who = house.identity(root);
  ASSERT_NE(who, nullptr);
  EXPECT_TRUE(who->is_root());
  EXPECT_EQ(who->arn, "arn:aws:iam::200000000002:root");
  EXPECT_FALSE(who->account_is_operator);
  const auto user = house.as<User>(root, [](Transaction& t) { return create_user(t, {"admin", "/", {}}); });
  ASSERT_TRUE(user) << user.error().message;
  EXPECT_EQ(user->account, "200000000002");
}

TEST(Accounts, SeeNothingOfOneAnother) {
  IdentityHouse house;
  const std::string root = create(house, house.admin, "200000000002")->root_key.record.access_key_id;
  house.make_user("bob");
  EXPECT_EQ(code_of(house.as<User>(root, [](Transaction& t) { return get_user(t, "bob"); })), ErrorCode::kNoSuchEntity);
  EXPECT_EQ(code_of(house.do_as(root, [&](Transaction& t) { return delete_access_key(t, "", house.admin); })),
            ErrorCode::kNoSuchEntity);
  const auto users = house.as<NamedPage<User>>(
      root, [](Transaction& t) { return list_named<User>(t, {"ListUsers", "", 10, std::nullopt}); });
  ASSERT_TRUE(users);
  EXPECT_TRUE(users->records.empty());
}

TEST(Accounts, DrawAnIdWhereNoneIsGiven) {
  IdentityHouse house;
  std::vector<std::string> ids;
  for (int i = 0; i < 20; ++i) {
    const auto made = create(house, house.admin, "");
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_TRUE(is_account_id(made->account.id)) << made->account.id;
    EXPECT_NE(made->account.id.front(), '0');
    ids.push_back(made->account.id);
  }
  std::sort(ids.begin(), ids.end());
  EXPECT_EQ(std::unique(ids.begin(), ids.end()), ids.end());
}

TEST(Accounts, RefuseIdsThatAreNone) {
  IdentityHouse house;
  for (const std::string_view id : {"1", "12345678901", "1234567890123", "12345678901x", "000000000000"}) {
    EXPECT_EQ(code_of(create(house, house.admin, id)), ErrorCode::kValidation) << id;
  }
  EXPECT_EQ(code_of(create(house, house.admin, kOperator)), ErrorCode::kAlreadyExists);
  ASSERT_TRUE(create(house, house.admin, "200000000002"));
  EXPECT_EQ(code_of(create(house, house.admin, "200000000002")), ErrorCode::kAlreadyExists);
}

TEST(Accounts, AreTheOperatorsAlone) {
  IdentityHouse house;
  const std::string root = create(house, house.admin, "200000000002")->root_key.record.access_key_id;
  EXPECT_EQ(code_of(create(house, root, "")), ErrorCode::kAccessDenied);
  EXPECT_EQ(code_of(list(house, root, 10)), ErrorCode::kAccessDenied);
  const std::string bob = house.make_user("bob", allow("iam:*"));
  EXPECT_EQ(code_of(create(house, bob, "")), ErrorCode::kAccessDenied);
  EXPECT_EQ(code_of(list(house, bob, 10)), ErrorCode::kAccessDenied);
  const std::string carol = house.make_user("carol", allow("kagimori:ListAccounts"));
  EXPECT_TRUE(list(house, carol, 10));
  EXPECT_EQ(code_of(create(house, carol, "")), ErrorCode::kAccessDenied);
}

TEST(Accounts, ComeByPage) {
  IdentityHouse house;
  for (const std::string_view id : {"300000000003", "200000000002"}) ASSERT_TRUE(create(house, house.admin, id));
  const auto one = list(house, house.admin, 2);
  ASSERT_TRUE(one && one->next_marker);
  EXPECT_EQ(one->accounts[0].id, kOperator);
  EXPECT_TRUE(one->accounts[0].is_operator);
  EXPECT_EQ(one->accounts[1].id, "200000000002");
  const auto two = list(house, house.admin, 2, *one->next_marker);
  ASSERT_EQ(two->accounts.size(), 1U);
  EXPECT_EQ(two->accounts[0].id, "300000000003");
  EXPECT_FALSE(two->next_marker);
  EXPECT_EQ(code_of(list(house, house.admin, 2, "x")), ErrorCode::kInvalidMarker);
}

TEST(Accounts, MadeTwiceAtOnceAreMadeOnce) {
  IdentityHouse house;
  const Caller admin = house.caller(house.admin);
  Trail one_trail, two_trail;
  Transaction one(house.environment(), *house.store->read(), admin, one_trail);
  Transaction two(house.environment(), *house.store->read(), admin, two_trail);
  ASSERT_TRUE(create_account(one, "200000000002", "one"));
  ASSERT_TRUE(create_account(two, "200000000002", "two"));
  EXPECT_TRUE(house.store->commit_and_wait(one.take_batch()));
  EXPECT_EQ(code_of(house.store->commit_and_wait(two.take_batch())), ErrorCode::kStale);
}

}  // namespace
}  // namespace kagimori::engine_test
