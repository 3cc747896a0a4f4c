#include "engine/inline_policies.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "engine/cache_key.h"
#include "engine/identity_house_test.h"
#include "engine/users.h"

namespace kagimori::engine_test {
namespace {

Result<NamedInlinePolicy> get(IdentityHouse& house, std::string_view by, std::string_view name) {
  return house.as<NamedInlinePolicy>(by, [&](Transaction& t) { return get_inline_policy<User>(t, "bob", name); });
}
Status remove(IdentityHouse& house, std::string_view by, std::string_view name) {
  return house.do_as(by, [&](Transaction& t) { return delete_inline_policy<User>(t, "bob", name); });
}
bool may(IdentityHouse& house, std::string_view access_key_id, std::string_view action) {
  return authorize(house.caller(access_key_id), {action, "*", nullptr, false, {}}).has_value();
}

TEST(UserPolicies, AreKeptWordForWord) {
  IdentityHouse house;
  house.make_user("bob");
  const std::string text = " " + allow("kms:ListKeys") + "\n";
  ASSERT_TRUE(house.put_policy("BOB", "one", text));
  const auto found = get(house, house.admin, "one");
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->policy.text, text);
  EXPECT_EQ(found->policy.name, "one");
  EXPECT_EQ(found->owner_name, "bob");
}

TEST(UserPolicies, AreInForceForEveryKeyOfTheUser) {
  IdentityHouse house;
  const std::string bob = house.make_user("bob");
  const auto second =
      house.as<CreatedAccessKey>(house.admin, [](Transaction& t) { return create_access_key(t, "bob"); });
  EXPECT_FALSE(may(house, bob, "kms:ListKeys"));
  ASSERT_TRUE(house.put_policy("bob", "one", allow("kms:ListKeys")));
  const std::string bob_id = house.identity(bob)->unique_id();
  EXPECT_EQ(house.stale, std::vector<std::string>{cache_key::identities_of(bob_id)});
  for (const std::string& id : {bob, second->key.record.access_key_id}) {
    EXPECT_THAT(house.identity(id)->owners, testing::Contains(bob_id));
  }
  EXPECT_TRUE(may(house, bob, "kms:ListKeys"));
  ASSERT_TRUE(house.put_policy("bob", "one", allow("kms:ListAliases")));
  EXPECT_FALSE(may(house, bob, "kms:ListKeys"));
  EXPECT_TRUE(may(house, bob, "kms:ListAliases"));
  ASSERT_TRUE(remove(house, house.admin, "one"));
  EXPECT_EQ(house.stale.size(), 1U);
  EXPECT_FALSE(may(house, bob, "kms:ListAliases"));
}

TEST(UserPolicies, ChangedDuringATransactionMakeItsCommitStale) {
  IdentityHouse house;
  const std::string bob = house.make_user("bob", allow("iam:*"));
  Trail trail;
  Transaction slow(house.environment(), *house.store->read(), house.caller(bob), trail);
  ASSERT_TRUE(slow.check_caller());
  ASSERT_TRUE(create_user(slow, {"carol", "/", {}}));
  ASSERT_TRUE(remove(house, house.admin, "test"));
  EXPECT_EQ(code_of(house.store->commit_and_wait(slow.take_batch())), ErrorCode::kStale);
  // And a request that was authenticated before, but starts now, is judged by what is true now.
  EXPECT_EQ(code_of(house.as<User>(bob, [](Transaction& t) { return create_user(t, {"carol", "/", {}}); })),
            ErrorCode::kAccessDenied);
}

TEST(UserPolicies, MustBePolicies) {
  IdentityHouse house;
  const std::string bob = house.make_user("bob");
  for (const char* text : {"", "{}", "nonsense", R"({"Version":"2012-10-17","Statement":[]}x)",
                           R"({"Statement":[{"Effect":"Maybe","Action":"kms:*","Resource":"*"}]})",
                           R"({"Statement":[{"Effect":"Allow","Action":"kms:*"}]})",
                           R"({"Statement":[{"Effect":"Allow","Action":"kms:*","Resource":"*","Principal":"*"}]})"}) {
    EXPECT_EQ(code_of(house.put_policy("bob", "one", text)), ErrorCode::kMalformedPolicy) << text;
  }
  EXPECT_EQ(code_of(get(house, house.admin, "one")), ErrorCode::kNoSuchEntity);
  for (const char* name : {"", "a b", "a/b"}) {
    EXPECT_EQ(code_of(house.put_policy("bob", name, allow("kms:*"))), ErrorCode::kValidation) << name;
  }
}

TEST(UserPolicies, TogetherAreBoundedWithoutTheirWhiteSpace) {
  IdentityHouse house;
  house.make_user("bob");
  const std::string policy = allow("kms:*");
  house.settings.quotas.user_policy_bytes = policy.size() * 2;
  EXPECT_TRUE(house.put_policy("bob", "one", policy));
  EXPECT_TRUE(house.put_policy("bob", "two", policy + std::string(500, ' ') + "\r\n\t"));
  const auto third = house.put_policy("bob", "three", policy);
  EXPECT_EQ(code_of(third), ErrorCode::kLimitExceeded);
  EXPECT_EQ(third.error().message,
            "Maximum policy size of " + std::to_string(policy.size() * 2) + " bytes exceeded for user bob");
  EXPECT_TRUE(house.put_policy("bob", "two", policy)) << "replacing counts once";
  EXPECT_EQ(code_of(house.put_policy("bob", "two", allow("kms:x*"))), ErrorCode::kLimitExceeded);
  ASSERT_TRUE(remove(house, house.admin, "one"));
  EXPECT_TRUE(house.put_policy("bob", "three", policy));
}

TEST(UserPolicies, NeverOutnumberWhatAnIdentityLoads) {
  IdentityHouse house;
  const std::string bob = house.make_user("bob");
  house.settings.quotas.user_policy_bytes = 1'000'000;
  for (int i = 0; i < 128; ++i) ASSERT_TRUE(house.put_policy("bob", "p" + std::to_string(i), allow("kms:*")));
  EXPECT_EQ(code_of(house.put_policy("bob", "more", allow("kms:*"))), ErrorCode::kLimitExceeded);
  EXPECT_TRUE(house.put_policy("bob", "p7", allow("kms:List*")));
  EXPECT_EQ(house.identity(bob)->policies.size(), 128U);
}

TEST(UserPolicies, NeedPermission) {
  IdentityHouse house;
  const std::string bob = house.make_user("bob", allow("kms:*"));
  EXPECT_EQ(
      code_of(house.do_as(bob, [](Transaction& t) { return put_inline_policy<User>(t, "bob", "x", allow("*")); })),
      ErrorCode::kAccessDenied);
  EXPECT_EQ(code_of(get(house, bob, "test")), ErrorCode::kAccessDenied);
  EXPECT_EQ(code_of(remove(house, bob, "test")), ErrorCode::kAccessDenied);
  EXPECT_EQ(code_of(house.as<InlinePolicyPage>(
                bob, [](Transaction& t) { return list_inline_policies<User>(t, "bob", 10, std::nullopt); })),
            ErrorCode::kAccessDenied);
}

TEST(UserPolicies, ThatAreNotThereAreNotFound) {
  IdentityHouse house;
  house.make_user("bob", allow("kms:*"));
  EXPECT_EQ(get(house, house.admin, "none").error().message, "The user policy with name none cannot be found.");
  EXPECT_EQ(code_of(remove(house, house.admin, "none")), ErrorCode::kNoSuchEntity);
  EXPECT_EQ(code_of(get(house, house.admin, "TEST")), ErrorCode::kNoSuchEntity);
  EXPECT_EQ(code_of(house.put_policy("nobody", "x", allow("kms:*"))), ErrorCode::kNoSuchEntity);
}

TEST(UserPolicies, ComeByPage) {
  IdentityHouse house;
  house.make_user("bob");
  for (const char* name : {"b", "a", "c"}) ASSERT_TRUE(house.put_policy("bob", name, allow("kms:*")));
  const auto page = [&](std::optional<std::string_view> marker) {
    return house.as<InlinePolicyPage>(house.admin,
                                      [&](Transaction& t) { return list_inline_policies<User>(t, "bob", 2, marker); });
  };
  const auto one = page(std::nullopt);
  ASSERT_TRUE(one && one->next_marker);
  EXPECT_EQ(one->names, (std::vector<std::string>{"a", "b"}));
  const auto two = page(*one->next_marker);
  EXPECT_EQ(two->names, std::vector<std::string>{"c"});
  EXPECT_FALSE(two->next_marker);
  EXPECT_EQ(code_of(page("x")), ErrorCode::kInvalidMarker);
}

}  // namespace
}  // namespace kagimori::engine_test
