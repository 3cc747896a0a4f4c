#include "seal/keyring.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/encoding.h"
#include "model/record_keys.h"
#include "seal/sealed_batch.h"
#include "seal/vault_test.h"

namespace kagimori {
namespace {

using seal_test::FaultStore;
using seal_test::kAccount;
using seal_test::Vault;
using ::testing::HasSubstr;

constexpr MaterialBinding kBinding{seal_test::kAccount, "us-east-1", "11111111-2222-3333-4444-555555555555", 1,
                                   KeyAlgorithm::kAes};

class Keyring : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(vault_.keyrings);
    ASSERT_TRUE(vault_.add_account(kAccount));
  }
  Keyrings& keyrings() { return *vault_.keyrings; }
  CryptoContext& crypto() { return *vault_.crypto; }
  WrappedMaterial wrapped(std::string_view material) {
    return *keyrings().wrap(crypto(), kBinding, as_bytes(material));
  }
  std::string unwrapped(const WrappedMaterial& material, const MaterialBinding& binding = kBinding) {
    const auto secret = keyrings().unwrap(crypto(), binding, material);
    return secret ? std::string(as_text(secret->expose())) : std::string(error_code_name(secret.error().code));
  }
  StoredRecord sealed(std::string_view content, std::uint64_t revision = 5) {
    const Bytes key = to_bytes(as_bytes("primary"));
    return {key, revision, *keyrings().seal_record(crypto(), kAccount, Table::kKeys, key, revision, as_bytes(content))};
  }
  std::string opened(const StoredRecord& record, std::string_view account = kAccount, Table table = Table::kKeys) {
    const auto content = keyrings().open_record(crypto(), account, table, record);
    return content ? std::string(as_text(*content)) : content.error().message;
  }
  std::uint32_t current_epoch() { return wrapped("x").epoch; }

  Vault vault_;
};

TEST_F(Keyring, UnwrapsWhatItWrappedAlsoAfterARestart) {
  const WrappedMaterial material = wrapped("secret material");
  EXPECT_EQ(material.epoch, 1u);
  EXPECT_EQ(unwrapped(material), "secret material");
  EXPECT_EQ(std::string(as_text(material.blob)).find("secret"), std::string::npos);
  vault_.reopen();
  EXPECT_EQ(unwrapped(material), "secret material");
}

TEST_F(Keyring, MaterialIsBoundToEveryPartOfItsPlace) {
  ASSERT_TRUE(vault_.add_account("444455556666"));
  const WrappedMaterial material = wrapped("secret");
  const auto with = [](auto change) {
    MaterialBinding binding = kBinding;
    change(binding);
    return binding;
  };
  const std::string corrupt(error_code_name(ErrorCode::kCorrupt));
  EXPECT_EQ(unwrapped(material, with([](auto& b) { b.account = "444455556666"; })), corrupt);
  EXPECT_EQ(unwrapped(material, with([](auto& b) { b.region = "us-east-2"; })), corrupt);
  EXPECT_EQ(unwrapped(material, with([](auto& b) { b.object_id = "11111111-2222-3333-4444-555555555556"; })), corrupt);
  EXPECT_EQ(unwrapped(material, with([](auto& b) { b.version = 2; })), corrupt);
  EXPECT_EQ(unwrapped(material, with([](auto& b) { b.algorithm = KeyAlgorithm::kHmac; })), corrupt);
  // Moving a boundary between two parts is another binding too.
  EXPECT_EQ(unwrapped(material, with([](auto& b) { b.region = "us-east-11"; })), corrupt);
}

TEST_F(Keyring, RefusesDamagedMaterial) {
  const WrappedMaterial material = wrapped("secret");
  for (std::size_t bit = 8; bit < material.blob.size() * 8; ++bit) {
    WrappedMaterial changed = material;
    changed.blob[bit / 8] = static_cast<std::uint8_t>(changed.blob[bit / 8] ^ (1u << (bit % 8)));
    EXPECT_EQ(unwrapped(changed), error_code_name(ErrorCode::kCorrupt)) << bit;
  }
  for (std::size_t size = 0; size < material.blob.size(); ++size) {
    WrappedMaterial changed = material;
    changed.blob.resize(size);
    EXPECT_EQ(unwrapped(changed), error_code_name(ErrorCode::kCorrupt)) << size;
  }
  WrappedMaterial newer = material;
  newer.blob[0] = 2;
  EXPECT_EQ(unwrapped(newer), error_code_name(ErrorCode::kNewerSchema));
  WrappedMaterial unknown_epoch = material;
  unknown_epoch.epoch = 2;
  EXPECT_EQ(unwrapped(unknown_epoch), error_code_name(ErrorCode::kCorrupt));
}

