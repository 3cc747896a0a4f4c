#include "seal/rewrap_job.h"

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "model/record_codec.h"
#include "model/record_keys.h"
#include "seal/record_value.h"
#include "seal/sealed_batch.h"
#include "seal/vault_test.h"

namespace kagimori {
namespace {

using seal_test::FaultStore;
using seal_test::kAccount;
using seal_test::Vault;

constexpr std::string_view kOther = "444455556666";
constexpr std::size_t kSmallStep = 2;

// Two accounts with keys, objects, access keys and other records, and what must stay true of them.
class RewrapJobTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const std::string_view account : {kAccount, kOther}) {
      ASSERT_TRUE(vault_.add_account(account));
      for (std::uint8_t i = 1; i <= 3; ++i) add_key(account, i);
      add_access_key(account);
      add_session(account);
      add_key_store(account);
    }
  }

  static RowId row(std::uint8_t i) {
    RowId id;
    id.bytes.fill(i);
    return id;
  }
  static std::string secret_of(std::string_view account, int i) {
    return "secret " + std::to_string(i) + " of " + std::string(account);
  }
  static std::string access_key_id(std::string_view account) { return "AKIA" + std::string(account) + "AAAA"; }

  Key sample_key(std::string_view account, std::uint8_t i) {
    Key key;
    key.row = row(i);
    key.account = account;
    key.region = "eu-central-1";
    key.key_id = "1234abcd-12ab-34cd-56ef-1234567890ab";
    return key;
  }

  KeyObject sample_object(std::string_view account, std::uint8_t i) {
    KeyObject object;
    object.row = row(i);
    object.account = account;
    object.object_id = "object " + std::to_string(i);
    const std::string secret = secret_of(account, i);
    object.material =
        *vault_.keyrings->wrap(*vault_.crypto, material_binding(sample_key(account, i), object), as_bytes(secret));
    return object;
  }

  void add_key(std::string_view account, std::uint8_t i) {
    const Key key = sample_key(account, i);
    ASSERT_TRUE(vault_.put(account, Table::kKeys, record_key::key(account, key.row), encode(key)));
    ASSERT_TRUE(vault_.put(account, Table::kObjects, record_key::object(account, key.row, 1, 0),
                           encode(sample_object(account, i))));
    KeyObject destroyed;  // without material
    destroyed.row = key.row;
    destroyed.account = account;
    destroyed.presence = Presence::kAbsent;
    ASSERT_TRUE(vault_.put(account, Table::kObjects, record_key::object(account, key.row, 1, 1), encode(destroyed)));
    ASSERT_TRUE(
        vault_.put(account, Table::kKeyIds, record_key::key_id(account, key.region, key.key_id), encode_row(key.row)));
  }

  // As the engine keeps them: the record is the system's, the secret the account's.
  void add_access_key(std::string_view account) {
    AccessKey key;
    key.account = account;
    key.access_key_id = access_key_id(account);
    key.user_id = account;
    key.secret = *vault_.keyrings->wrap(*vault_.crypto, material_binding(key), as_bytes(secret_of(account, 0)));
    ASSERT_TRUE(vault_.put(kSystemAccount, Table::kAccessKeys, record_key::access_key(key.access_key_id), encode(key)));
  }

  void add_session(std::string_view account) {
    Session session;
    session.account = account;
    session.access_key_id = session_id(account);
    session.principal_id = account;
    session.secret = *vault_.keyrings->wrap(*vault_.crypto, material_binding(session), as_bytes(secret_of(account, 7)));
    const Bytes key = record_key::access_key(session.access_key_id);
    ASSERT_TRUE(vault_.put(kSystemAccount, Table::kSessions, key, encode(session)));
  }

  static std::string session_id(std::string_view account) { return "ASIA" + access_key_id(account).substr(4); }

  std::string session_secret(std::string_view account) {
    const StoredRecord record = *vault_.record(Table::kSessions, record_key::access_key(session_id(account)));
    const Session session =
        *decode<Session>(*vault_.keyrings->open_record(*vault_.crypto, kSystemAccount, Table::kSessions, record));
    const auto secret = vault_.keyrings->unwrap(*vault_.crypto, material_binding(session), session.secret);
    return secret ? std::string(as_text(secret->expose())) : secret.error().message;
  }

  static CustomKeyStore sample_key_store(std::string_view account) {
    CustomKeyStore store;
    store.account = account;
    store.region = "eu-central-1";
    store.id = "cks-0123456789abcdef0";
    return store;
  }
  static Bytes key_store_key(std::string_view account) {
    return record_key::custom_key_store(account, "eu-central-1", "cks-0123456789abcdef0");
  }
  void add_key_store(std::string_view account) {
    CustomKeyStore store = sample_key_store(account);
    store.secret = *vault_.keyrings->wrap(*vault_.crypto, material_binding(store), as_bytes(secret_of(account, 9)));
    ASSERT_TRUE(vault_.put(account, Table::kCustomKeyStores, key_store_key(account), encode(store)));
  }
  CustomKeyStore read_key_store(std::string_view account) {
    const StoredRecord record = *vault_.record(Table::kCustomKeyStores, key_store_key(account));
    return *decode<CustomKeyStore>(
        *vault_.keyrings->open_record(*vault_.crypto, account, Table::kCustomKeyStores, record));
  }

  // Every record opens, all material is what it was.
  void expect_all_readable() {
    Keyrings& keyrings = *vault_.keyrings;
    CryptoContext& crypto = *vault_.crypto;
    for (const Table table : kAllTables) {
      if (table == Table::kMeta || table == Table::kEnvelopes || table == Table::kEpochs) continue;
      for (const StoredRecord& record : vault_.all(table)) {
        const auto content = keyrings.open_record(crypto, *account_of_record(table, record), table, record);
        EXPECT_TRUE(content) << content.error().message;
      }
    }
    for (const std::string_view account : {kAccount, kOther}) {
      for (std::uint8_t i = 1; i <= 3; ++i) EXPECT_EQ(object_secret(account, i), secret_of(account, i));
      const AccessKey key = read_access_key(account);
      const auto secret = keyrings.unwrap(crypto, material_binding(key), key.secret);
      ASSERT_TRUE(secret) << secret.error().message;
      EXPECT_EQ(as_text(secret->expose()), secret_of(account, 0));
      EXPECT_EQ(session_secret(account), secret_of(account, 7));
      const CustomKeyStore store = read_key_store(account);
      const auto proxy_secret = keyrings.unwrap(crypto, material_binding(store), store.secret);
      ASSERT_TRUE(proxy_secret) << proxy_secret.error().message;
      EXPECT_EQ(as_text(proxy_secret->expose()), secret_of(account, 9));
    }
  }

  AccessKey read_access_key(std::string_view account) {
    const StoredRecord record = *vault_.record(Table::kAccessKeys, record_key::access_key(access_key_id(account)));
    return *decode<AccessKey>(
        *vault_.keyrings->open_record(*vault_.crypto, kSystemAccount, Table::kAccessKeys, record));
  }

  KeyObject read_object(std::string_view account, std::uint8_t i) {
    const StoredRecord record = *vault_.record(Table::kObjects, record_key::object(account, row(i), 1, 0));
    return *decode<KeyObject>(*vault_.keyrings->open_record(*vault_.crypto, account, Table::kObjects, record));
  }

  std::string object_secret(std::string_view account, std::uint8_t i) {
    const KeyObject object = read_object(account, i);
    const auto secret =
        vault_.keyrings->unwrap(*vault_.crypto, material_binding(sample_key(account, i), object), object.material);
    return secret ? std::string(as_text(secret->expose())) : secret.error().message;
  }

  // Records outside the root's tables that are not under this epoch.
  std::size_t records_not_under(std::uint32_t epoch) {
    std::size_t count = 0;
    for (const Table table : kAllTables) {
      if (table == Table::kMeta || table == Table::kEnvelopes || table == Table::kEpochs) continue;
      for (const StoredRecord& record : vault_.all(table)) {
        if (parse_record_value(table, record)->epoch.number != epoch) ++count;
      }
    }
    return count;
  }

  bool epoch_exists(std::uint32_t number, std::string_view account = kAccount) {
    return vault_.record(Table::kEpochs, record_key::epoch(account, number)).has_value();
  }

  void next_epoch() {
    vault_.clock.advance_seconds(86'400);
    ASSERT_TRUE(vault_.keyrings->start_due_epochs(*vault_.crypto));
  }

  Result<bool> step(std::size_t size = kSmallStep) { return vault_.keyrings->rewrap_step(*vault_.crypto, size); }

  // Until there is nothing to do. The number of steps.
  std::size_t run(std::size_t size = kSmallStep) {
    for (std::size_t steps = 0; steps < 10'000; ++steps) {
      const auto more = step(size);
      EXPECT_TRUE(more) << more.error().message;
      if (!more || !*more) return steps;
    }
    ADD_FAILURE() << "the job does not end";
    return 0;
  }

  Vault vault_;
};

