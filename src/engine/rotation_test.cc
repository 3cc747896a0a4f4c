#include "engine/rotation.h"

#include <gtest/gtest.h>

#include "engine/key_house_test.h"

namespace kagimori {
namespace {

using engine_test::code_of;
using engine_test::KeyHouse;

class RotationTest : public testing::Test {
 protected:
  Status enable(std::optional<std::int64_t> days) {
    return house_.act([&](Transaction& t) { return enable_key_rotation(t, id_, days); });
  }
  Result<std::string> rotate() {
    return house_.ask<std::string>([&](Transaction& t) { return rotate_key_on_demand(t, id_); });
  }
  RotationStatus status() {
    const auto found = house_.ask<RotationStatus>([&](Transaction& t) { return get_key_rotation_status(t, id_); });
    EXPECT_TRUE(found);
    return *found;
  }
  Result<RotationList> list(bool all, std::size_t limit, std::optional<std::string_view> marker = std::nullopt) {
    return house_.ask<RotationList>([&](Transaction& t) { return list_key_rotations(t, id_, all, limit, marker); });
  }
  Status disable_key_itself() {
    return house_.act([&](Transaction& t) { return disable_key(t, id_); });
  }

  KeyHouse house_;
  std::string id_ = house_.make_key();
};

TEST_F(RotationTest, TellsItsSchedule) {
  EXPECT_FALSE(status().enabled);
  ASSERT_TRUE(enable(std::nullopt));
  EXPECT_TRUE(status().enabled);
  EXPECT_EQ(status().period_days, 365u);
  EXPECT_EQ(status().next_rotation, house_.clock.now().plus_days(365));
  ASSERT_TRUE(house_.act([&](Transaction& t) { return disable_key_rotation(t, id_); }));
  EXPECT_FALSE(status().enabled);
  EXPECT_FALSE(status().next_rotation);
  ASSERT_TRUE(house_.act([&](Transaction& t) { return disable_key_rotation(t, id_); })) << "twice is no fault";
}

TEST_F(RotationTest, ADisabledKeyIsLeftAlone) {
  ASSERT_TRUE(disable_key_itself());
  EXPECT_EQ(code_of(enable(90)), ErrorCode::kDisabled);
  EXPECT_EQ(code_of(rotate()), ErrorCode::kDisabled);
  EXPECT_EQ(house_.key(id_).last_version, 1u);
}

TEST_F(RotationTest, TheQuotaOfOnDemandRotationsHolds) {
  house_.settings.quotas.on_demand_rotations = 2;
  ASSERT_TRUE(rotate());
  ASSERT_TRUE(rotate());
  EXPECT_EQ(code_of(rotate()), ErrorCode::kLimitExceeded);
  EXPECT_EQ(house_.key(id_).last_version, 3u);
}

TEST_F(RotationTest, ARotationThatIsDueSoonConflicts) {
  ASSERT_TRUE(enable(90));
  house_.clock.set(house_.key(id_).next_rotation->plus_seconds(-20 * 60 - 1));
  EXPECT_TRUE(rotate());
  house_.clock.advance_seconds(1);
  EXPECT_EQ(code_of(rotate()), ErrorCode::kConflict);
}

TEST_F(RotationTest, ListsRotationsInPages) {
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(rotate());
  const auto rotations = list(false, 100);
  ASSERT_TRUE(rotations);
  EXPECT_EQ(rotations->versions.size(), 3u) << "the first version is no rotation";
  EXPECT_EQ(rotations->primary_version, 4u);
  std::vector<std::uint32_t> numbers;
  std::optional<std::string> marker;
  for (int page = 0; page < 2; ++page) {
    const auto found = list(true, 2, marker);
    ASSERT_TRUE(found);
    for (const KeyVersion& version : found->versions) numbers.push_back(version.number);
    EXPECT_EQ(found->next_marker.has_value(), page == 0);
    marker = found->next_marker;
  }
  EXPECT_EQ(numbers, (std::vector<std::uint32_t>{1, 2, 3, 4}));
  for (const char* bad : {"x", "a2FnaW1vcmkxfA==", "a2FnaW1vcmkxfDF4", "a2FnaW1vcmkxfC0x"}) {
    EXPECT_EQ(code_of(list(true, 2, bad)), ErrorCode::kInvalidMarker) << bad;
  }
}

}  // namespace
}  // namespace kagimori