TEST_F(Keyring, TwoWrapsOfOneMaterialDiffer) { EXPECT_NE(wrapped("same").blob, wrapped("same").blob); }

TEST_F(Keyring, AnAccountWithoutKeyringIsNotFound) {
  MaterialBinding binding = kBinding;
  binding.account = "999999999999";
  const auto result = keyrings().wrap(crypto(), binding, as_bytes("x"));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(result.error().message, "The account 999999999999 has no keyring.");
  binding.account = "not-an-accou";
  EXPECT_EQ(keyrings().wrap(crypto(), binding, as_bytes("x")).error().code, ErrorCode::kInternal);
}

TEST_F(Keyring, OpensTheRecordsItSealedAlsoAfterARestart) {
  const StoredRecord record = sealed("content");
  EXPECT_EQ(opened(record), "content");
  EXPECT_EQ(*account_of_record(Table::kKeys, record), kAccount);
  EXPECT_EQ(opened(sealed("")), "");
  vault_.reopen();
  EXPECT_EQ(opened(record), "content");
}

TEST_F(Keyring, RecordErrorsNameTableAndKeyAndWhatIsWrong) {
  ASSERT_TRUE(vault_.add_account("444455556666"));
  const StoredRecord good = sealed("content");
  const std::string front = "The record 7072696d617279 of table keys is damaged or forged: ";
  const std::string back = " Restore it from a backup.";
  struct Case {
    const char* what;
    std::function<void(StoredRecord&)> change;
    std::string message;
  };
  const Case cases[] = {
      {"empty", [](auto& r) { r.value.clear(); }, front + "it is cut off or not a record." + back},
      {"cut off", [](auto& r) { r.value.resize(44); }, front + "it is cut off or not a record." + back},
      {"format 0", [](auto& r) { r.value[0] = 0; }, front + "it is cut off or not a record." + back},
      {"format of later", [](auto& r) { r.value[0] = 2; },
       "The record 7072696d617279 of table keys was written by a later release of Kagimori. Use that release."},
      {"other account", [](auto& r) { r.value[8] = static_cast<std::uint8_t>(r.value[8] + 1); },
       front + "it belongs to account 111122223334, not to 111122223333." + back},
      {"account of 13 digits", [](auto& r) { r.value[1] = 1; }, front + "it names an impossible account." + back},
      {"epoch of later", [](auto& r) { r.value[12] = 9; },
       front + "Epoch 9 of account 111122223333 is not in the store (any more)." + back},
      {"content", [](auto& r) { r.value[13] ^= 1; }, front + "its MAC does not match." + back},
      {"MAC", [](auto& r) { r.value.back() ^= 1; }, front + "its MAC does not match." + back},
      {"one byte less", [](auto& r) { r.value.pop_back(); }, front + "its MAC does not match." + back},
      {"one byte more", [](auto& r) { r.value.push_back(0); }, front + "its MAC does not match." + back},
      {"revision", [](auto& r) { r.revision = 6; }, front + "its MAC does not match." + back},
  };
  for (const Case& c : cases) {
    StoredRecord changed = good;
    c.change(changed);
    EXPECT_EQ(opened(changed), c.message) << c.what;
  }
  StoredRecord moved = good;
  moved.key.back() ^= 1;
  EXPECT_THAT(opened(moved), HasSubstr("its MAC does not match."));
  EXPECT_THAT(opened(good, kAccount, Table::kAliases), HasSubstr("of table aliases is damaged or forged: its MAC"));
  EXPECT_THAT(opened(good, "444455556666"), HasSubstr("it belongs to account 111122223333, not to 444455556666."));
  EXPECT_EQ(opened(good), "content");
}

TEST_F(Keyring, EveryFlippedBitOfARecordIsSeen) {
  const StoredRecord good = sealed("content");
  for (std::size_t bit = 0; bit < good.value.size() * 8; ++bit) {
    StoredRecord changed = good;
    changed.value[bit / 8] = static_cast<std::uint8_t>(changed.value[bit / 8] ^ (1u << (bit % 8)));
    EXPECT_FALSE(keyrings().open_record(crypto(), kAccount, Table::kKeys, changed)) << bit;
  }
}

// The account in the value is authentic, but a record of one account can't be passed off as another's.
TEST_F(Keyring, ARecordOfOneAccountIsNoneOfAnother) {
  ASSERT_TRUE(vault_.add_account("444455556666"));
  StoredRecord record = sealed("content");
  record.value[1 + 7] = 0;  // whatever this account is, it is not the one that sealed it
  EXPECT_FALSE(keyrings().open_record(crypto(), kAccount, Table::kKeys, record));
}

