#include "server/destroyed_keys.h"

#include <fmt/format.h>

#include "engine/lifecycle_changes.h"
#include "engine/offline_event.h"
#include "model/record_codec.h"
#include "model/record_keys.h"

namespace kagimori {
namespace {

constexpr std::size_t kPage = 256;

enum class Outcome { kTrueAlready, kKeyDestroyed, kTombstoneKept };

Result<bool> is_alive(Transaction& transaction, const Key& key) {
  TRY_ASSIGN(const auto row, transaction.get<RowId>(key.account, Table::kKeyIds,
                                                    record_key::key_id(key.account, key.region, key.key_id)));
  return row && *row == key.row;
}

Status keep_tombstone(Transaction& transaction, const Tombstone& tombstone) {
  const Bytes key = record_key::key(tombstone.account, tombstone.row);
  const Bytes content = encode(tombstone);
  Status kept = transaction.put_new(tombstone.account, Table::kTombstones, key, content);
  if (kept || kept.error().code != ErrorCode::kNotFound) return kept;
  return transaction.put_new(kSystemAccount, Table::kTombstones, key, content);
}

Result<Outcome> make_true(Transaction& transaction, const Tombstone& tombstone) {
  const Bytes row = record_key::key(tombstone.account, tombstone.row);
  TRY_ASSIGN(const auto stored, transaction.reader().transaction().get(Table::kTombstones, row));
  TRY_ASSIGN(const auto key, transaction.get<Key>(tombstone.account, Table::kKeys, row));
  if (!key) {
    if (stored) return Outcome::kTrueAlready;
    TRY(keep_tombstone(transaction, tombstone));
    return Outcome::kTombstoneKept;
  }
  TRY_ASSIGN(const bool alive, is_alive(transaction, *key));
  if (!alive && stored) return Outcome::kTrueAlready;
  if (alive == stored.has_value()) {
    return fail(ErrorCode::kCorrupt, fmt::format("The backup contradicts itself about the key {} of account {}: its "
                                                 "tombstone and its records don't match. Use another backup.",
                                                 key->key_id, key->account));
  }
  TRY(destroy_key(transaction, *key));
  return Outcome::kKeyDestroyed;
}

struct Change {
  Outcome outcome = Outcome::kTrueAlready;
  Batch batch;
};

// The view ends with this function: a scrubbing commit waits for those who still read what is to go.
Result<Change> plan(OpenedStore& opened, const Config& config, KeyCounter& counter, const Tombstone& tombstone) {
  Caller caller;
  caller.time = opened.clock->now();
  caller.region = tombstone.region;
  Trail trail(OperationInfo{"DeleteKey", false, Plane::kManagement});
  TRY_ASSIGN(auto view, opened.store->read());
  Transaction transaction(
      {*opened.crypto, *opened.random, *opened.keyrings, config.engine, counter, caller.time, tombstone.destroyed},
      std::move(view), caller, trail);
  TRY_ASSIGN(const Outcome outcome, make_true(transaction, tombstone));
  Change change{outcome, transaction.take_batch()};
  if (outcome == Outcome::kKeyDestroyed) {
    change.batch.events.push_back(offline_event(*opened.random, caller.time, "DeleteKey", tombstone.account,
                                                {{"keyId", tombstone.key_id}, {"reason", "restore"}}));
  }
  return change;
}

}  // namespace

Result<std::vector<Tombstone>> read_tombstones(OpenedStore& opened) {
  TRY_ASSIGN(const auto view, opened.store->read());
  std::vector<Tombstone> all;
  Bytes last;
  for (bool more = true; more;) {
    TRY_ASSIGN(const auto page, view->scan(Table::kTombstones, {}, last, kPage));
    more = page.size() == kPage;
    for (const StoredRecord& record : page) {
      TRY_ASSIGN(const std::string account, account_of_record(Table::kTombstones, record));
      TRY_ASSIGN(const ByteView content,
                 opened.keyrings->open_record(*opened.crypto, account, Table::kTombstones, record));
      TRY_ASSIGN(Tombstone tombstone, decode<Tombstone>(content));
      all.push_back(std::move(tombstone));
    }
    if (more) last = page.back().key;
  }
  return all;
}

Result<DestroyedAgain> destroy_again(OpenedStore& opened, const Config& config,
                                     const std::vector<Tombstone>& tombstones) {
  KeyCounter counter;
  DestroyedAgain done;
  for (const Tombstone& tombstone : tombstones) {
    TRY_ASSIGN(Change change, plan(opened, config, counter, tombstone));
    if (change.outcome == Outcome::kTrueAlready) continue;
    TRY(opened.store->commit_and_wait(std::move(change.batch)));
    ++(change.outcome == Outcome::kKeyDestroyed ? done.keys : done.tombstones);
  }
  return done;
}

}  // namespace kagimori
