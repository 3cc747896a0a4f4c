#include "engine/key_policies.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "engine/key_house_test.h"
#include "engine/users.h"
#include "policy/key_policy.h"

namespace kagimori {
namespace {

using engine_test::code_of;
using engine_test::KeyHouse;
using engine_test::kOperator;

std::string allow_principal(std::string_view principal, std::string_view action = "kms:*") {
  return fmt::format(R"({{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"AWS":"{}"}},)"
                     R"("Action":"{}","Resource":"*"}}]}})",
                     principal, action);
}
std::string account_may() { return allow_principal("arn:aws:iam::100000000001:root"); }

class KeyPoliciesTest : public testing::Test {
 protected:
  Status put(std::string text, bool bypass = false, std::string_view name = "default") {
    return house_.act([&](Transaction& t) { return put_key_policy(t, id_, name, text, bypass); });
  }
  Result<std::string> get(std::string_view name = "default") {
    return house_.ask<std::string>([&](Transaction& t) { return get_key_policy(t, id_, name); });
  }

  KeyHouse house_;
  std::string id_ = house_.make_key();
};

TEST_F(KeyPoliciesTest, ANewKeyHasTheDefaultPolicy) { EXPECT_EQ(*get(), default_key_policy(kOperator)); }

TEST_F(KeyPoliciesTest, KeepsEveryRevision) {
  ASSERT_TRUE(put(account_may()));
  EXPECT_EQ(*get(), account_may());
  const Key key = house_.key(id_);
  EXPECT_EQ(key.policy_version, 2u);
  const auto first = house_.get<KeyPolicy>(Table::kKeyPolicies, record_key::key_policy(kOperator, key.row, 1));
  ASSERT_TRUE(first);
  EXPECT_EQ(first->record.text, default_key_policy(kOperator));
}

TEST_F(KeyPoliciesTest, RefusesWhatIsNoPolicy) {
  const std::string big = account_may() + std::string(32'768, ' ');
  EXPECT_EQ(code_of(put("")), ErrorCode::kMalformedPolicyDocument);
  EXPECT_EQ(code_of(put("{}")), ErrorCode::kMalformedPolicyDocument);
  EXPECT_EQ(code_of(put(allow_principal("arn:aws:iam::100000000001:user/nobody"))),
            ErrorCode::kMalformedPolicyDocument);
  EXPECT_EQ(code_of(put(big)), ErrorCode::kLimitExceeded);
  EXPECT_EQ(code_of(put(account_may(), false, "other")), ErrorCode::kNotFound);
  EXPECT_EQ(code_of(get("other")), ErrorCode::kNotFound);
  EXPECT_EQ(house_.key(id_).policy_version, 1u);
}

TEST_F(KeyPoliciesTest, NobodyLocksThemselvesOutUnlessTheySaySo) {
  const std::string lockout = allow_principal("arn:aws:iam::100000000001:root", "kms:Encrypt");
  EXPECT_EQ(code_of(put(lockout)), ErrorCode::kMalformedPolicyDocument);
  EXPECT_EQ(*get(), default_key_policy(kOperator));
  ASSERT_TRUE(put(lockout, true));
  EXPECT_EQ(code_of(get()), ErrorCode::kAccessDenied);
  EXPECT_EQ(code_of(put(account_may())), ErrorCode::kAccessDenied);
}

TEST_F(KeyPoliciesTest, AUserMadeAgainInheritsNothing) {
  const std::string arn = "arn:aws:iam::100000000001:user/bob";
  std::string bob = house_.make_user("bob");
  ASSERT_TRUE(put(allow_principal(arn), true));
  const auto disable_as_bob = [&] {
    return code_of(house_.do_as(bob, [&](Transaction& t) { return disable_key(t, id_); }));
  };
  EXPECT_EQ(disable_as_bob(), std::nullopt);
  ASSERT_TRUE(house_.act([&](Transaction& t) { return delete_access_key(t, "bob", bob); }));
  ASSERT_TRUE(house_.act([&](Transaction& t) { return delete_user(t, "bob"); }));
  bob = house_.make_user("bob", engine_test::allow("kms:ListKeys"));
  EXPECT_EQ(disable_as_bob(), ErrorCode::kAccessDenied);
}

TEST_F(KeyPoliciesTest, ShowsWhoIsGoneByTheirUniqueId) {
  const std::string arn = "arn:aws:iam::100000000001:user/bob";
  const std::string access_key = house_.make_user("bob");
  const std::string unique_id = house_.identity(access_key)->unique_id();
  const std::string both =
      fmt::format(R"({{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"AWS":["{}","{}"]}},)"
                  R"("Action":"kms:*","Resource":"*"}}]}})",
                  "arn:aws:iam::100000000001:root", arn);
  ASSERT_TRUE(put(both));
  EXPECT_EQ(*get(), both);
  ASSERT_TRUE(house_.act([&](Transaction& t) { return delete_access_key(t, "bob", access_key); }));
  ASSERT_TRUE(house_.act([&](Transaction& t) { return delete_user(t, "bob"); }));
  const auto shown = get();
  ASSERT_TRUE(shown);
  EXPECT_EQ(shown->find(arn), std::string::npos);
  EXPECT_NE(shown->find(unique_id), std::string::npos);
}

}  // namespace
}  // namespace kagimori
