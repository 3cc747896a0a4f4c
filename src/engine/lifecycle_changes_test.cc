#include "engine/lifecycle_changes.h"

#include <gtest/gtest.h>

#include "engine/aliases.h"
#include "engine/key_house_test.h"
#include "engine/rotation.h"
#include "seal/material_binding.h"

namespace kagimori {
namespace {

using engine_test::code_of;
using engine_test::KeyHouse;
using engine_test::kOperator;

class LifecycleChangesTest : public testing::Test {
 protected:
  Status rotate() {
    return house_.act([&](Transaction& t) -> Status {
      TRY(rotate_key_on_demand(t, key_id_));
      return {};
    });
  }
  Status schedule(std::int64_t days = 7) {
    return house_.act([&](Transaction& t) -> Status {
      TRY(schedule_key_deletion(t, key_id_, days));
      return {};
    });
  }

  KeyHouse house_;
  std::string key_id_ = house_.make_key();
};

TEST_F(LifecycleChangesTest, ANewKeyHasOneActiveVersionWithMaterial) {
  const Key key = house_.key(key_id_);
  const auto objects = house_.objects(key);
  ASSERT_EQ(objects.size(), 1u);
  EXPECT_EQ(objects[0].state.state, LifecycleState::kActivated);
  EXPECT_EQ(objects[0].presence, Presence::kPresent);
  const auto material = house_.keyrings->unwrap(*house_.crypto, material_binding(key, objects[0]), objects[0].material);
  ASSERT_TRUE(material) << material.error().message;
  EXPECT_EQ(material->size(), 32u);
  const auto versions = house_.versions(key);
  ASSERT_EQ(versions.size(), 1u);
  EXPECT_EQ(versions[0].material_id.size(), 64u);
  EXPECT_EQ(versions[0].rotation, RotationType::kNone);
  EXPECT_FALSE(versions[0].rotated_at);
}

TEST_F(LifecycleChangesTest, RotationSupersedes) {
  house_.clock.advance_seconds(100);
  ASSERT_TRUE(rotate());
  const Key key = house_.key(key_id_);
  EXPECT_EQ(key.primary_version, 2u);
  EXPECT_EQ(key.last_version, 2u);
  EXPECT_EQ(key.on_demand_rotations, 1u);
  const auto objects = house_.objects(key);
  ASSERT_EQ(objects.size(), 2u);
  EXPECT_EQ(objects[0].state.state, LifecycleState::kDeactivated);
  EXPECT_TRUE(objects[0].state.reasons.has(LifecycleReason::kSuperseded));
  EXPECT_EQ(objects[0].deactivation, house_.clock.now());
  EXPECT_EQ(objects[0].presence, Presence::kPresent) << "what it protected is still to be read";
  EXPECT_EQ(objects[1].state.state, LifecycleState::kActivated);
  const auto versions = house_.versions(key);
  ASSERT_EQ(versions.size(), 2u);
  EXPECT_NE(versions[0].material_id, versions[1].material_id);
  EXPECT_NE(objects[0].object_id, objects[1].object_id);
  EXPECT_EQ(versions[1].rotated_at, house_.clock.now());
}

TEST_F(LifecycleChangesTest, DestructionLeavesHistoryAndNoMaterial) {
  ASSERT_TRUE(rotate());
  ASSERT_TRUE(house_.act([&](Transaction& t) { return create_alias(t, "alias/a", key_id_); }));
  ASSERT_TRUE(schedule());
  const Key before = house_.key(key_id_);
  const auto versions = house_.versions(before);
  house_.clock.advance_seconds(std::int64_t{7} * 86'400);
  ASSERT_TRUE(house_.sweep());

  const auto after = house_.find(before.row);
  ASSERT_TRUE(after) << "the record stays";
  EXPECT_FALSE(after->enabled);
  EXPECT_FALSE(after->deletion_date);
  EXPECT_EQ(after->alias_count, 0u);
  for (const KeyObject& object : house_.objects(before)) {
    EXPECT_EQ(object.state.state, LifecycleState::kDestroyed);
    EXPECT_EQ(object.presence, Presence::kAbsent);
    EXPECT_TRUE(object.material.blob.empty());
    EXPECT_EQ(object.destroyed, house_.clock.now());
  }
  const auto tombstone = house_.get<Tombstone>(Table::kTombstones, record_key::key(kOperator, before.row));
  ASSERT_TRUE(tombstone);
  EXPECT_EQ(tombstone->record.key_id, key_id_);
  EXPECT_EQ(tombstone->record.destroyed, house_.clock.now());
  ASSERT_EQ(tombstone->record.material_ids.size(), 2u);
  EXPECT_EQ(tombstone->record.material_ids[0], versions[0].material_id);
  EXPECT_EQ(tombstone->record.object_ids.size(), 2u);
  const auto history = house_.transitions(before);
  EXPECT_EQ(history.size(), tombstone->record.transition_count);
  ASSERT_FALSE(history.empty());
  EXPECT_EQ(history.back().to, "Destroyed");

  const Bytes id = record_key::key_id(kOperator, house_.settings.region, key_id_);
  EXPECT_FALSE(house_.get<RowId>(Table::kKeyIds, id));
  EXPECT_FALSE(house_.get<Alias>(Table::kAliases, record_key::alias(kOperator, house_.settings.region, "alias/a")));
  EXPECT_EQ(code_of(schedule()), ErrorCode::kNotFound);
}

TEST_F(LifecycleChangesTest, HistoryIsCountedWithoutGaps) {
  ASSERT_TRUE(rotate());
  ASSERT_TRUE(house_.act([&](Transaction& t) { return disable_key(t, key_id_); }));
  ASSERT_TRUE(house_.act([&](Transaction& t) { return enable_key(t, key_id_); }));
  ASSERT_TRUE(schedule());
  const Key key = house_.key(key_id_);
  const auto history = house_.transitions(key);
  const std::vector<std::string> expected = {"Enabled", "Deactivated", "Disabled", "Enabled", "PendingDeletion"};
  ASSERT_EQ(history.size(), expected.size());
  EXPECT_EQ(key.transition_count, expected.size());
  for (std::size_t i = 0; i < history.size(); ++i) {
    EXPECT_EQ(history[i].sequence, i + 1);
    EXPECT_EQ(history[i].to, expected[i]);
    EXPECT_EQ(history[i].who, house_.first.arn);
  }
}

TEST_F(LifecycleChangesTest, WhatIsNoLongerDueIsNotDone) {
  ASSERT_TRUE(schedule(7));
  const auto stale = house_.due();
  ASSERT_EQ(stale.size(), 1u);
  ASSERT_TRUE(house_.act([&](Transaction& t) -> Status {
    TRY(cancel_key_deletion(t, key_id_));
    return {};
  }));
  ASSERT_TRUE(schedule(30));
  house_.clock.advance_seconds(std::int64_t{8} * 86'400);
  ASSERT_TRUE(house_.act([&](Transaction& t) { return apply_due(t, stale[0]); }));
  EXPECT_TRUE(house_.key(key_id_).deletion_date) << "the new date counts";
  EXPECT_EQ(house_.objects(house_.key(key_id_))[0].presence, Presence::kPresent);
}

TEST_F(LifecycleChangesTest, ADueChangeOfAnUnknownKeyIsCorruption) {
  DueEntry nobody;
  nobody.account = kOperator;
  nobody.row = RowId::make(*house_.random);
  EXPECT_EQ(code_of(house_.act([&](Transaction& t) { return apply_due(t, nobody); })), ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace kagimori
