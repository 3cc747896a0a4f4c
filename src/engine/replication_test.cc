#include "engine/replication.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/encoding.h"
#include "engine/key_house_test.h"
#include "engine/lifecycle_changes.h"
#include "engine/rotation.h"
#include "seal/material_binding.h"

// Related keys as the store holds them: what is copied, what is noted, and what the clock has to do.

namespace kagimori {
namespace {

using engine_test::code_of;
using engine_test::KeyHouse;
using engine_test::kOperator;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::string_view kHome = "us-east-1", kSecond = "eu-central-1", kThird = "ap-southeast-2";

CreateKeyRequest multi_region() {
  CreateKeyRequest request;
  request.multi_region = true;
  return request;
}

class ReplicationTest : public testing::Test {
 protected:
  ReplicationTest() { house_.settings.regions = {std::string(kHome), std::string(kSecond), std::string(kThird)}; }

  // As a caller whose requests are signed for that Region.
  Status in(std::string_view region, const std::function<Status(Transaction&)>& work) {
    house_.settings.region = region;
    Status done = house_.act(work);
    house_.settings.region = kHome;
    return done;
  }
  void expect_in(std::string_view region, const std::function<Status(Transaction&)>& work) {
    const Status done = in(region, work);
    EXPECT_TRUE(done) << done.error().message;
  }
  void replicate(std::string_view to, std::string_view from = kHome) {
    expect_in(from, [&](Transaction& t) -> Status {
      TRY(replicate_key(t, {key_id_, std::string(to), std::nullopt, "", {}, false}));
      return {};
    });
  }
  void rotate() {
    expect_in(kHome, [&](Transaction& t) -> Status {
      TRY(rotate_key_on_demand(t, key_id_));
      return {};
    });
  }
  void change(std::string_view region, const std::function<void(Key&)>& edit) {
    expect_in(region, [&](Transaction& t) -> Status {
      TRY_ASSIGN(const TransactionKey found, t.find_key(key_id_, false));
      Key key = found.key;
      edit(key);
      return t.save_key(found.key, key);
    });
  }
  Key key(std::string_view region) {
    house_.settings.region = region;
    Key found = house_.key(key_id_);
    house_.settings.region = kHome;
    return found;
  }
  AwsKeyState state(std::string_view region) {
    AwsKeyState found{};
    expect_in(region, [&](Transaction& t) -> Status {
      TRY_ASSIGN(const TransactionKey one, t.find_key(key_id_, false));
      found = one.state();
      return {};
    });
    return found;
  }
  std::string material(const Key& of, const KeyObject& object) {
    const auto opened = house_.keyrings->unwrap(*house_.crypto, material_binding(of, object), object.material);
    EXPECT_TRUE(opened) << opened.error().message;
    return opened ? hex_encode(opened->expose()) : std::string();
  }
  static std::string arn(std::string_view region, const Key& of) {
    return "arn:aws:kms:" + std::string(region) + ":" + of.account + ":key/" + of.key_id;
  }

