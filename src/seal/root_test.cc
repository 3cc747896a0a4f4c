#include "seal/root.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/encoding.h"
#include "model/record_keys.h"
#include "seal/root_records.h"
#include "seal/vault_test.h"

namespace kagimori {
namespace {

using seal_test::kAccount;
using seal_test::kStoreId;
using seal_test::TemporaryFolder;
using seal_test::Vault;
using ::testing::HasSubstr;

constexpr std::string_view kOtherStoreId = "99999999-8888-4777-8666-555555555555";

class Root : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(vault_.keyrings); }

  // "code: sentence" of opening the store, or "opened". Opening never writes.
  std::string open() {
    const std::size_t before = vault_.store.commits();
    const auto opened = vault_.open(vault_.store);
    EXPECT_EQ(vault_.store.commits(), before);
    if (opened) return "opened";
    return std::string(error_code_name(opened.error().code)) + ": " + opened.error().message;
  }
  static std::string code(ErrorCode error) { return std::string(error_code_name(error)) + ": "; }

  Vault vault_;
};

TEST_F(Root, OpensAgainAndAgain) {
  EXPECT_EQ(open(), "opened");
  EXPECT_EQ(open(), "opened");
  const auto meta = read_store_meta(vault_.store);
  ASSERT_TRUE(meta);
  EXPECT_EQ(meta->store_id, kStoreId);
  EXPECT_EQ(meta->schema, kStoreSchema);
  EXPECT_EQ(meta->root_generation, 1u);
  EXPECT_EQ(meta->next_generation, 0u);
  EXPECT_EQ(meta->created, vault_.clock.now());
  EXPECT_FALSE(meta->test_store);
  EXPECT_EQ(vault_.keyrings->store_id(), kStoreId);
}

TEST_F(Root, ATestStoreSaysSo) {
  TemporaryStore empty;
  TemporaryFolder folder;
  const auto envelope = KeyFileEnvelope::create(*vault_.crypto, *vault_.random, folder.path() / "key", kOtherStoreId);
  ASSERT_TRUE(envelope);
  ASSERT_TRUE(create_root(*vault_.crypto, vault_.options(*empty), std::string(kOtherStoreId), true, **envelope));
  EXPECT_TRUE(read_store_meta(*empty)->test_store);
}

TEST_F(Root, IsMadeOnce) {
  const auto envelope = KeyFileEnvelope::load(*vault_.crypto, vault_.key_file(), kStoreId);
  const std::size_t before = vault_.store.commits();
  const auto again =
      create_root(*vault_.crypto, vault_.options(vault_.store), std::string(kStoreId), false, **envelope);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::kAlreadyExists);
  EXPECT_EQ(vault_.store.commits(), before);
  EXPECT_EQ(open(), "opened");
}

