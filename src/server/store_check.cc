#include "server/store_check.h"

#include <fmt/format.h>

#include "model/key_due.h"
#include "model/record_codec.h"
#include "model/record_keys.h"
#include "seal/epoch_table.h"
#include "seal/root_opening.h"
#include "server/record_subjects.h"

namespace kagimori {
namespace {

constexpr std::size_t kPage = 1'000;
constexpr std::size_t kMaxFindings = 100;

// The findings as they are made.
struct Findings {
  void note(const Error& error, std::optional<RecordName> record = std::nullopt) {
    ++count;
    if (first.size() < kMaxFindings) first.push_back({error.message, std::move(record)});
  }

  struct Finding {
    std::string sentence;
    std::optional<RecordName> record;  // that the sentence names by its primary key only
  };
  std::vector<Finding> first;
  std::size_t count = 0;
};

// What the clock would do, and how to have it done all the same.
struct DueWords {
  std::string_view what, remedy;
};
constexpr DueWords kDeletion{"deletion", "Cancel the deletion and schedule it anew."};
constexpr DueWords kRotation{"rotation", "Enable its rotation anew."};
constexpr DueWords kCreation{"creation", "Delete the replica and replicate the key anew."};
constexpr DueWords kNewPrimary{"change of the primary Region", "Call UpdatePrimaryRegion anew."};

const DueWords& words_of(DueKind kind, const Key& key) {
  if (kind == DueKind::kReplicate) return key.next_primary_region.empty() ? kCreation : kNewPrimary;
  return kind == DueKind::kDelete ? kDeletion : kRotation;
}

Status check_due_row(ReadTransaction& view, const Key& key, DueKind kind, std::optional<Timestamp> when) {
  if (!when) return {};
  const Bytes row = record_key::due(*when, key.account, key.row, static_cast<std::uint8_t>(kind));
  TRY_ASSIGN(const auto stored, view.get(Table::kDue, row));
  if (stored) return {};
  const DueWords& words = words_of(kind, key);
  return fail(
      ErrorCode::kCorrupt,
      fmt::format("The {} of key {} of account {} will not happen by itself: its row of table {} is missing. {}",
                  words.what, key.key_id, key.account, table_name(Table::kDue), words.remedy));
}

// What the clock must do to a key stands in its record; the row by which the clock finds it must be there too.
Status check_due_rows(ReadTransaction& view, ByteView content) {
  TRY_ASSIGN(const Key key, decode<Key>(content));
  TRY(check_due_row(view, key, DueKind::kDelete, deletion_due(key)));
  TRY(check_due_row(view, key, DueKind::kReplicate, replication_due(key)));
  return check_due_row(view, key, DueKind::kRotate, rotation_due(key));
}

// The content, empty for records that the root key authenticates.
Result<ByteView> open_record(OpenedStore& opened, const RootGenerations& roots, Table table,
                             const StoredRecord& record) {
  if (table == Table::kMeta || table == Table::kEnvelopes) {
    TRY(roots.open_record(*opened.crypto, table, record));
    return ByteView();
  }
  if (table == Table::kEpochs) {
    TRY(EpochTable(roots).open(*opened.crypto, record));
    return ByteView();
  }
  TRY_ASSIGN(const std::string account, account_of_record(table, record));
  return opened.keyrings->open_record(*opened.crypto, account, table, record);
}

void check_record(OpenedStore& opened, const RootGenerations& roots, ReadTransaction& view, Table table,
                  const StoredRecord& record, Findings& findings) {
  const Result<ByteView> content = open_record(opened, roots, table, record);
  if (!content) return findings.note(content.error(), RecordName{table, record.key});
  if (table != Table::kKeys) return;
  if (const Status right = check_due_rows(view, *content); !right) findings.note(right.error());
}

Status check_table(OpenedStore& opened, const RootGenerations& roots, ReadTransaction& view, TableCount& count,
                   Findings& findings) {
  Bytes last;
  for (bool more = true; more;) {
    TRY_ASSIGN(const auto page, view.scan(count.table, {}, last, kPage));
    more = page.size() == kPage;
    count.records += page.size();
    for (const StoredRecord& record : page) check_record(opened, roots, view, count.table, record, findings);
    if (more) last = page.back().key;
  }
  return {};
}

// Costs a reading of all names; so only where something is damaged.
std::vector<std::string> sentences(OpenedStore& opened, ReadTransaction& view, const Findings& findings) {
  std::vector<RecordName> records;
  for (const auto& finding : findings.first) {
    if (finding.record) records.push_back(*finding.record);
  }
  std::vector<std::string> subjects;
  if (!records.empty()) subjects = record_subjects(opened, view, records);
  auto subject = subjects.begin();
  std::vector<std::string> texts;
  for (const auto& finding : findings.first) {
    std::string& text = texts.emplace_back(finding.sentence);
    if (!finding.record) continue;
    if (!subject->empty()) text += fmt::format(" It belongs to {}.", *subject);
    ++subject;
  }
  return texts;
}

}  // namespace

Result<StoreCheck> check_store(OpenedStore& opened) {
  StoreCheck check;
  Findings findings;
  if (const Status whole = opened.store->check_integrity(); !whole) findings.note(whole.error());
  TRY_ASSIGN(const OpenedRoot root, open_root_keys(*opened.crypto, *opened.store, *opened.envelope));
  TRY_ASSIGN(const auto view, opened.store->read());
  for (const Table table : kAllTables) {
    TableCount& count = check.tables.emplace_back(TableCount{table});
    // A page that can't be read ends its table, not the check.
    const Status read = check_table(opened, root.generations, *view, count, findings);
    if (!read) findings.note(read.error());
  }
  check.damaged = findings.count;
  check.findings = sentences(opened, *view, findings);
  return check;
}

}  // namespace kagimori
