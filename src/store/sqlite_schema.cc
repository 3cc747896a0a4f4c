#include "store/sqlite_schema.h"

#include <fmt/format.h>

namespace kagimori {
namespace {

// Named one by one, not taken from kAllTables: what the first release made must stay what it was.
constexpr std::string_view kTablesOfSchema1[] = {
    "meta",          "envelopes",   "epochs",           "accounts",     "keys",    "key_ids",
    "versions",      "objects",     "object_ids",       "key_policies", "aliases", "key_aliases",
    "grants",        "transitions", "tombstones",       "due",          "users",   "user_names",
    "user_policies", "access_keys", "user_access_keys", "jobs"};

constexpr std::string_view kTablesOfSchema2[] = {
    "roles",           "role_names",   "groups",          "group_names",       "group_members",
    "user_groups",     "policies",     "policy_names",    "policy_versions",   "attached_policies",
    "policy_entities", "sessions",     "access_key_uses", "grant_grantees",    "grant_retirees",
    "grant_names",     "grant_counts", "key_usages",      "custom_key_stores", "custom_key_store_counts",
    "xks_keys"};

constexpr std::string_view kTablesOfSchema3[] = {"audit_keys"};

constexpr std::string_view kTablesOfSchema4[] = {"key_use_counts", "usage_limits", "usage_reservations", "alarms"};

std::string create_tables(std::span<const std::string_view> names) {
  std::string sql;
  for (const std::string_view name : names)
    sql += fmt::format(
        "CREATE TABLE t_{}(pk BLOB PRIMARY KEY, revision INTEGER NOT NULL, value BLOB NOT NULL) WITHOUT ROWID, STRICT;",
        name);
  return sql;
}

std::string schema_1() {
  std::string sql = create_tables(kTablesOfSchema1);
  sql +=
      "CREATE TABLE outbox(sequence INTEGER PRIMARY KEY, revision INTEGER NOT NULL, payload BLOB NOT NULL) STRICT;"
      "CREATE TABLE store_info(id INTEGER PRIMARY KEY CHECK(id=1), revision INTEGER NOT NULL,"
      " event_sequence INTEGER NOT NULL) STRICT;"
      "INSERT INTO store_info VALUES(1, 0, 0);";
  return sql;
}

Result<std::uint64_t> schema_version(SqliteConnection& connection) {
  return connection.read_integer("PRAGMA user_version");
}

tl::unexpected<Error> newer_schema(std::uint64_t found, std::uint64_t known) {
  return fail(ErrorCode::kNewerSchema,
              fmt::format("The store has schema version {}, but this release knows versions up to {}. Run the release "
                          "that wrote the store, or a later one.",
                          found, known));
}

Status run_step(SqliteConnection& connection, const SqliteMigration& step) {
  TRY(connection.run("BEGIN IMMEDIATE"));
  Status done = connection.run(step.sql);
  if (done) done = connection.run(fmt::format("PRAGMA user_version={}; COMMIT", step.version));
  if (!done && connection.in_transaction()) static_cast<void>(connection.run("ROLLBACK"));
  return done;
}

}  // namespace

std::string sqlite_table_name(Table table) { return fmt::format("t_{}", table_name(table)); }

std::vector<SqliteMigration> sqlite_migrations() {
  return {{1, schema_1()},
          {2, create_tables(kTablesOfSchema2)},
          {3, create_tables(kTablesOfSchema3)},
          {4, create_tables(kTablesOfSchema4)}};
}

Status migrate(SqliteConnection& connection, std::span<const SqliteMigration> steps) {
  TRY_ASSIGN(const std::uint64_t found, schema_version(connection));
  if (found > steps.back().version) return newer_schema(found, steps.back().version);
  for (const SqliteMigration& step : steps)
    if (step.version > found) TRY(run_step(connection, step));
  return {};
}

Status require_schema(SqliteConnection& connection, std::span<const SqliteMigration> steps) {
  TRY_ASSIGN(const std::uint64_t found, schema_version(connection));
  const std::uint32_t known = steps.back().version;
  if (found > known) return newer_schema(found, known);
  if (found < known)
    return fail(ErrorCode::kUnsupportedOperation,
                fmt::format("The store has schema version {} and must first be brought to {}. Start the server on it "
                            "once, then try again.",
                            found, known));
  return {};
}

}  // namespace kagimori
