#include "store/sqlite_records.h"

#include <algorithm>

#include <fmt/format.h>

#include "store/sqlite_schema.h"

namespace kagimori {
namespace {

constexpr std::string_view kSql[] = {
    "SELECT revision, value FROM {} WHERE pk=?1",
    "SELECT revision FROM {} WHERE pk=?1",
    "SELECT pk, revision, value FROM {} WHERE pk>=?1 AND pk<?3 ORDER BY pk LIMIT ?2",
    "SELECT pk, revision, value FROM {} WHERE pk>=?1 ORDER BY pk LIMIT ?2",
    ("INSERT INTO {}(pk, revision, value) VALUES(?1, ?2, ?3) "
     "ON CONFLICT(pk) DO UPDATE SET revision=excluded.revision, value=excluded.value"),
    "DELETE FROM {} WHERE pk=?1",
};

// The first key that no longer starts with the prefix; nothing when there is none (no prefix, or all bytes 0xff).
std::optional<Bytes> end_of_prefix(ByteView prefix) {
  Bytes end = to_bytes(prefix);
  while (!end.empty() && end.back() == 0xff) end.pop_back();
  if (end.empty()) return std::nullopt;
  ++end.back();
  return end;
}

// The first key that a scan may return. A key followed by a zero byte is the very next one in key order.
Bytes start_of_scan(ByteView prefix, ByteView after) {
  if (after.empty() || std::ranges::lexicographical_compare(after, prefix)) return to_bytes(prefix);
  Bytes start = to_bytes(after);
  start.push_back(0);
  return start;
}

}  // namespace

Result<SqliteStatement*> SqliteRecords::statement(Verb verb, Table table) {
  static_assert(std::size(kSql) == kVerbs);
  static_assert(std::ranges::is_sorted(kAllTables), "the last table has the highest number");
  SqliteStatement& cached = statements_[static_cast<std::size_t>(table) - 1][verb];
  if (!cached) {
    TRY_ASSIGN(cached, connection_.prepare(fmt::format(fmt::runtime(kSql[verb]), sqlite_table_name(table))));
  }
  return &cached;
}

Result<std::optional<StoredRecord>> SqliteRecords::get(Table table, ByteView key) {
  TRY_ASSIGN(SqliteStatement * query, statement(kGet, table));
  const SqliteReset reset(*query);
  TRY_ASSIGN(const bool found, query->bind(1, key).step());
  if (!found) return std::nullopt;
  return StoredRecord{to_bytes(key), query->integer(0), to_bytes(query->bytes(1))};
}

Result<std::uint64_t> SqliteRecords::revision_of(Table table, ByteView key) {
  TRY_ASSIGN(SqliteStatement * query, statement(kRevision, table));
  const SqliteReset reset(*query);
  TRY_ASSIGN(const bool found, query->bind(1, key).step());
  return found ? query->integer(0) : 0;
}

Result<std::vector<StoredRecord>> SqliteRecords::scan(Table table, ByteView prefix, ByteView after, std::size_t limit) {
  const Bytes start = start_of_scan(prefix, after);
  const std::optional<Bytes> end = end_of_prefix(prefix);
  TRY_ASSIGN(SqliteStatement * query, statement(end ? kScan : kScanToEnd, table));
  const SqliteReset reset(*query);
  query->bind(1, start).bind(2, std::min<std::uint64_t>(limit, kMaxSqliteInteger));
  if (end) query->bind(3, *end);
  std::vector<StoredRecord> records;
  for (;;) {
    TRY_ASSIGN(const bool found, query->step());
    if (!found) return records;
    records.push_back({to_bytes(query->bytes(0)), query->integer(1), to_bytes(query->bytes(2))});
  }
}

Status SqliteRecords::put(Table table, ByteView key, std::uint64_t revision, ByteView value) {
  TRY_ASSIGN(SqliteStatement * query, statement(kPut, table));
  return query->bind(1, key).bind(2, revision).bind(3, value).run();
}

Status SqliteRecords::remove(Table table, ByteView key) {
  TRY_ASSIGN(SqliteStatement * query, statement(kRemove, table));
  return query->bind(1, key).run();
}

}  // namespace kagimori