TEST_F(Keyring, CreatingAnAccountTwiceIsRefused) {
  Batch batch;
  const Status again = keyrings().create_account(crypto(), kAccount, batch);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::kAlreadyExists);
  EXPECT_TRUE(batch.writes.empty());
}

// Either batch may be the one that commits; what was sealed for the other must open all the same.
TEST_F(Keyring, ASecondTryToCreateAnAccountGetsTheSameEpoch) {
  constexpr std::string_view kNew = "777788889999";
  Batch first, second;
  ASSERT_TRUE(keyrings().create_account(crypto(), kNew, first));
  const Bytes key = to_bytes(as_bytes("k"));
  const StoredRecord record{key, 3, *keyrings().seal_record(crypto(), kNew, Table::kKeys, key, 3, as_bytes("content"))};
  ASSERT_TRUE(keyrings().create_account(crypto(), kNew, second));
  ASSERT_TRUE(vault_.store.commit_and_wait(std::move(second)));
  const auto late = vault_.store.commit_and_wait(std::move(first));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, ErrorCode::kStale);
  vault_.reopen();
  EXPECT_EQ(opened(record, kNew), "content");
}

TEST_F(Keyring, AFreshAccountThatWasNeverCommittedIsGoneAfterARestart) {
  Batch lost;
  ASSERT_TRUE(keyrings().create_account(crypto(), "777788889999", lost));
  vault_.reopen();
  EXPECT_TRUE(vault_.add_account("777788889999"));
}

TEST_F(Keyring, DamagedEpochsAreNamed) {
  const WrappedMaterial material = wrapped("secret");
  const Bytes epoch = record_key::epoch(kAccount, 1);
  struct Case {
    const char* what;
    std::function<void(Bytes&)> change;
    const char* message;
  };
  const std::string name = "The record " + hex_encode(epoch) + " of table epochs ";
  for (const Case& c :
       {Case{"flipped", [](Bytes& v) { v[40] ^= 1; }, "is damaged or forged: its MAC does not match."},
        Case{"cut off", [](Bytes& v) { v.resize(10); }, "is damaged or forged: it is cut off or not a record."},
        Case{"newer", [](Bytes& v) { v[0] = 9; }, "was written by a later release of Kagimori. Use that release."},
        Case{"other generation", [](Bytes& v) { v[4] = 7; },
             "is damaged or forged: it names a generation of the root key that is not in use."}}) {
    vault_.store.undo_forgeries();
    vault_.reopen();
    vault_.tamper(Table::kEpochs, epoch, c.change);
    const auto result = keyrings().unwrap(crypto(), kBinding, material);
    ASSERT_FALSE(result) << c.what;
    EXPECT_THAT(result.error().message, HasSubstr(name + c.message)) << c.what;
  }
}

// Somebody with access to the database puts one account's epoch in the place of another's.
TEST_F(Keyring, EpochsCantBeSwapped) {
  ASSERT_TRUE(vault_.add_account("444455556666"));
  const WrappedMaterial material = wrapped("secret");
  StoredRecord other = *vault_.record(Table::kEpochs, record_key::epoch("444455556666", 1));
  other.key = record_key::epoch(kAccount, 1);
  vault_.store.forge(Table::kEpochs, other.key, other);
  vault_.reopen();
  EXPECT_EQ(unwrapped(material), error_code_name(ErrorCode::kCorrupt));
}

