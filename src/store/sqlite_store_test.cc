#include "store/sqlite_store.h"

#include <fmt/format.h>

#include "store/batch_test.h"
#include "store/temporary_store.h"

namespace kagimori {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(SqliteStore, KeepsWhatWasCommitted) {
  TemporaryStore store;
  EXPECT_EQ(told(store->commit_and_wait(batch({put(Table::kKeys, "k", 1, "v")}, {expect(Table::kKeys, "k", 0)}))), "1");
  store.reopen();
  const auto read = store->read();
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ((*read)->store_revision(), 1U);
  const auto record = (*read)->get(Table::kKeys, bytes_of("k"));
  ASSERT_TRUE(record && *record);
  EXPECT_EQ((*record)->key, bytes_of("k"));
  EXPECT_EQ((*record)->revision, 1U);
  EXPECT_EQ((*record)->value, bytes_of("v"));
}

TEST(SqliteStore, KeepsEveryTableApartAndAnyBytes) {
  TemporaryStore store;
  const Bytes key = {0, 0xff, 0, '\''};
  Bytes value(100'000, 0xa5);
  value[0] = 0;
  std::vector<Write> writes;
  for (const Table table : kAllTables) {
    value[1] = static_cast<std::uint8_t>(table);
    writes.push_back({table, key, 7, value});
  }
  ASSERT_EQ(told(store->commit_and_wait(batch(std::move(writes)))), "1");
  const auto read = store->read();
  for (const Table table : kAllTables) {
    value[1] = static_cast<std::uint8_t>(table);
    const auto record = (*read)->get(table, key);
    ASSERT_TRUE(record && *record) << table_name(table);
    EXPECT_EQ((*record)->value, value) << table_name(table);
  }
}

TEST(SqliteStore, KeepsAnEmptyValueApartFromNone) {
  TemporaryStore store;
  ASSERT_EQ(told(store->commit_and_wait(batch({put(Table::kMeta, "k", 1, "")}))), "1");
  EXPECT_EQ(value_at(*store, Table::kMeta, "k"), "");
  EXPECT_EQ(value_at(*store, Table::kMeta, "other"), "(none)");
}

TEST(SqliteStore, RefusesStaleAndSenselessBatchesWhole) {
  const struct {
    const char* what;
    Batch batch;
    const char* answer;
  } cases[] = {
      {"changed since", batch({put(Table::kKeys, "k", 9, "x")}, {expect(Table::kKeys, "k", 4)}), "Stale"},
      {"should be absent", batch({put(Table::kKeys, "k", 9, "x")}, {expect(Table::kKeys, "k", 0)}), "Stale"},
      {"should be there", batch({put(Table::kKeys, "n", 9, "x")}, {expect(Table::kKeys, "n", 5)}), "Stale"},
      {"other table", batch({put(Table::kKeys, "k", 9, "x")}, {expect(Table::kMeta, "k", 5)}), "Stale"},
      {"same revision", batch({put(Table::kKeys, "k", 5, "x")}), "Stale"},
      {"older revision", batch({put(Table::kKeys, "k", 4, "x")}), "Stale"},
      {"revision nought", batch({put(Table::kKeys, "n", 0, "x")}), "Stale"},
      {"twice the same revision", batch({put(Table::kKeys, "n", 1, "x"), put(Table::kKeys, "n", 1, "y")}), "Stale"},
      {"unknown to delete", batch({erase(Table::kKeys, "n")}), "Stale"},
      {"deleted twice", batch({erase(Table::kKeys, "k"), erase(Table::kKeys, "k")}), "Stale"},
      {"revision too big", batch({put(Table::kKeys, "n", 1ULL << 63, "x")}), "Validation"},
      {"no key", batch({put(Table::kKeys, "", 1, "x")}), "Validation"},
      {"second write bad", batch({put(Table::kKeys, "n", 1, "x"), put(Table::kKeys, "k", 5, "x")}), "Stale"},
  };
  TemporaryStore store;
  ASSERT_EQ(told(store->commit_and_wait(batch({put(Table::kKeys, "k", 5, "v")}))), "1");
  for (const auto& c : cases) {
    Batch copy = c.batch;
    copy.events = {bytes_of("event of what did not happen")};
    const auto answer = store->commit_and_wait(std::move(copy));
    EXPECT_EQ(told(answer), c.answer) << c.what;
    EXPECT_FALSE(answer.error().message.empty()) << c.what;
    EXPECT_EQ(value_at(*store, Table::kKeys, "k"), "v") << c.what;
    EXPECT_EQ(value_at(*store, Table::kKeys, "n"), "(none)") << c.what;
  }
  EXPECT_THAT(store->pending_events(10).value(), IsEmpty());
  EXPECT_EQ((*store->read())->store_revision(), 1U);
}

TEST(SqliteStore, DeletesWhatIsThereAndWhatIsKnownToBeAbsent) {
  TemporaryStore store;
  ASSERT_TRUE(store->commit_and_wait(batch({put(Table::kKeys, "k", 1, "v")})));
  EXPECT_EQ(told(store->commit_and_wait(batch({erase(Table::kKeys, "k")}, {expect(Table::kKeys, "k", 1)}))), "2");
  EXPECT_EQ(value_at(*store, Table::kKeys, "k"), "(none)");
  EXPECT_EQ(told(store->commit_and_wait(batch({erase(Table::kKeys, "k")}, {expect(Table::kKeys, "k", 0)}))), "3");
  EXPECT_EQ(told(store->commit_and_wait(batch({erase(Table::kKeys, "k")}, {expect(Table::kMeta, "k", 0)}))), "Stale");
}

TEST(SqliteStore, AppliesTheWritesOfABatchInOrder) {
  TemporaryStore store;
  ASSERT_TRUE(store->commit_and_wait(batch({put(Table::kKeys, "k", 1, "a"), erase(Table::kKeys, "k"),
                                            put(Table::kKeys, "k", 2, "b"), put(Table::kKeys, "k", 3, "c")})));
  EXPECT_EQ(value_at(*store, Table::kKeys, "k"), "c");
}

TEST(SqliteStore, GivesEvenAnEmptyBatchItsRevision) {
  TemporaryStore store;
  EXPECT_EQ(told(store->commit_and_wait({})), "1");
  EXPECT_EQ(told(store->commit_and_wait({})), "2");
  store.reopen();
  EXPECT_EQ(told(store->commit_and_wait({})), "3");
}

std::vector<std::string> scanned(Store& store, std::string_view prefix, std::string_view after, std::size_t limit) {
  std::vector<std::string> keys;
  const auto read = store.read();
  const auto records = (*read)->scan(Table::kAliases, bytes_of(prefix), bytes_of(after), limit);
  for (const StoredRecord& record : *records) {
    keys.emplace_back(as_text(record.key));
    EXPECT_EQ(record.value, bytes_of(fmt::format("v{}", keys.back())));
    EXPECT_EQ(record.revision, 1U);
  }
  return keys;
}

TEST(SqliteStore, ScansByPrefixInOrder) {
  TemporaryStore store;
  Batch all;
  for (const char* key : {"b2", "a", "b", "ab", "b1", "c", "b1\xff", "\xff\xff", "\xff\xff\x01", "\xff"})
    all.writes.push_back(put(Table::kAliases, key, 1, fmt::format("v{}", key)));
  all.writes.push_back(put(Table::kKeyAliases, "b9", 1, "other table"));
  ASSERT_TRUE(store->commit_and_wait(std::move(all)));

  EXPECT_THAT(scanned(*store, "b", "", 99), ElementsAre("b", "b1", "b1\xff", "b2"));
  EXPECT_THAT(scanned(*store, "b", "", 2), ElementsAre("b", "b1"));
  EXPECT_THAT(scanned(*store, "b", "b1", 99), ElementsAre("b1\xff", "b2"));
  EXPECT_THAT(scanned(*store, "b", "a", 2), ElementsAre("b", "b1"));
  EXPECT_THAT(scanned(*store, "b", "b2", 99), IsEmpty());
  EXPECT_THAT(scanned(*store, "b", "zz", 99), IsEmpty());
  EXPECT_THAT(scanned(*store, "b", "", 0), IsEmpty());
  EXPECT_THAT(scanned(*store, "x", "", 99), IsEmpty());
  EXPECT_THAT(scanned(*store, "\xff\xff", "", 99), ElementsAre("\xff\xff", "\xff\xff\x01"));
  EXPECT_THAT(scanned(*store, "", "c", 99), ElementsAre("\xff", "\xff\xff", "\xff\xff\x01"));
  EXPECT_EQ(scanned(*store, "", "", SIZE_MAX).size(), 10U);
}

TEST(SqliteStore, ReadsOneSnapshotWhileChangesGoOn) {
  TemporaryStore store;
  ASSERT_TRUE(store->commit_and_wait(batch({put(Table::kKeys, "k", 1, "old")})));
  {
    const auto before = store->read();
    ASSERT_TRUE(before);
    ASSERT_TRUE(store->commit_and_wait(batch({put(Table::kKeys, "k", 2, "new"), put(Table::kKeys, "l", 2, "new")})));
    EXPECT_EQ((*before)->store_revision(), 1U);
    EXPECT_EQ((*before)->get(Table::kKeys, bytes_of("k")).value()->value, bytes_of("old"));
    EXPECT_EQ((*before)->scan(Table::kKeys, {}, {}, 9)->size(), 1U);
    EXPECT_EQ(value_at(*store, Table::kKeys, "k"), "new");
  }
  EXPECT_EQ((*store->read())->store_revision(), 2U);
}

TEST(SqliteStore, HoldsEventsUntilTheyAreRemoved) {
  TemporaryStore store;
  for (int i = 0; i < 3; ++i) {
    Batch change;
    change.events = {bytes_of(fmt::format("a{}", i)), bytes_of(fmt::format("b{}", i))};
    ASSERT_TRUE(store->commit_and_wait(std::move(change)));
  }
  const auto sequences = [&](std::size_t limit) {
    std::vector<std::uint64_t> found;
    const auto events = store->pending_events(limit);
    for (const PendingEvent& event : *events) found.push_back(event.sequence);
    return found;
  };
  EXPECT_THAT(sequences(99), ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(sequences(2), ElementsAre(1, 2));
  const PendingEvent third = store->pending_events(3)->back();
  EXPECT_EQ(third.payload, bytes_of("a1"));
  EXPECT_EQ(third.store_revision, 2U);

  store->remove_events(2);
  EXPECT_THAT(sequences(99), ElementsAre(5, 6));
  store->remove_events(1);  // going back removes nothing and brings nothing back
  EXPECT_THAT(sequences(99), ElementsAre(5, 6));
  store.reopen();
  EXPECT_THAT(sequences(99), ElementsAre(5, 6));
  store->remove_events(3);
  EXPECT_THAT(sequences(99), IsEmpty());
  store.reopen();
  EXPECT_THAT(sequences(99), IsEmpty());
  Batch change;
  change.events = {bytes_of("next")};
  ASSERT_TRUE(store->commit_and_wait(std::move(change)));
  EXPECT_THAT(sequences(99), ElementsAre(7)) << "sequences are never reused";
}

TEST(SqliteStore, RemovesEventsWithTheNextCommit) {
  TemporaryStore store;
  Batch change;
  change.events = {bytes_of("e")};
  ASSERT_TRUE(store->commit_and_wait(std::move(change)));
  store->remove_events(1);
  ASSERT_TRUE(store->commit_and_wait({}));
  // Another reader of the file does not know of the removal but by the file itself.
  const auto other = open_sqlite_store({.path = store.path(), .read_only = true});
  ASSERT_TRUE(other) << other.error().message;
  EXPECT_THAT((*other)->pending_events(9).value(), IsEmpty());
}

TEST(SqliteStore, AnswersWhatStillWaitsWhenItCloses) {
  TemporaryStore store;
  std::vector<std::future<Result<std::uint64_t>>> answers;
  for (int i = 0; i < 200; ++i)
    answers.push_back(commit_later(*store, batch({put(Table::kKeys, std::to_string(i), 1, "v")})));
  store.reopen();
  for (int i = 0; i < 200; ++i) {
    EXPECT_EQ(told(answers[static_cast<std::size_t>(i)].get()), std::to_string(i + 1));
    EXPECT_EQ(value_at(*store, Table::kKeys, std::to_string(i)), "v");
  }
}

TEST(SqliteStore, OnlyReadsWhenItIsOpenForReading) {
  TemporaryStore store;
  ASSERT_TRUE(store->commit_and_wait(batch({put(Table::kKeys, "k", 1, "v")})));
  const auto reader = open_sqlite_store({.path = store.path(), .read_only = true});
  ASSERT_TRUE(reader) << reader.error().message;
  EXPECT_EQ(value_at(**reader, Table::kKeys, "k"), "v");
  EXPECT_EQ(told((*reader)->commit_and_wait(batch({put(Table::kKeys, "k", 2, "x")}))), "UnsupportedOperation");
  (*reader)->remove_events(1);
  ASSERT_TRUE(store->commit_and_wait(batch({put(Table::kKeys, "k", 2, "w")})));
  EXPECT_EQ(value_at(**reader, Table::kKeys, "k"), "w");
}

TEST(SqliteStore, NamesEveryTableOnce) {
  std::map<std::string_view, Table> names;
  for (const Table table : kAllTables) EXPECT_TRUE(names.emplace(table_name(table), table).second) << table_name(table);
  EXPECT_EQ(table_name(Table::kKeyIds), "key_ids");
}

}  // namespace
}  // namespace kagimori