TEST_F(RewrapJobTest, HasNothingToDoWhileEveryEpochIsCurrent) {
  const std::size_t before = vault_.store.commits();
  EXPECT_FALSE(*step());
  EXPECT_FALSE(*step());
  EXPECT_EQ(vault_.store.commits(), before);
}

TEST_F(RewrapJobTest, MovesEverythingThenDeletesTheOldEpochAndScrubs) {
  next_epoch();
  run();
  EXPECT_EQ(records_not_under(2), 0u);
  EXPECT_EQ(read_object(kAccount, 1).material.epoch, 2u);
  EXPECT_EQ(read_access_key(kAccount).secret.epoch, 2u);
  EXPECT_EQ(read_key_store(kAccount).secret.epoch, 2u);
  EXPECT_TRUE(epoch_exists(1));
  expect_all_readable();

  bool scrubbed = false;
  vault_.store.before_commit([&](const Batch& batch) {
    for (const Write& write : batch.writes) {
      if (write.table == Table::kEpochs && !write.value) scrubbed = batch.scrub;
    }
  });
  vault_.clock.advance_seconds(3600);
  run();
  EXPECT_TRUE(scrubbed);
  for (const std::string_view account : {kAccount, kOther, std::string_view(kSystemAccount)}) {
    EXPECT_FALSE(epoch_exists(1, account)) << account;
    EXPECT_TRUE(epoch_exists(2, account)) << account;
  }
  expect_all_readable();
  vault_.reopen();
  expect_all_readable();
}

