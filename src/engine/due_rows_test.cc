#include <gtest/gtest.h>

#include "engine/key_house_test.h"
#include "engine/rotation.h"

// Whatever happens to a key, the rows of kDue say exactly what the clock has to do with it.

namespace kagimori {
namespace {

using engine_test::KeyHouse;

class DueRowsTest : public testing::Test {
 protected:
  void act(const std::function<Status(Transaction&)>& work) {
    const Status done = house_.act(work);
    EXPECT_TRUE(done) << done.error().message;
  }
  void enable(bool on) {
    act([&](Transaction& t) { return on ? enable_key(t, key_id_) : disable_key(t, key_id_); });
  }
  void rotate_automatically(bool on) {
    act([&](Transaction& t) { return on ? enable_key_rotation(t, key_id_, 90) : disable_key_rotation(t, key_id_); });
  }
  void delete_later(bool on) {
    act([&](Transaction& t) -> Status {
      if (!on) {
        TRY(cancel_key_deletion(t, key_id_));
        return {};
      }
      TRY(schedule_key_deletion(t, key_id_, 7));
      return {};
    });
  }
  // The rows that the key record calls for, against those that are there.
  void expect_rows(const char* what) {
    const Key key = house_.key(key_id_);
    std::vector<std::pair<DueKind, Timestamp>> expected, found;
    if (key.rotation_period_days && key.enabled && !key.deletion_date) {
      ASSERT_TRUE(key.next_rotation) << what;
      expected.emplace_back(DueKind::kRotate, *key.next_rotation);
    }
    if (key.deletion_date) expected.emplace_back(DueKind::kDelete, *key.deletion_date);
    for (const DueEntry& entry : house_.due()) {
      EXPECT_EQ(entry.row, key.row);
      found.emplace_back(entry.kind, entry.when);
    }
    EXPECT_EQ(found, expected) << what;
  }

  KeyHouse house_;
  std::string key_id_ = house_.make_key();
};

TEST_F(DueRowsTest, MoveWithEveryChange) {
  expect_rows("new");
  for (const bool rotates : {true, false}) {
    for (const bool enabled : {true, false}) {
      const std::string state = std::string(rotates ? "rotating " : "still ") + (enabled ? "enabled" : "disabled");
      enable(true);
      rotate_automatically(rotates);
      expect_rows((state + ": switched on").c_str());
      enable(enabled);
      expect_rows(state.c_str());
      EXPECT_EQ(house_.due().size(), rotates && enabled ? 1u : 0u) << state;
      delete_later(true);
      expect_rows((state + ", pending").c_str());
      ASSERT_EQ(house_.due().size(), 1u) << state;
      EXPECT_EQ(house_.due()[0].kind, DueKind::kDelete) << state;
      delete_later(false);
      expect_rows((state + ", rescued").c_str());
      EXPECT_TRUE(house_.due().empty()) << state << ": a rescued key is disabled";
      enable(true);
      expect_rows((state + ", enabled again").c_str());
      EXPECT_EQ(house_.due().size(), rotates ? 1u : 0u) << state;
    }
  }
}

TEST_F(DueRowsTest, ANewPeriodReplacesTheOldDate) {
  rotate_automatically(true);
  const Timestamp first = house_.due().at(0).when;
  house_.clock.advance_seconds(86'400);
  act([&](Transaction& t) { return enable_key_rotation(t, key_id_, 100); });
  ASSERT_EQ(house_.due().size(), 1u);
  EXPECT_EQ(house_.due()[0].when, first.plus_days(11));
}

TEST_F(DueRowsTest, AnOnDemandRotationLeavesTheDate) {
  rotate_automatically(true);
  const Timestamp before = house_.due().at(0).when;
  act([&](Transaction& t) -> Status {
    TRY(rotate_key_on_demand(t, key_id_));
    return {};
  });
  expect_rows("rotated on demand");
  EXPECT_EQ(house_.due().at(0).when, before);
}

TEST_F(DueRowsTest, AnAutomaticRotationSetsTheNextDate) {
  rotate_automatically(true);
  house_.clock.advance_seconds(std::int64_t{91} * 86'400);
  ASSERT_TRUE(house_.sweep());
  expect_rows("rotated");
  EXPECT_EQ(house_.due().at(0).when, house_.clock.now().plus_days(90));
  EXPECT_EQ(house_.key(key_id_).primary_version, 2u);
}

TEST_F(DueRowsTest, WhatFellDueWhileDisabledHappensOnce) {
  rotate_automatically(true);
  enable(false);
  house_.clock.advance_seconds(std::int64_t{500} * 86'400);
  ASSERT_TRUE(house_.sweep());
  EXPECT_EQ(house_.key(key_id_).primary_version, 1u) << "a disabled key does not rotate";
  enable(true);
  expect_rows("enabled late");
  EXPECT_EQ(house_.key(key_id_).primary_version, 2u);
  ASSERT_TRUE(house_.sweep());
  EXPECT_EQ(house_.key(key_id_).primary_version, 2u);
}

TEST_F(DueRowsTest, ADestroyedKeyHasNone) {
  rotate_automatically(true);
  delete_later(true);
  house_.clock.advance_seconds(std::int64_t{7} * 86'400);
  ASSERT_TRUE(house_.sweep());
  EXPECT_TRUE(house_.due().empty());
}

}  // namespace
}  // namespace kagimori
