#include "seal/rewrap_job.h"

#include <algorithm>
#include <limits>

#include "base/encoding.h"
#include "base/log.h"
#include "model/record_codec.h"
#include "model/record_keys.h"
#include "seal/account_number.h"
#include "seal/record_error.h"
#include "seal/record_value.h"

namespace kagimori {
namespace {

constexpr std::uint8_t kFormat = 1;
constexpr std::string_view kJobKey = "rewrap";
constexpr std::int64_t kGraceSeconds = 3600;
constexpr std::size_t kPage = 256;

// What a pass walks over, in this order. The root's own records are not under epochs; the epochs come last, when it is
// known what is under them.
constexpr auto kPassTables = [] {
  std::array<Table, std::size(kAllTables) - 2> tables{};
  std::size_t n = 0;
  for (const Table table : kAllTables) {
    if (table != Table::kMeta && table != Table::kEnvelopes && table != Table::kEpochs) tables[n++] = table;
  }
  tables[n] = Table::kEpochs;
  return tables;
}();

Timestamp last_use(const EpochRecord& epoch) {
  return std::max(*epoch.superseded, epoch.last_seen.value_or(*epoch.superseded));
}

void log_damage(Table table, ByteView key, const Error& error) {
  LogLine(LogLevel::kError, "a record can't be moved to the current epoch; it is left as it is")
      .field("table", table_name(table))
      .field("key", hex_encode(key))
      .field("error", error.message);
}

// Errors that concern one record and not the whole job.
bool concerns_one_record(const Error& error) {
  return error.code == ErrorCode::kCorrupt || error.code == ErrorCode::kNewerSchema;
}

}  // namespace

// What one step gathers.
struct RewrapJob::Step {
  CryptoContext& crypto;
  std::unique_ptr<ReadTransaction> view;
  const Place& place;
  SealedBatch batch;
  std::map<std::uint64_t, std::uint32_t> current;  // account -> its current epoch
  std::vector<EpochName> noted;                    // epochs whose use this step has recorded
  std::vector<EpochName> deleted;
};

Result<RewrapJob::Place> RewrapJob::read_place(CryptoContext& crypto, ReadTransaction& view) {
  Place place;
  TRY_ASSIGN(const std::optional<StoredRecord> record, view.get(Table::kJobs, as_bytes(kJobKey)));
  if (!record) return place;
  place.revision = record->revision;
  const auto decode_place = [&]() -> Status {
    TRY_ASSIGN(const ByteView content, keyrings_.open_record(crypto, kSystemAccount, Table::kJobs, *record));
    ByteReader in(content);
    TRY_ASSIGN(const std::uint8_t format, in.u8());
    if (format > kFormat) return fail(newer_record(Table::kJobs, record->key));
    TRY_ASSIGN(place.running, in.boolean());
    TRY_ASSIGN(place.pass_started.micros, in.i64());
    TRY_ASSIGN(const std::uint8_t table, in.u8());
    const auto found = std::ranges::find(kPassTables, static_cast<Table>(table));
    if (found == kPassTables.end()) return fail(ErrorCode::kCorrupt, "The job's place names no table of a pass.");
    place.table = static_cast<std::size_t>(found - kPassTables.begin());
    TRY_ASSIGN(const ByteView last_key, in.sized());
    place.last_key = to_bytes(last_key);
    return in.expect_end();
  };
  const Status decoded = decode_place();
  if (decoded) return place;
  if (decoded.error().code != ErrorCode::kCorrupt) return fail(decoded.error());
  // A pass may start over at any time: nothing is lost with its place.
  LogLine(LogLevel::kError, "the place of the re-wrap job is damaged; it starts over")
      .field("error", decoded.error().message);
  Place start;
  start.revision = record->revision;
  return start;
}

Result<bool> RewrapJob::pass_is_due(CryptoContext& crypto, ReadTransaction& view) {
  const std::uint64_t supersessions = epochs_.supersessions();
  const Timestamp now = clock_.now();
  if (now.micros < idle_until_ && supersessions == seen_supersessions_) return false;
  std::int64_t next = std::numeric_limits<std::int64_t>::max();
  Bytes last;
  for (bool more = true; more;) {
    TRY_ASSIGN(const auto page, view.scan(Table::kEpochs, {}, last, kPage));
    more = page.size() == kPage;
    for (const StoredRecord& record : page) {
      const Result<StoredEpoch> epoch = epochs_.table().open(crypto, record);
      if (!epoch || !epoch->record.superseded) continue;
      const Timestamp due = last_use(epoch->record).plus_seconds(kGraceSeconds);
      if (!epoch->record.last_seen || now >= due) return true;
      next = std::min(next, due.micros);
    }
    if (more) last = page.back().key;
  }
  idle_until_ = next;
  seen_supersessions_ = supersessions;
  return false;
}

Result<bool> RewrapJob::step(CryptoContext& crypto, std::size_t max_records) {
  TRY_ASSIGN(auto view, store_.read());
  const std::uint64_t store_revision = view->store_revision();
  TRY_ASSIGN(Place place, read_place(crypto, *view));
  if (!place.running) {
    TRY_ASSIGN(const bool due, pass_is_due(crypto, *view));
    if (!due) return false;
    place = {true, clock_.now(), 0, {}, place.revision};
    Step start{crypto, std::move(view), place, SealedBatch(keyrings_, crypto, store_revision), {}, {}, {}};
    return finish(start, place);
  }

  const std::size_t limit = std::max<std::size_t>(max_records, 1);
  const Table table = kPassTables[place.table];
  TRY_ASSIGN(const auto records, view->scan(table, {}, place.last_key, limit));
  Step step{crypto, std::move(view), place, SealedBatch(keyrings_, crypto, store_revision), {}, {}, {}};
  for (const StoredRecord& record : records) {
    const Status visited = table == Table::kEpochs ? visit_epoch(step, record) : visit_record(step, record);
    if (visited) continue;
    if (!concerns_one_record(visited.error())) return fail(visited.error());
    log_damage(table, record.key, visited.error());
  }

  Place next = place;
  if (records.size() == limit) {
    next.last_key = records.back().key;
  } else {
    next.last_key.clear();
    ++next.table;
  }
  if (next.table == kPassTables.size()) next = {false, place.pass_started, 0, {}, place.revision};
  return finish(step, std::move(next));
}

// Commits the step and the place after it. A concurrent change of one of the records makes it stale: nothing has
// happened then, and the next call does the same step again.
Result<bool> RewrapJob::finish(Step& step, Place next) {
  const Bytes content = ByteWriter()
                            .u8(kFormat)
                            .boolean(next.running)
                            .i64(next.pass_started.micros)
                            .u8(static_cast<std::uint8_t>(kPassTables[next.table]))
                            .sized(next.last_key)
                            .bytes();
  TRY(step.batch.put(kSystemAccount, Table::kJobs, to_bytes(as_bytes(kJobKey)), next.revision, content));
  step.batch.batch().scrub = !step.deleted.empty();
  step.view.reset();  // scrubbing waits for those who still read what is to go
  const Result<std::uint64_t> committed = store_.commit_and_wait(std::move(step.batch).take());
  if (!committed && committed.error().code != ErrorCode::kStale) return fail(committed.error());
  if (committed) {
    for (const EpochName& name : step.deleted) epochs_.forget(name);
  }
  return true;
}

Status RewrapJob::visit_record(Step& step, const StoredRecord& record) {
  const Table table = kPassTables[step.place.table];
  if (table == Table::kJobs && as_text(record.key) == kJobKey) return {};  // every step writes it anew
  TRY_ASSIGN(const RecordView value, parse_record_value(table, record));
  const std::uint64_t number = value.epoch.account;
  TRY_ASSIGN(const std::uint32_t current, current_of(step, number));
  const bool old = value.epoch.number != current;
  if (old) TRY(note_use(step, value.epoch));
  const bool holds_material = table == Table::kObjects || table == Table::kAccessKeys || table == Table::kSessions ||
                              table == Table::kCustomKeyStores || table == Table::kAuditKeys;
  if (!old && !holds_material) return {};
  const std::string account = account_text(number);
  TRY_ASSIGN(const ByteView content, keyrings_.open_record(step.crypto, account, table, record));
  TRY_ASSIGN(const std::optional<Bytes> rewrapped, rewrapped_content(step, table, account, content));
  if (!old && !rewrapped) return {};
  return step.batch.put(account, table, record.key, record.revision, rewrapped ? ByteView(*rewrapped) : content);
}

// kCorrupt when the account has no keyring.
Result<std::uint32_t> RewrapJob::current_of(Step& step, std::uint64_t account) {
  const auto known = step.current.find(account);
  if (known != step.current.end()) return known->second;
  const Result<std::shared_ptr<Epoch>> epoch = epochs_.current(step.crypto, account);
  if (!epoch && epoch.error().code == ErrorCode::kNotFound) return fail(ErrorCode::kCorrupt, epoch.error().message);
  if (!epoch) return fail(epoch.error());
  return step.current.emplace(account, (*epoch)->name().number).first->second;
}

// The content with its material under the current epoch; nothing when there is no material or it is there already.
Result<std::optional<Bytes>> RewrapJob::rewrapped_content(Step& step, Table table, const std::string& account,
                                                          ByteView content) {
  if (table == Table::kObjects) {
    TRY_ASSIGN(KeyObject object, decode<KeyObject>(content));
    if (object.account != account) return fail(ErrorCode::kCorrupt, "it names another account.");
    if (object.material.blob.empty()) return std::nullopt;
    TRY_ASSIGN(const Key key, key_of(step, object));
    TRY_ASSIGN(const bool changed, rewrap_material(step, material_binding(key, object), object.material));
    if (changed) return encode(object);
  } else if (table == Table::kAccessKeys) {
    // The record is under the system's keyring, as it is found by its id alone; the secret is under the account's.
    TRY_ASSIGN(AccessKey access_key, decode<AccessKey>(content));
    TRY_ASSIGN(const bool changed, rewrap_material(step, material_binding(access_key), access_key.secret));
    if (changed) return encode(access_key);
  } else if (table == Table::kSessions) {
    TRY_ASSIGN(Session session, decode<Session>(content));
    TRY_ASSIGN(const bool changed, rewrap_material(step, material_binding(session), session.secret));
    if (changed) return encode(session);
  } else if (table == Table::kCustomKeyStores) {
    TRY_ASSIGN(CustomKeyStore key_store, decode<CustomKeyStore>(content));
    TRY_ASSIGN(const bool changed, rewrap_material(step, material_binding(key_store), key_store.secret));
    if (changed) return encode(key_store);
  } else if (table == Table::kAuditKeys) {
    TRY_ASSIGN(AuditKey audit_key, decode<AuditKey>(content));
    if (audit_key.secret.blob.empty()) return std::nullopt;
    TRY_ASSIGN(const bool changed, rewrap_material(step, material_binding(audit_key), audit_key.secret));
    if (changed) return encode(audit_key);
  }
  return std::nullopt;
}

Result<Key> RewrapJob::key_of(Step& step, const KeyObject& object) {
  const Bytes primary_key = record_key::key(object.account, object.row);
  TRY_ASSIGN(const std::optional<StoredRecord> record, step.view->get(Table::kKeys, primary_key));
  if (!record) return fail(ErrorCode::kCorrupt, "it has material, but its key is gone.");
  TRY_ASSIGN(const ByteView content, keyrings_.open_record(step.crypto, object.account, Table::kKeys, *record));
  return decode<Key>(content);
}

Result<bool> RewrapJob::rewrap_material(Step& step, const MaterialBinding& binding, WrappedMaterial& material) {
  const std::optional<std::uint64_t> account = account_number(binding.account);
  if (!account) return fail(ErrorCode::kCorrupt, "its account is not 12 digits.");
  TRY_ASSIGN(const std::uint32_t current, current_of(step, *account));
  if (material.epoch == current) return false;
  TRY(note_use(step, {*account, material.epoch}));
  Result<SecretBytes> secret = keyrings_.unwrap(step.crypto, binding, material);
  if (!secret) {
    // The job alone deletes epochs, so this one never was: not a race, but damage.
    const bool no_epoch = secret.error().code == ErrorCode::kStale;
    return fail(no_epoch ? ErrorCode::kCorrupt : secret.error().code, secret.error().message);
  }
  TRY_ASSIGN(material, keyrings_.wrap(step.crypto, binding, secret->expose()));
  return true;
}

// Records, once a pass, that something is under the epoch. This also keeps the epochs of damaged records.
Status RewrapJob::note_use(Step& step, const EpochName& name) {
  if (std::ranges::find(step.noted, name) != step.noted.end()) return {};
  step.noted.push_back(name);
  TRY_ASSIGN(std::optional<StoredEpoch> epoch, epochs_.table().get(step.crypto, *step.view, name));
  if (!epoch || !epoch->record.superseded) return {};
  if (epoch->record.last_seen && *epoch->record.last_seen >= step.place.pass_started) return {};
  epoch->record.last_seen = std::max(clock_.now(), step.place.pass_started);
  epochs_.table().put(step.crypto, step.batch.batch(), name, *epoch, step.batch.new_revision());
  return {};
}

Status RewrapJob::visit_epoch(Step& step, const StoredRecord& record) {
  TRY_ASSIGN(StoredEpoch epoch, epochs_.table().open(step.crypto, record));
  TRY_ASSIGN(const EpochName name, parse_epoch_key(record.key));
  const Timestamp pass_started = step.place.pass_started;
  if (!epoch.record.superseded || *epoch.record.superseded > pass_started) return {};
  if (epoch.record.last_seen && *epoch.record.last_seen >= pass_started) return {};  // found in this pass
  if (last_use(epoch.record).plus_seconds(kGraceSeconds) <= pass_started) {
    epochs_.table().remove(step.batch.batch(), name, epoch, step.batch.new_revision());
    step.deleted.push_back(name);
  } else if (!epoch.record.last_seen) {
    epoch.record.last_seen = epoch.record.superseded;
    epochs_.table().put(step.crypto, step.batch.batch(), name, epoch, step.batch.new_revision());
  }
  return {};
}

}  // namespace kagimori