TEST_F(RewrapJobTest, AnEpochLivesOnForAnHourAfterItsLastUse) {
  next_epoch();
  run();
  vault_.clock.advance_seconds(3599);
  run();
  EXPECT_TRUE(epoch_exists(1));
  vault_.clock.advance_seconds(1);
  run();
  EXPECT_FALSE(epoch_exists(1));
}

TEST_F(RewrapJobTest, StepsAreBounded) {
  next_epoch();
  std::size_t most = 0;
  vault_.store.before_commit([&](const Batch& batch) {
    std::size_t records = 0;
    for (const Write& write : batch.writes) records += write.table != Table::kEpochs && write.table != Table::kJobs;
    most = std::max(most, records);
  });
  const std::size_t small = run(1);
  EXPECT_EQ(most, 1u);
  next_epoch();
  EXPECT_LT(run(100), small);
  EXPECT_GT(most, 1u);
}

// Sealed before the new epoch, committed after the pass: found by the next pass, which keeps the epoch.
TEST_F(RewrapJobTest, ABatchThatWasOnItsWayIsNotLost) {
  const Bytes key = record_key::alias(kAccount, "eu-central-1", "alias/late");
  SealedBatch late(*vault_.keyrings, *vault_.crypto, (*vault_.store.read())->store_revision());
  ASSERT_TRUE(late.put(kAccount, Table::kAliases, key, 0, as_bytes("late")));
  next_epoch();
  run();
  ASSERT_TRUE(vault_.store.commit_and_wait(std::move(late).take()));
  vault_.clock.advance_seconds(3600);
  run();
  EXPECT_TRUE(epoch_exists(1));
  EXPECT_EQ(records_not_under(2), 0u);
  vault_.clock.advance_seconds(3600);
  run();
  EXPECT_FALSE(epoch_exists(1));
  const StoredRecord record = *vault_.record(Table::kAliases, key);
  EXPECT_EQ(as_text(*vault_.keyrings->open_record(*vault_.crypto, kAccount, Table::kAliases, record)), "late");
}

