#include "engine/grants.h"

#include <gtest/gtest.h>

#include "engine/cache_key.h"
#include "engine/grant_records.h"
#include "engine/key_house_test.h"
#include "engine/lifecycle_changes.h"
#include "model/arn.h"

namespace kagimori {
namespace {

using engine_test::code_of;
using engine_test::KeyHouse;
using engine_test::kOperator;

class GrantsTest : public testing::Test {
 protected:
  CreateGrantRequest request(std::string grantee = root_arn(kOperator)) {
    CreateGrantRequest made;
    made.key_id = key_;
    made.grantee_principal = std::move(grantee);
    made.operations = {GrantOperation::kEncrypt};
    return made;
  }
  Result<CreatedGrant> create(const CreateGrantRequest& asked) {
    return house_.ask<CreatedGrant>([&](Transaction& t) { return create_grant(t, asked); });
  }
  GrantList list(ListGrantsRequest asked = {}) {
    asked.key_id = key_;
    auto found = house_.ask<GrantList>([&](Transaction& t) { return list_grants(t, asked); });
    EXPECT_TRUE(found) << found.error().message;
    return found ? *std::move(found) : GrantList();
  }
  Status revoke(std::string_view grant_id) {
    return house_.act([&](Transaction& t) { return revoke_grant(t, key_, grant_id, false); });
  }
  std::size_t rows(Table table) { return (*house_.store->read())->scan(table, {}, {}, 10'000)->size(); }
  std::size_t all_rows() {
    return rows(Table::kGrants) + rows(Table::kGrantGrantees) + rows(Table::kGrantRetirees) + rows(Table::kGrantNames) +
           rows(Table::kGrantCounts);
  }

  KeyHouse house_;
  std::string key_ = house_.make_key();
};

TEST_F(GrantsTest, LeadsFromAndToEverythingAndLeavesNothingBehind) {
  CreateGrantRequest asked = request();
  asked.name = "n";
  asked.retiring_principal = kOperator;
  const auto made = create(asked);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(all_rows(), 5U);
  const Key key = house_.key(key_);
  std::vector<std::string> stale = {cache_key::grants(kOperator, key.row, kOperator),
                                    cache_key::grant_tokens(kOperator, key.row, made->grant_id)};
  EXPECT_EQ(house_.stale, stale) << "not the key itself";
  ASSERT_TRUE(revoke(made->grant_id));
  stale.insert(stale.begin(), cache_key::key(kOperator, house_.settings.region, key_));
  EXPECT_EQ(house_.stale, stale) << "the key too: work on the pool looks at it";
  EXPECT_EQ(all_rows(), 0U);
  EXPECT_EQ(code_of(revoke(made->grant_id)), ErrorCode::kNotFound);
}

TEST_F(GrantsTest, RightsAreThoseOfTheGrantee) {
  const Key key = house_.key(key_);
  ASSERT_TRUE(create(request()));
  CreateGrantRequest other = request("arn:aws:iam::999999999999:root");
  other.operations = {GrantOperation::kDecrypt};
  ASSERT_TRUE(create(other));
  const auto read = *house_.store->read();
  RecordReader reader(*house_.crypto, *house_.keyrings, *read);
  const auto rights = load_grant_rights(reader, kOperator, key.row, kOperator);
  ASSERT_TRUE(rights);
  EXPECT_TRUE((*rights)->allow(GrantOperation::kEncrypt, {}));
  EXPECT_FALSE((*rights)->allow(GrantOperation::kDecrypt, {}));
  const auto none = load_grant_rights(reader, kOperator, key.row, "999999999998");
  ASSERT_TRUE(none);
  EXPECT_FALSE((*none)->allow(GrantOperation::kEncrypt, {}));
}

TEST_F(GrantsTest, ANameIsOfItsParameters) {
  CreateGrantRequest asked = request();
  asked.name = "n";
  asked.constraints.subset = {{{"b", "2"}, {"a", "1"}}};
  const auto first = create(asked);
  ASSERT_TRUE(first);
  asked.constraints.subset = {{{"a", "1"}, {"b", "2"}}};
  house_.clock.advance_seconds(5);
  const auto again = create(asked);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->grant_id, first->grant_id);
  EXPECT_NE(again->grant_token, first->grant_token);
  asked.constraints.subset = {{{"a", "1"}, {"b", "3"}}};
  EXPECT_NE(create(asked)->grant_id, first->grant_id);
  asked.constraints = {};
  asked.operations.add(GrantOperation::kDecrypt);
  EXPECT_NE(create(asked)->grant_id, first->grant_id);
  EXPECT_EQ(rows(Table::kGrants), 3U);
}

TEST_F(GrantsTest, TheQuotaHolds) {
  house_.settings.quotas.grants_per_key = 2;
  const auto first = create(request());
  ASSERT_TRUE(first);
  ASSERT_TRUE(create(request()));
  EXPECT_EQ(code_of(create(request())), ErrorCode::kLimitExceeded);
  ASSERT_TRUE(revoke(first->grant_id));
  EXPECT_TRUE(create(request()));
  EXPECT_EQ(list().grants.size(), 2U);
}

TEST_F(GrantsTest, AGrantIsOfItsKeyOnly) {
  const auto made = create(request());
  ASSERT_TRUE(made);
  key_ = house_.make_key();
  EXPECT_TRUE(list().grants.empty());
  EXPECT_EQ(code_of(revoke(made->grant_id)), ErrorCode::kNotFound);
}

TEST_F(GrantsTest, TheGrantsOfADestroyedKeyGoInSteps) {
  CreateGrantRequest asked = request();
  asked.retiring_principal = kOperator;
  for (int i = 0; i < 450; ++i) {
    asked.name = std::to_string(i);
    ASSERT_TRUE(create(asked));
  }
  const Key key = house_.key(key_);
  ASSERT_TRUE(house_.act([&](Transaction& t) { return destroy_key(t, key); }));
  EXPECT_EQ(rows(Table::kGrants), 250U);
  EXPECT_EQ(rows(Table::kGrantCounts), 0U);
  ASSERT_EQ(house_.due().size(), 1U);
  EXPECT_EQ(house_.due().front().kind, DueKind::kRemoveGrants);
  const auto left = house_.ask<GrantList>(
      [&](Transaction& t) { return list_retirable_grants(t, {std::string(kOperator), "", 50, std::nullopt}); });
  ASSERT_TRUE(left);
  EXPECT_TRUE(left->grants.empty()) << "they mean nothing any more";
  for (int i = 0; i < 3; ++i) {
    house_.clock.advance_seconds(1);
    ASSERT_TRUE(house_.sweep());
  }
  EXPECT_EQ(all_rows(), 0U);
  EXPECT_TRUE(house_.due().empty());
}

}  // namespace
}  // namespace kagimori
