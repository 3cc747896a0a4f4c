#include "engine/key_management.h"

#include <gtest/gtest.h>

#include "engine/key_house_test.h"

namespace kagimori {
namespace {

using engine_test::allow;
using engine_test::code_of;
using engine_test::KeyHouse;

class KeyManagementTest : public testing::Test {
 protected:
  Result<KeyDescription> create(CreateKeyRequest request) {
    return house_.ask<KeyDescription>([&](Transaction& t) { return create_key(t, request); });
  }
  Status schedule(std::string_view key_id, std::optional<std::int64_t> days) {
    return house_.act([&](Transaction& t) -> Status {
      TRY(schedule_key_deletion(t, key_id, days));
      return {};
    });
  }
  Status cancel(std::string_view key_id) {
    return house_.act([&](Transaction& t) -> Status {
      TRY(cancel_key_deletion(t, key_id));
      return {};
    });
  }
  Result<KeyList> list(std::size_t limit, std::optional<std::string_view> marker = std::nullopt) {
    return house_.ask<KeyList>([&](Transaction& t) { return list_keys(t, limit, marker); });
  }

  KeyHouse house_;
};

TEST_F(KeyManagementTest, StoresWhatWasAskedFor) {
  CreateKeyRequest request;
  request.description = "payroll";
  request.tags = {{"b", "2"}, {"a", "1"}};
  const Key key = house_.key(house_.make_key(request));
  EXPECT_EQ(key.description, "payroll");
  EXPECT_EQ(key.tags, (std::vector<Tag>{{"a", "1"}, {"b", "2"}})) << "sorted";
  EXPECT_TRUE(key.enabled);
  EXPECT_EQ(key.created, house_.clock.now());
  EXPECT_EQ(key.primary_version, 1u);
}

TEST_F(KeyManagementTest, RefusesBadRequestsWhole) {
  CreateKeyRequest twice, reserved, policy, locked_out;
  twice.tags = {{"a", "1"}, {"a", "2"}};
  reserved.tags = {{"AWS:x", "1"}};
  policy.policy = "{}";
  locked_out.policy = R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},)"
                      R"("Action":"kms:Encrypt","Resource":"*"}]})";
  EXPECT_EQ(code_of(create(twice)), ErrorCode::kTag);
  EXPECT_EQ(code_of(create(reserved)), ErrorCode::kTag);
  EXPECT_EQ(code_of(create(policy)), ErrorCode::kMalformedPolicyDocument);
  EXPECT_EQ(code_of(create(locked_out)), ErrorCode::kMalformedPolicyDocument);
  EXPECT_TRUE(list(100)->key_ids.empty());
  locked_out.bypass_policy_lockout_safety_check = true;
  EXPECT_TRUE(create(locked_out));
}

TEST_F(KeyManagementTest, TheQuotaOfKeysHolds) {
  house_.settings.quotas.keys_per_account = 2;
  house_.make_key();
  const std::string second = house_.make_key();
  EXPECT_EQ(code_of(create({})), ErrorCode::kLimitExceeded);
  ASSERT_TRUE(schedule(second, 7));
  EXPECT_EQ(code_of(create({})), ErrorCode::kLimitExceeded) << "a key counts until it is destroyed";
}

TEST_F(KeyManagementTest, NeedsThePermissionForEachPart) {
  const std::string nothing = house_.make_user("nothing");
  const std::string no_tags = house_.make_user("notags", allow("kms:CreateKey"));
  CreateKeyRequest tagged;
  tagged.tags = {{"a", "1"}};
  const auto create_as = [&](const std::string& who, const CreateKeyRequest& request) {
    return code_of(house_.as<KeyDescription>(who, [&](Transaction& t) { return create_key(t, request); }));
  };
  EXPECT_EQ(create_as(nothing, {}), ErrorCode::kAccessDenied);
  EXPECT_EQ(create_as(no_tags, tagged), ErrorCode::kAccessDenied);
}

TEST_F(KeyManagementTest, SwitchesOnAndOff) {
  const std::string id = house_.make_key();
  for (const bool enabled : {false, false, true, true}) {
    ASSERT_TRUE(house_.act([&](Transaction& t) { return enabled ? enable_key(t, id) : disable_key(t, id); }));
    EXPECT_EQ(house_.key(id).enabled, enabled);
  }
  EXPECT_EQ(house_.key(id).transition_count, 3u) << "created, disabled, enabled; repetitions are no change";
}

TEST_F(KeyManagementTest, DeletionTakesItsWindow) {
  const std::string id = house_.make_key();
  for (const std::int64_t days : {-1, 0, 6, 31, 365}) EXPECT_EQ(code_of(schedule(id, days)), ErrorCode::kValidation);
  ASSERT_TRUE(schedule(id, std::nullopt));
  EXPECT_EQ(house_.key(id).deletion_date, house_.clock.now().plus_days(30));
  EXPECT_EQ(code_of(schedule(id, 7)), ErrorCode::kInvalidState);
  EXPECT_EQ(code_of(house_.act([&](Transaction& t) { return enable_key(t, id); })), ErrorCode::kInvalidState);
  ASSERT_TRUE(cancel(id));
  EXPECT_FALSE(house_.key(id).enabled);
  EXPECT_FALSE(house_.key(id).deletion_date);
  EXPECT_EQ(code_of(cancel(id)), ErrorCode::kInvalidState);
}

TEST_F(KeyManagementTest, ListsInPages) {
  std::vector<std::string> made;
  for (int i = 0; i < 5; ++i) made.push_back(house_.make_key());
  std::sort(made.begin(), made.end());
  std::vector<std::string> listed;
  std::optional<std::string> marker;
  for (int page = 0; page < 3; ++page) {
    const auto found = list(2, marker);
    ASSERT_TRUE(found);
    listed.insert(listed.end(), found->key_ids.begin(), found->key_ids.end());
    EXPECT_EQ(found->next_marker.has_value(), page < 2);
    marker = found->next_marker;
  }
  EXPECT_EQ(listed, made);
  EXPECT_FALSE(list(5)->next_marker) << "a page that ends the list has no marker";
  EXPECT_EQ(code_of(list(5, "nonsense")), ErrorCode::kInvalidMarker);
}

}  // namespace
}  // namespace kagimori