TEST_F(Root, AnEmptyStoreIsNotInitialised) {
  TemporaryStore empty;
  const auto meta = read_store_meta(*empty);
  ASSERT_FALSE(meta);
  EXPECT_EQ(meta.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(meta.error().message, HasSubstr("Run `kagimori init`."));
}

TEST_F(Root, FailsWithoutItsKeyFile) {
  std::filesystem::remove(vault_.key_file());
  EXPECT_EQ(open(), code(ErrorCode::kWrongRootKey) + "The key file " + vault_.key_file().string() +
                        " is missing. Put back your copy of it, or say where it is; without it the store " +
                        std::string(kStoreId) + " can't be opened.");
}

TEST_F(Root, FailsWithTheKeyFileOfAnotherStore) {
  std::filesystem::remove(vault_.key_file());
  ASSERT_TRUE(KeyFileEnvelope::create(*vault_.crypto, *vault_.random, vault_.key_file(), kOtherStoreId));
  EXPECT_EQ(open(), code(ErrorCode::kWrongRootKey) + "The key file " + vault_.key_file().string() +
                        " belongs to the store " + std::string(kOtherStoreId) + ", but this is the store " +
                        std::string(kStoreId) + ". Use the key file and the data folder that belong together.");
}

TEST_F(Root, FailsWithAnotherKeyFileOfTheSameStore) {
  std::filesystem::remove(vault_.key_file());
  ASSERT_TRUE(KeyFileEnvelope::create(*vault_.crypto, *vault_.random, vault_.key_file(), kStoreId));
  EXPECT_THAT(open(), ::testing::AllOf(HasSubstr(code(ErrorCode::kWrongRootKey)), HasSubstr("does not hold the key"),
                                       HasSubstr("use the newest of both.")));
}

// Somebody puts another store's database in place, with an id that was changed to match the key file.
TEST_F(Root, FailsOnASwappedDatabase) {
  Vault other;
  StoredRecord meta = *other.record(Table::kMeta, meta_key());
  vault_.store.forge(Table::kMeta, meta.key, meta);
  EXPECT_THAT(open(), HasSubstr("does not give its check value"));
  StoredRecord envelope = *other.record(Table::kEnvelopes, envelope_key(1));
  vault_.store.forge(Table::kEnvelopes, envelope.key, envelope);
  EXPECT_THAT(open(), HasSubstr(code(ErrorCode::kWrongRootKey)));
}

TEST_F(Root, SaysExactlyWhatIsWrongWithTheStoresRecords) {
  struct Case {
    const char* what;
    Table table;
    Bytes key;
    std::function<void(Bytes&)> change;
    std::string message;
  };
  const std::string meta = "The record 73746f7265 of table meta ";
  const std::string envelope = "The record 00000001 of table envelopes ";
  const Case cases[] = {
      {"meta cut off", Table::kMeta, meta_key(), [](Bytes& v) { v.resize(20); },
       code(ErrorCode::kCorrupt) + meta + "is damaged or forged: it is cut off or not a record."},
      {"meta one byte short", Table::kMeta, meta_key(), [](Bytes& v) { v.pop_back(); },
       code(ErrorCode::kCorrupt) + meta + "is damaged or forged: The data ends early."},
      {"meta of a later release", Table::kMeta, meta_key(), [](Bytes& v) { v[0] = 2; },
       code(ErrorCode::kNewerSchema) + meta + "was written by a later release of Kagimori. Use that release."},
      {"a newer schema", Table::kMeta, meta_key(), [](Bytes& v) { v[9] = 2; },
       code(ErrorCode::kNewerSchema) +
           "The store has schema 2, but this release of Kagimori knows only schema 1. Use the "
           "release that wrote it, or a later one."},
      {"made a test store", Table::kMeta, meta_key(), [](Bytes& v) { v[v.size() - 33] = 1; },
       code(ErrorCode::kCorrupt) + meta + "is damaged or forged: its MAC does not match."},
      {"check value", Table::kMeta, meta_key(), [](Bytes& v) { v[v.size() - 33 - 8 - 1] ^= 1; },
       code(ErrorCode::kCorrupt) + meta + "is damaged or forged: the root key does not give its check value."},
      {"other generation", Table::kMeta, meta_key(), [](Bytes& v) { v[53] = 5; },
       code(ErrorCode::kCorrupt) + "The store has no envelope of generation 5 of its root key: records are missing."},
      {"envelope cut off", Table::kEnvelopes, envelope_key(1), [](Bytes& v) { v.resize(36); },
       code(ErrorCode::kCorrupt) + envelope + "is damaged or forged: it is cut off or not a record."},
      {"envelope of a later release", Table::kEnvelopes, envelope_key(1), [](Bytes& v) { v[5] = 3; },
       code(ErrorCode::kNewerSchema) + envelope + "was written by a later release of Kagimori. Use that release."},
      {"wrapped root key", Table::kEnvelopes, envelope_key(1), [](Bytes& v) { v[v.size() - 32 - 8 - 1] ^= 1; },
       code(ErrorCode::kCorrupt) + "The envelope 1 of the store is damaged or forged: it was damaged, forged or made "
                                   "for another place."},
      {"envelope id", Table::kEnvelopes, envelope_key(1), [](Bytes& v) { v[9] = 2; },
       code(ErrorCode::kCorrupt) + "The envelope 2 of the store is damaged or forged: it was damaged, forged or made "
                                   "for another place."},
      {"envelope of another kind", Table::kEnvelopes, envelope_key(1), [](Bytes& v) { v[10] = 2; },
       code(ErrorCode::kWrongRootKey) + "The store's root key is held by another kind of envelope. Use that one."},
      {"date of the envelope", Table::kEnvelopes, envelope_key(1), [](Bytes& v) { v[v.size() - 33] ^= 1; },
       code(ErrorCode::kCorrupt) + envelope + "is damaged or forged: its MAC does not match."},
  };
  for (const Case& c : cases) {
    vault_.store.undo_forgeries();
    vault_.tamper(c.table, c.key, c.change);
    EXPECT_THAT(open(), HasSubstr(c.message)) << c.what;
  }
  vault_.store.undo_forgeries();
  EXPECT_EQ(open(), "opened");
}

TEST_F(Root, FailsWhenRecordsAreMissing) {
  vault_.store.forge(Table::kEnvelopes, envelope_key(1), std::nullopt);
  EXPECT_THAT(open(), HasSubstr("The store has no envelope of generation 1 of its root key"));
  vault_.store.undo_forgeries();
  vault_.store.forge(Table::kEpochs, record_key::epoch(kSystemAccount, 1), std::nullopt);
  EXPECT_EQ(open(), code(ErrorCode::kCorrupt) + "The store's own keyring is missing. Restore the store from a backup.");
  vault_.store.undo_forgeries();
  vault_.store.forge(Table::kMeta, meta_key(), std::nullopt);
  EXPECT_THAT(open(), HasSubstr("The record of table meta is missing"));
}

TEST_F(Root, EveryFlippedBitIsSeen) {
  struct Place {
    Table table;
    Bytes key;
  };
  for (const Place& place : {Place{Table::kMeta, meta_key()}, Place{Table::kEnvelopes, envelope_key(1)},
                             Place{Table::kEpochs, record_key::epoch(kSystemAccount, 1)}}) {
    const std::size_t size = vault_.record(place.table, place.key)->value.size();
    for (std::size_t bit = 0; bit < size * 8; ++bit) {
      vault_.store.undo_forgeries();
      vault_.tamper(place.table, place.key, [&](Bytes& value) {
        value[bit / 8] = static_cast<std::uint8_t>(value[bit / 8] ^ (1u << (bit % 8)));
      });
      EXPECT_NE(open(), "opened") << table_name(place.table) << " bit " << bit;
    }
    vault_.store.undo_forgeries();
  }
}

TEST_F(Root, TheDatabaseHoldsNoKeyInTheClear) {
  std::string everything;
  for (const Table table : kAllTables) {
    for (const StoredRecord& record : vault_.all(table)) everything += as_text(record.value);
  }
  const auto text = [&] {
    std::string read(4096, '\0');
    FILE* file = std::fopen(vault_.key_file().c_str(), "r");
    read.resize(std::fread(read.data(), 1, read.size(), file));
    std::fclose(file);
    return read;
  }();
  const std::size_t key = text.find("\nkey ");
  ASSERT_NE(key, std::string::npos);
  const Bytes kek = *base64_decode(std::string_view(text).substr(key + 5 + 37, 44));
  EXPECT_EQ(kek.size(), 32u);
  EXPECT_EQ(everything.find(as_text(kek)), std::string::npos);
}

}  // namespace
}  // namespace kagimori