// The engine wrote the object anew (a change of state), so its record is under the current epoch, its material is not.
TEST_F(RewrapJobTest, FindsOldMaterialInNewRecords) {
  const KeyObject object = read_object(kAccount, 1);
  next_epoch();
  ASSERT_TRUE(vault_.put(kAccount, Table::kObjects, record_key::object(kAccount, row(1), 1, 0), encode(object)));
  run();
  EXPECT_EQ(read_object(kAccount, 1).material.epoch, 2u);
  vault_.clock.advance_seconds(3600);
  run();
  EXPECT_FALSE(epoch_exists(1));
  expect_all_readable();
}

TEST_F(RewrapJobTest, MaterialOfADeletedEpochIsStaleNotCorrupt) {
  const KeyObject kept = read_object(kAccount, 1);
  next_epoch();
  run();
  vault_.clock.advance_seconds(3600);
  run();
  const auto secret =
      vault_.keyrings->unwrap(*vault_.crypto, material_binding(sample_key(kAccount, 1), kept), kept.material);
  ASSERT_FALSE(secret);
  EXPECT_EQ(secret.error().code, ErrorCode::kStale);
}

// The process dies at its first or second commit (a step may first have to reserve uses of an epoch), before the batch
// reaches the disk or right after it, and starts again, until the job is done in spite of it all.
TEST_F(RewrapJobTest, GoesOnAfterBeingKilledAtEveryStep) {
  constexpr std::size_t kUnharmed = 100;
  constexpr std::pair<std::size_t, FaultStore::Fault> kDeaths[] = {{1, FaultStore::Fault::kBefore},
                                                                   {1, FaultStore::Fault::kAfter},
                                                                   {2, FaultStore::Fault::kBefore},
                                                                   {2, FaultStore::Fault::kAfter},
                                                                   {kUnharmed, FaultStore::Fault::kAfter}};
  std::size_t kills = 0;
  next_epoch();
  for (int pass = 0; pass < 2; ++pass) {
    bool more = true;
    for (std::size_t life = 0; more && life < 5000; ++life) {
      const auto [commit, fault] = kDeaths[life % std::size(kDeaths)];
      vault_.store.fail_commit(commit, fault);
      const auto result = step();
      vault_.store.heal();
      if (result) more = *result;
      if (!result) ++kills;
      ASSERT_NO_FATAL_FAILURE(vault_.reopen());
      if (life % 16 == 0) expect_all_readable();
    }
    ASSERT_FALSE(more);
    expect_all_readable();
    EXPECT_EQ(records_not_under(2), 0u);
    vault_.clock.advance_seconds(3600);
  }
  EXPECT_GT(kills, 40u);
  EXPECT_FALSE(epoch_exists(1));
}

