#include "model/custom_key_store.h"

#include "model/record_keys.h"

namespace kagimori {
namespace {

TEST(CustomKeyStoreTest, AnObjectNamesItsExternalKey) {
  Key key;
  key.origin = KeyOrigin::kExternalKeyStore;
  KeyObject object;
  EXPECT_EQ(external_key_of(key, object), std::nullopt);
  set_external_key(object, {"cks-1", "key-1"});
  EXPECT_EQ(external_key_of(key, object), (ExternalKey{"cks-1", "key-1"}));
  key.origin = KeyOrigin::kGenerated;
  EXPECT_EQ(external_key_of(key, object), std::nullopt);
}

TEST(CustomKeyStoreTest, OnlyWhoSwitchesItOffDisconnects) {
  CustomKeyStore store;
  for (const ConnectionState state :
       {ConnectionState::kDisconnected, ConnectionState::kConnecting, ConnectionState::kConnected,
        ConnectionState::kFailed, ConnectionState::kDisconnecting}) {
    store.state = state;
    EXPECT_EQ(store.is_disconnected(), connection_state_name(state).starts_with("DISCONNECT"));
  }
}

TEST(CustomKeyStoreTest, AConnectionJobNamesItsStore) {
  const Bytes key = record_key::connection_job("111122223333", "us-east-1", "cks-1");
  const auto job = parse_connection_job(key);
  ASSERT_TRUE(job);
  EXPECT_EQ(job->account, "111122223333");
  EXPECT_EQ(job->region, "us-east-1");
  EXPECT_EQ(job->store_id, "cks-1");
  for (std::size_t size = 0; size < key.size(); ++size) {
    const auto part = parse_connection_job(ByteView(key).first(size));
    EXPECT_TRUE(!part || part->store_id != "cks-1") << size;
  }
  EXPECT_FALSE(parse_hsm_removal_job(key));
}

TEST(CustomKeyStoreTest, AnHsmRemovalJobNamesItsKey) {
  const Bytes key = record_key::hsm_removal_job("111122223333", "us-east-1", "cks-1", "00ff");
  const auto job = parse_hsm_removal_job(key);
  ASSERT_TRUE(job);
  EXPECT_EQ(job->account, "111122223333");
  EXPECT_EQ(job->region, "us-east-1");
  EXPECT_EQ(job->store_id, "cks-1");
  EXPECT_EQ(job->key_id, "00ff");
  for (std::size_t size = 0; size < key.size(); ++size) {
    EXPECT_FALSE(parse_hsm_removal_job(ByteView(key).first(size))) << size;
  }
  EXPECT_FALSE(parse_connection_job(key));
}

}  // namespace
}  // namespace kagimori
