#pragma once

#include <cstdint>
#include <span>

#include "store/sqlite_connection.h"
#include "store/store.h"

namespace kagimori {

// How the store lies in SQLite. docs/formats/store.md describes every table.

// The header field that tells a Kagimori store from any other SQLite file: "KGMR".
inline constexpr std::uint32_t kSqliteApplicationId = 0x4b474d52;

// The SQL name of a table: "t_keys".
std::string sqlite_table_name(Table table);

// One step from one schema version to the next. Steps are never changed after a release, only added.
struct SqliteMigration {
  std::uint32_t version;  // of the schema after the step
  std::string sql;
};
std::vector<SqliteMigration> sqlite_migrations();

// Brings the schema up to the last step's version, each step in a transaction of its own, so that an interrupted
// migration goes on where it stopped. kNewerSchema when the store is already beyond the last step.
Status migrate(SqliteConnection& connection, std::span<const SqliteMigration> steps);
// kNewerSchema or kUnsupportedOperation (older) unless the schema is exactly at the last step's version.
Status require_schema(SqliteConnection& connection, std::span<const SqliteMigration> steps);

}  // namespace kagimori