  KeyHouse house_;
  std::string key_id_ = house_.make_key(multi_region());
};

TEST_F(ReplicationTest, EveryVersionIsCopiedUnderABindingOfItsOwn) {
  rotate();
  replicate(kSecond);
  const Key primary = key(kHome), replica = key(kSecond);
  EXPECT_NE(primary.row, replica.row);
  EXPECT_EQ(replica.primary_version, 2u);
  EXPECT_EQ(replica.last_version, 2u);
  const auto objects = house_.objects(primary), copies = house_.objects(replica);
  const auto versions = house_.versions(primary), copied = house_.versions(replica);
  ASSERT_EQ(copies.size(), 2u);
  ASSERT_EQ(copied.size(), 2u);
  for (std::size_t i = 0; i < copies.size(); ++i) {
    EXPECT_NE(copies[i].object_id, objects[i].object_id);
    EXPECT_NE(copies[i].material, objects[i].material);
    EXPECT_EQ(material(replica, copies[i]), material(primary, objects[i]));
    EXPECT_FALSE(house_.keyrings->unwrap(*house_.crypto, material_binding(primary, copies[i]), copies[i].material));
    EXPECT_EQ(copied[i].material_id, versions[i].material_id);
    EXPECT_EQ(copied[i].rotation, versions[i].rotation);
    EXPECT_EQ(copied[i].rotated_at, versions[i].rotated_at);
    EXPECT_EQ(copied[i].birth, versions[i].birth);
    EXPECT_TRUE(house_.get<RowId>(Table::kObjectIds, record_key::object_id(kOperator, copies[i].object_id)));
  }
}

TEST_F(ReplicationTest, BothHalvesOfAPairAreCopiedWithTheirLinks) {
  KeyObject secret = house_.objects(key(kHome))[0];
  KeyObject half = secret;
  half.index = 1;
  half.object_id = "the-public-half";
  half.type = ObjectType::kPublicKey;
  half.material = {};
  half.public_data = {1, 2, 3};
  half.links = {{1, secret.object_id}};
  secret.links = {{2, half.object_id}, {3, "of something else"}};
  expect_in(kHome, [&](Transaction& t) -> Status {
    TRY(put_object(t, secret));
    return put_object(t, half);
  });
  replicate(kSecond);
  const auto copies = house_.objects(key(kSecond));
  ASSERT_EQ(copies.size(), 2u);
  EXPECT_EQ(copies[1].type, ObjectType::kPublicKey);
  EXPECT_EQ(copies[1].public_data, half.public_data);
  EXPECT_THAT(copies[1].material.blob, IsEmpty());
  EXPECT_THAT(copies[1].links, ElementsAre(ObjectLink{1, copies[0].object_id}));
  EXPECT_THAT(copies[0].links, ElementsAre(ObjectLink{2, copies[1].object_id}, ObjectLink{3, "of something else"}));
  EXPECT_NE(copies[1].object_id, half.object_id);
  EXPECT_EQ(copies[1].state.state, LifecycleState::kGenerated);
  ASSERT_TRUE(house_.sweep());
  for (const KeyObject& object : house_.objects(key(kSecond))) {
    EXPECT_EQ(object.state.state, LifecycleState::kActivated);
  }
}

TEST_F(ReplicationTest, CreatingEndsByTheClock) {
  replicate(kSecond);
  EXPECT_EQ(state(kSecond), AwsKeyState::kCreating);
  ASSERT_EQ(house_.due().size(), 1u);
  EXPECT_EQ(house_.due()[0].kind, DueKind::kReplicate);
  EXPECT_EQ(house_.due()[0].row, key(kSecond).row);
  ASSERT_TRUE(house_.sweep());
  EXPECT_EQ(state(kSecond), AwsKeyState::kEnabled);
  EXPECT_TRUE(house_.due().empty());
  ASSERT_EQ(house_.transitions(key(kSecond)).size(), 2u);
  EXPECT_EQ(house_.transitions(key(kSecond))[1].to, "Enabled");
}

TEST_F(ReplicationTest, ImportedMaterialDoesNotComeAlong) {
  change(kHome, [](Key& k) { k.origin = KeyOrigin::kImported; });
  replicate(kSecond);
  EXPECT_EQ(state(kSecond), AwsKeyState::kCreating);
  ASSERT_TRUE(house_.sweep());
  EXPECT_EQ(state(kSecond), AwsKeyState::kPendingImport);
  const auto objects = house_.objects(key(kSecond));
  ASSERT_EQ(objects.size(), 1u);
  EXPECT_EQ(objects[0].presence, Presence::kAbsent);
  EXPECT_THAT(objects[0].material.blob, IsEmpty());
  EXPECT_TRUE(objects[0].state.reasons.has(LifecycleReason::kAwaitingImport));
  EXPECT_EQ(house_.versions(key(kSecond))[0].material_id, house_.versions(key(kHome))[0].material_id);
  EXPECT_THAT(house_.versions(key(kHome))[0].copies, IsEmpty());
}

TEST_F(ReplicationTest, TheLedgerTellsOfEveryCopy) {
  replicate(kSecond);
  house_.clock.advance_seconds(60);
  ASSERT_TRUE(house_.sweep());
  rotate();
  const auto before = house_.versions(key(kHome));
  for (const KeyVersion& version : before) {
    ASSERT_EQ(version.copies.size(), 1u);
    EXPECT_EQ(version.copies[0].kind, CopyEntry::Kind::kReplica);
    EXPECT_EQ(version.copies[0].where, arn(kSecond, key(kHome)));
    EXPECT_FALSE(version.copies[0].horizon);
  }
  expect_in(kSecond, [&](Transaction& t) -> Status {
    TRY(schedule_key_deletion(t, key_id_, 7));
    return {};
  });
  house_.clock.advance_seconds(std::int64_t{8} * 86'400);
  ASSERT_TRUE(house_.sweep());
  for (const KeyVersion& version : house_.versions(key(kHome))) {
    ASSERT_EQ(version.copies.size(), 1u);
    EXPECT_EQ(version.copies[0].horizon, house_.clock.now());
  }
}

TEST_F(ReplicationTest, TheNewPrimaryKnowsAllCopiesAndTheSchedule) {
  replicate(kSecond);
  replicate(kThird);
  ASSERT_TRUE(house_.sweep());
  expect_in(kHome, [&](Transaction& t) { return enable_key_rotation(t, key_id_, 90); });
  expect_in(kHome, [&](Transaction& t) { return update_primary_region(t, key_id_, kThird); });
  EXPECT_EQ(state(kHome), AwsKeyState::kUpdating);
  EXPECT_EQ(state(kThird), AwsKeyState::kUpdating);
  EXPECT_EQ(state(kSecond), AwsKeyState::kEnabled);
  ASSERT_TRUE(house_.sweep());
  const Key primary = key(kThird);
  EXPECT_EQ(primary.replication, ReplicationRole::kPrimary);
  EXPECT_THAT(primary.replica_regions, ElementsAre(std::string(kSecond), std::string(kHome)));
  EXPECT_EQ(house_.versions(primary)[0].copies.size(), 2u);
  for (const std::string_view region : {kHome, kSecond}) {
    EXPECT_EQ(key(region).replication, ReplicationRole::kReplica);
    EXPECT_EQ(key(region).primary_region, kThird);
    EXPECT_THAT(key(region).replica_regions, IsEmpty());
  }
  ASSERT_EQ(house_.due().size(), 1u) << "the rotation moved";
  EXPECT_EQ(house_.due()[0].row, primary.row);
}

// A backup from before a change of roles, restored after the former primary was deleted.
TEST_F(ReplicationTest, APrimaryThatGoesFirstLeavesItsRole) {
  replicate(kSecond);
  replicate(kThird);
  ASSERT_TRUE(house_.sweep());
  expect_in(kHome, [&](Transaction& t) { return enable_key_rotation(t, key_id_, 90); });
  expect_in(kHome, [&](Transaction& t) -> Status {
    TRY_ASSIGN(const TransactionKey found, t.find_key(key_id_, false));
    return destroy_key(t, found.key);
  });
  EXPECT_EQ(key(kThird).replication, ReplicationRole::kPrimary);
  EXPECT_THAT(key(kThird).replica_regions, ElementsAre(std::string(kSecond)));
  EXPECT_EQ(key(kSecond).primary_region, kThird);
  EXPECT_EQ(key(kThird).rotation_period_days, 90u);
}

TEST_F(ReplicationTest, AReplicaOfALostPrimaryDies) {
  replicate(kSecond);
  ASSERT_TRUE(house_.sweep());
  const Key lost = key(kHome);
  expect_in(kHome,
            [&](Transaction& t) { return t.erase(Table::kKeyIds, record_key::key_id(kOperator, kHome, key_id_)); });
  const RowId row = key(kSecond).row;
  expect_in(kSecond, [&](Transaction& t) -> Status {
    TRY_ASSIGN(const TransactionKey found, t.find_key(key_id_, false));
    return destroy_key(t, found.key);
  });
  EXPECT_TRUE(house_.get<Tombstone>(Table::kTombstones, record_key::key(kOperator, row)));
}

}  // namespace
}  // namespace kagimori
