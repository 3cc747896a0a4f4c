#include "engine/key_house_test.h"

#include <gtest/gtest.h>

#include "engine/lifecycle_changes.h"

namespace kagimori::engine_test {
namespace {

template <typename T>
std::vector<T> list(KeyHouse& house, Table table, const Bytes& prefix) {
  const auto read = *house.store->read();
  auto rows = RecordReader(*house.crypto, *house.keyrings, *read).scan<T>(kOperator, table, prefix, {}, 10'000);
  EXPECT_TRUE(rows) << rows.error().message;
  std::vector<T> all;
  for (auto& row : *rows) all.push_back(std::move(row.record));
  return all;
}

}  // namespace

std::string KeyHouse::make_key(CreateKeyRequest request) {
  const auto made = ask<KeyDescription>([&](Transaction& t) { return create_key(t, request); });
  EXPECT_TRUE(made) << made.error().message;
  if (made) key_counter.add(kOperator, settings.region, 1);  // what the commit's action does
  return made ? made->key.key_id : std::string();
}

std::optional<Key> KeyHouse::find(const RowId& row) {
  auto found = get<Key>(Table::kKeys, record_key::key(kOperator, row));
  return found ? std::optional(std::move(found->record)) : std::nullopt;
}

Key KeyHouse::key(std::string_view key_id) {
  const auto row = get<RowId>(Table::kKeyIds, record_key::key_id(kOperator, settings.region, key_id));
  EXPECT_TRUE(row) << "no key " << key_id;
  return row ? find(row->record).value_or(Key()) : Key();
}

std::vector<KeyObject> KeyHouse::objects(const Key& key) {
  return list<KeyObject>(*this, Table::kObjects, record_key::of_key(kOperator, key.row));
}
std::vector<KeyVersion> KeyHouse::versions(const Key& key) {
  return list<KeyVersion>(*this, Table::kVersions, record_key::of_key(kOperator, key.row));
}
std::vector<Transition> KeyHouse::transitions(const Key& key) {
  return list<Transition>(*this, Table::kTransitions, record_key::of_key(kOperator, key.row));
}

std::vector<DueEntry> KeyHouse::due() {
  const auto rows = (*store->read())->scan(Table::kDue, {}, {}, 10'000);
  EXPECT_TRUE(rows);
  std::vector<DueEntry> all;
  for (const StoredRecord& row : *rows) all.push_back(*parse_due_key(row.key));
  return all;
}

Status KeyHouse::sweep() {
  for (const DueEntry& entry : due()) {
    if (entry.when > clock.now()) continue;
    TRY(act([&](Transaction& t) { return apply_due(t, entry); }));
  }
  return {};
}

}  // namespace kagimori::engine_test