// The engine changes a record between the job's reading and its commit: the job's step is void, the change is not.
TEST_F(RewrapJobTest, AConcurrentChangeWinsAndTheStepIsRepeated) {
  next_epoch();
  const Bytes key = record_key::key_id(kAccount, "eu-central-1", "1234abcd-12ab-34cd-56ef-1234567890ab");
  int changes = 0;
  bool inside = false;
  vault_.store.before_commit([&](const Batch& batch) {
    const bool touches = std::ranges::any_of(batch.writes, [&](const Write& write) { return write.key == key; });
    if (inside || !touches || changes == 3) return;
    inside = true;
    EXPECT_TRUE(vault_.put(kAccount, Table::kKeyIds, key, encode_row(row(static_cast<std::uint8_t>(++changes)))));
    inside = false;
  });
  run();
  EXPECT_GE(changes, 1);
  const StoredRecord record = *vault_.record(Table::kKeyIds, key);
  const auto content = vault_.keyrings->open_record(*vault_.crypto, kAccount, Table::kKeyIds, record);
  EXPECT_EQ(*decode_row(*content), row(static_cast<std::uint8_t>(changes)));
  EXPECT_EQ(records_not_under(2), 0u);
  expect_all_readable();
}

TEST_F(RewrapJobTest, ADamagedRecordIsLeftAloneAndKeepsItsEpoch) {
  const Bytes key = record_key::key(kAccount, row(2));
  const Bytes object = record_key::object(kAccount, row(2), 1, 0);  // can't be re-wrapped without its key
  const std::uint64_t revision = vault_.record(Table::kKeys, key)->revision;
  vault_.tamper(Table::kKeys, key, [](Bytes& value) { value[20] ^= 1; });
  next_epoch();
  run();
  EXPECT_EQ(records_not_under(2), 2u);
  EXPECT_EQ(vault_.record(Table::kKeys, key)->revision, revision);
  EXPECT_EQ(parse_record_value(Table::kObjects, *vault_.record(Table::kObjects, object))->epoch.number, 1u);
  vault_.clock.advance_seconds(3600);
  run();
  EXPECT_TRUE(epoch_exists(1));
  EXPECT_FALSE(epoch_exists(1, kOther));

  vault_.store.undo_forgeries();  // restored
  vault_.clock.advance_seconds(3600);
  run();
  EXPECT_EQ(records_not_under(2), 0u);
  expect_all_readable();
}

TEST_F(RewrapJobTest, StartsOverWhenItsPlaceIsDamaged) {
  next_epoch();
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(*step());
  vault_.tamper(Table::kJobs, as_bytes("rewrap"), [](Bytes& value) { value[15] ^= 1; });
  ASSERT_TRUE(*step());
  vault_.store.undo_forgeries();
  run();
  EXPECT_EQ(records_not_under(2), 0u);
  expect_all_readable();
}

// The golden bytes of the job's place: format, running, start of the pass, table, last key.
TEST_F(RewrapJobTest, ItsPlaceStaysAsItIsWritten) {
  const auto place = [this] {
    const auto record = vault_.record(Table::kJobs, as_bytes("rewrap"));
    const auto content = vault_.keyrings->open_record(*vault_.crypto, kSystemAccount, Table::kJobs, *record);
    return hex_encode(*content);
  };
  const std::string began = "0006652b466fe000";  // microseconds
  next_epoch();
  ASSERT_TRUE(*step());
  EXPECT_EQ(place(), "0101" + began + "0400000000");
  ASSERT_TRUE(*step());
  ASSERT_TRUE(*step());
  const std::string second_key = hex_encode(record_key::key(kAccount, row(2)));
  EXPECT_EQ(place(), "0101" + began + "050000001c" + second_key);
  run();
  EXPECT_EQ(place(), "0100" + began + "0400000000");
}

TEST_F(RewrapJobTest, APlaceOfALaterReleaseIsLeftAlone) {
  ASSERT_TRUE(vault_.put(kSystemAccount, Table::kJobs, as_bytes("rewrap"), Bytes{9}));
  next_epoch();
  const auto refused = step();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kNewerSchema);
}

TEST_F(RewrapJobTest, SeveralEpochsGoAtOnce) {
  next_epoch();
  next_epoch();
  next_epoch();
  run();
  vault_.clock.advance_seconds(3600);
  run();
  for (const std::uint32_t old : {1u, 2u, 3u}) EXPECT_FALSE(epoch_exists(old)) << old;
  EXPECT_EQ(records_not_under(4), 0u);
  expect_all_readable();
}

}  // namespace
}  // namespace kagimori