TEST_F(Keyring, AnEpochThatIsTooOldIsReplaced) {
  const WrappedMaterial old = wrapped("secret");
  vault_.clock.advance_seconds(86'399);
  ASSERT_TRUE(keyrings().start_due_epochs(crypto()));
  EXPECT_EQ(current_epoch(), 1u);
  vault_.clock.advance_seconds(1);
  ASSERT_TRUE(keyrings().start_due_epochs(crypto()));
  EXPECT_EQ(current_epoch(), 2u);
  EXPECT_EQ(unwrapped(old), "secret");
  const StoredRecord record = sealed("content");
  EXPECT_EQ(record.value[12], 2);
  vault_.reopen();
  EXPECT_EQ(current_epoch(), 2u);
  EXPECT_EQ(unwrapped(old), "secret");
  EXPECT_EQ(opened(record), "content");
  // The system's own keyring has got a new epoch too.
  EXPECT_TRUE(vault_.record(Table::kEpochs, record_key::epoch("000000000000", 2)));
}

TEST_F(Keyring, NothingDueNothingWritten) {
  const std::size_t before = vault_.store.commits();
  ASSERT_TRUE(keyrings().start_due_epochs(crypto()));
  ASSERT_TRUE(keyrings().start_due_epochs(crypto()));
  EXPECT_EQ(vault_.store.commits(), before);
}

TEST_F(Keyring, AFailedCommitLeavesTheOldEpochCurrent) {
  for (const auto fault : {FaultStore::Fault::kBefore, FaultStore::Fault::kAfter}) {
    const std::uint32_t before = current_epoch();
    vault_.clock.advance_seconds(86'400);
    vault_.store.fail_commit(1, fault);
    EXPECT_FALSE(keyrings().start_due_epochs(crypto()));
    vault_.store.heal();
    // What the store says counts, not what the process wished for.
    EXPECT_EQ(current_epoch(), fault == FaultStore::Fault::kBefore ? before : before + 1);
    ASSERT_TRUE(keyrings().start_due_epochs(crypto()));
    EXPECT_EQ(current_epoch(), before + 1);
  }
}

TEST(KeyringUses, AnEpochThatWasUsedTooOftenIsReplaced) {
  Vault vault({.epoch_max_age_seconds = 86'400, .epoch_max_uses = 10});
  ASSERT_TRUE(vault.add_account(kAccount));
  const auto wrap = [&] { return vault.keyrings->wrap(*vault.crypto, kBinding, as_bytes("x"))->epoch; };
  for (int i = 0; i < 9; ++i) EXPECT_EQ(wrap(), 1u);
  ASSERT_TRUE(vault.keyrings->start_due_epochs(*vault.crypto));
  EXPECT_EQ(wrap(), 1u);  // the tenth
  ASSERT_TRUE(vault.keyrings->start_due_epochs(*vault.crypto));
  EXPECT_EQ(wrap(), 2u);
}

TEST(KeyringUses, ARestartNeverForgetsUses) {
  Vault vault({.epoch_max_age_seconds = 86'400, .epoch_max_uses = 10});
  ASSERT_TRUE(vault.add_account(kAccount));
  for (int i = 0; i < 10; ++i) {
    vault.reopen();
    ASSERT_TRUE(vault.keyrings->start_due_epochs(*vault.crypto));
    EXPECT_EQ(vault.keyrings->wrap(*vault.crypto, kBinding, as_bytes("x"))->epoch, i < 9 ? 1u : 2u) << i;
  }
}

TEST(KeyringUses, WithoutRoomForTheCountNothingIsWrapped) {
  Vault vault({.epoch_max_age_seconds = 86'400, .epoch_max_uses = 10});
  ASSERT_TRUE(vault.add_account(kAccount));
  ASSERT_TRUE(vault.keyrings->wrap(*vault.crypto, kBinding, as_bytes("x")));
  vault.store.fail_commit(1, FaultStore::Fault::kBefore);
  const auto refused = vault.keyrings->wrap(*vault.crypto, kBinding, as_bytes("x"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kIo);
  vault.store.heal();
  EXPECT_TRUE(vault.keyrings->wrap(*vault.crypto, kBinding, as_bytes("x")));
}

TEST_F(Keyring, ASealedBatchExpectsWhatWasRead) {
  const Bytes key = to_bytes(as_bytes("alias"));
  ASSERT_TRUE(vault_.put(kAccount, Table::kAliases, key, as_bytes("one")));
  const StoredRecord first = *vault_.record(Table::kAliases, key);
  EXPECT_EQ(opened(first, kAccount, Table::kAliases), "one");

  SealedBatch late(keyrings(), crypto(), first.revision);
  ASSERT_TRUE(late.put(kAccount, Table::kAliases, key, first.revision, as_bytes("late")));
  ASSERT_TRUE(vault_.put(kAccount, Table::kAliases, key, as_bytes("two")));
  const auto committed = vault_.store.commit_and_wait(std::move(late).take());
  ASSERT_FALSE(committed);
  EXPECT_EQ(committed.error().code, ErrorCode::kStale);

  // A record that is deleted and made again gets a revision that it never had.
  const StoredRecord second = *vault_.record(Table::kAliases, key);
  SealedBatch removal(keyrings(), crypto(), (*vault_.store.read())->store_revision());
  removal.remove(Table::kAliases, key, second.revision);
  ASSERT_TRUE(vault_.store.commit_and_wait(std::move(removal).take()));
  EXPECT_FALSE(vault_.record(Table::kAliases, key));
  ASSERT_TRUE(vault_.put(kAccount, Table::kAliases, key, as_bytes("three")));
  EXPECT_GT(vault_.record(Table::kAliases, key)->revision, second.revision);
}

}  // namespace
}  // namespace kagimori
