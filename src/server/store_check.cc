#include "server/store_check.h"

#include <fmt/format.h>

#include "model/key_due.h"
#include "model/record_codec.h"
#include "model/record_keys.h"
#include "seal/epoch_table.h"
#include "seal/root_opening.h"

namespace kagimori {
namespace {

constexpr std::size_t kPage = 1'000;
constexpr std::size_t kMaxFindings = 100;

void note(StoreCheck& check, const Error& error) {
  ++check.damaged;
  if (check.findings.size() < kMaxFindings) check.findings.push_back(error.message);
}

Status check_due_row(ReadTransaction& view, const Key& key, DueKind kind, std::optional<Timestamp> when) {
  if (!when) return {};
  const Bytes row = record_key::due(*when, key.account, key.row, static_cast<std::uint8_t>(kind));
  TRY_ASSIGN(const auto stored, view.get(Table::kDue, row));
  if (stored) return {};
  const bool deletion = kind == DueKind::kDelete;
  return fail(
      ErrorCode::kCorrupt,
      fmt::format("The {} of key {} of account {} will not happen by itself: its row of table {} is missing. {}",
                  deletion ? "deletion" : "rotation", key.key_id, key.account, table_name(Table::kDue),
                  deletion ? "Cancel the deletion and schedule it anew." : "Enable its rotation anew."));
}

// What the clock must do to a key stands in its record; the row by which the clock finds it must be there too.
Status check_due_rows(ReadTransaction& view, ByteView content) {
  TRY_ASSIGN(const Key key, decode<Key>(content));
  TRY(check_due_row(view, key, DueKind::kDelete, deletion_due(key)));
  return check_due_row(view, key, DueKind::kRotate, rotation_due(key));
}

Status check_record(OpenedStore& opened, const RootGenerations& roots, ReadTransaction& view, Table table,
                    const StoredRecord& record) {
  if (table == Table::kMeta || table == Table::kEnvelopes) {
    TRY(roots.open_record(*opened.crypto, table, record));
    return {};
  }
  if (table == Table::kEpochs) {
    TRY(EpochTable(roots).open(*opened.crypto, record));
    return {};
  }
  TRY_ASSIGN(const std::string account, account_of_record(table, record));
  TRY_ASSIGN(const ByteView content, opened.keyrings->open_record(*opened.crypto, account, table, record));
  return table == Table::kKeys ? check_due_rows(view, content) : Status();
}

Status check_table(OpenedStore& opened, const RootGenerations& roots, ReadTransaction& view, Table table,
                   StoreCheck& check) {
  TableCount& count = check.tables.emplace_back(TableCount{table});
  Bytes last;
  for (bool more = true; more;) {
    TRY_ASSIGN(const auto page, view.scan(table, {}, last, kPage));
    more = page.size() == kPage;
    count.records += page.size();
    for (const StoredRecord& record : page) {
      if (const Status right = check_record(opened, roots, view, table, record); !right) note(check, right.error());
    }
    if (more) last = page.back().key;
  }
  return {};
}

}  // namespace

Result<StoreCheck> check_store(OpenedStore& opened) {
  StoreCheck check;
  if (const Status whole = opened.store->check_integrity(); !whole) note(check, whole.error());
  TRY_ASSIGN(const OpenedRoot root, open_root_keys(*opened.crypto, *opened.store, *opened.envelope));
  TRY_ASSIGN(const auto view, opened.store->read());
  for (const Table table : kAllTables) {
    // A page that can't be read ends its table, not the check.
    if (const Status read = check_table(opened, root.generations, *view, table, check); !read) {
      note(check, read.error());
    }
  }
  return check;
}

}  // namespace kagimori
