#include "engine/bootstrap.h"

#include <gtest/gtest.h>

#include "engine/cache_key.h"
#include "engine/identity_house_test.h"
#include "engine/users.h"

namespace kagimori::engine_test {
namespace {

TEST(Bootstrap, MakesAnAdministratorOfTheOperatorAccount) {
  IdentityHouse house;
  EXPECT_EQ(house.first.arn, "arn:aws:iam::100000000001:user/admin");
  EXPECT_EQ(house.first.secret_access_key.size(), kSecretAccessKeySize);
  const auto who = house.identity(house.admin);
  ASSERT_NE(who, nullptr);
  EXPECT_TRUE(who->account_is_operator);
  EXPECT_FALSE(who->is_root());
  EXPECT_TRUE(who->access_key.active);
  EXPECT_TRUE(constant_time_equal(who->secret.expose(), house.first.secret_access_key.expose()));
  const Caller caller = house.caller(house.admin);
  EXPECT_TRUE(authorize(caller, {"iam:CreateUser", "arn:aws:iam::100000000001:user/x", nullptr, false, {}}));
  EXPECT_TRUE(authorize(caller, {"kagimori:CreateAccount", "*", nullptr, false, {}}));
}

TEST(Bootstrap, LeavesAnEventWithoutTheSecret) {
  IdentityHouse house;
  const auto events = house.store->pending_events(10);
  ASSERT_TRUE(events);
  ASSERT_EQ(events->size(), 1U);
  const std::string line(as_text(events->front().payload));
  EXPECT_NE(line.find(R"("eventName":"CreateAccount")"), std::string::npos) << line;
  EXPECT_NE(line.find(house.admin), std::string::npos);
  EXPECT_EQ(line.find(as_text(house.first.secret_access_key.expose())), std::string::npos);
  EXPECT_EQ(line.back(), '\n');
}

TEST(Bootstrap, RefusesAnAccountThatIsThereAndNamesThatAreNone) {
  IdentityHouse house;
  const auto bootstrap = [&](std::string_view account, std::string_view user) {
    return code_of(bootstrap_operator_account(*house.store, *house.keyrings, *house.crypto, *house.random, house.clock,
                                              account, "n", user));
  };
  EXPECT_EQ(bootstrap(kOperator, "admin"), ErrorCode::kAlreadyExists);
  for (const std::string_view account : {"", "12345678901", "1234567890123", "12345678901a", "000000000000"}) {
    EXPECT_EQ(bootstrap(account, "admin"), ErrorCode::kValidation) << account;
  }
  for (const std::string& user : {std::string(), std::string("a b"), std::string("a/b"), std::string(65, 'a')}) {
    EXPECT_EQ(bootstrap("100000000002", user), ErrorCode::kValidation) << user;
  }
}

TEST(Recovery, GivesTheRootUserANewKeyAndVoidsTheOldOnes) {
  IdentityHouse house;
  const auto recover = [&](std::string_view account) {
    return recover_root_credentials(*house.store, *house.keyrings, *house.crypto, *house.random, house.clock, account);
  };
  const auto one = recover(kOperator);
  ASSERT_TRUE(one) << one.error().message;
  EXPECT_EQ(one->arn, "arn:aws:iam::100000000001:root");
  ASSERT_NE(house.identity(one->access_key_id), nullptr);
  EXPECT_TRUE(house.identity(one->access_key_id)->is_root());

  const auto two = recover(kOperator);
  ASSERT_TRUE(two);
  EXPECT_EQ(house.identity(one->access_key_id), nullptr);
  EXPECT_NE(house.identity(two->access_key_id), nullptr);
  EXPECT_NE(house.identity(house.admin), nullptr) << "users keep their keys";
  const auto keys = house.as<AccessKeyPage>(two->access_key_id,
                                            [](Transaction& t) { return list_access_keys(t, "", 10, std::nullopt); });
  ASSERT_TRUE(keys);
  ASSERT_EQ(keys->keys.size(), 1U);
  EXPECT_EQ(keys->keys[0].access_key_id, two->access_key_id);

  const auto events = house.store->pending_events(10);
  ASSERT_EQ(events->size(), 3U);
  EXPECT_NE(as_text(events->back().payload).find(R"("eventName":"RecoverRootCredentials")"), std::string_view::npos);
}

TEST(Recovery, RefusesAnAccountThatIsNotThere) {
  IdentityHouse house;
  for (const std::string_view account : {"100000000002", "", "000000000000", "nobody"}) {
    EXPECT_EQ(code_of(recover_root_credentials(*house.store, *house.keyrings, *house.crypto, *house.random, house.clock,
                                               account)),
              ErrorCode::kNotFound)
        << account;
  }
}

}  // namespace
}  // namespace kagimori::engine_test
