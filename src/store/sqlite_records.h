#pragma once

#include <array>

#include "store/sqlite_connection.h"
#include "store/store.h"

namespace kagimori {

// Reads and writes of single records over one connection; keeps their prepared statements. Knows nothing of
// transactions. One thread at a time; must die before the connection.
class SqliteRecords {
 public:
  explicit SqliteRecords(SqliteConnection& connection) : connection_(connection) {}

  Result<std::optional<StoredRecord>> get(Table table, ByteView key);
  // 0 when there is no such record.
  Result<std::uint64_t> revision_of(Table table, ByteView key);
  // As ReadTransaction::scan.
  Result<std::vector<StoredRecord>> scan(Table table, ByteView prefix, ByteView after, std::size_t limit);
  Status put(Table table, ByteView key, std::uint64_t revision, ByteView value);
  Status remove(Table table, ByteView key);

 private:
  enum Verb : std::uint8_t { kGet, kRevision, kScan, kScanToEnd, kPut, kRemove, kVerbs };

  Result<SqliteStatement*> statement(Verb verb, Table table);

  SqliteConnection& connection_;
  std::array<std::array<SqliteStatement, kVerbs>, static_cast<std::size_t>(kAllTables[std::size(kAllTables) - 1])>
      statements_;
};

}  // namespace kagimori
