#include "store/sqlite_connection.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <cerrno>
#include <cstring>

#include "store/sqlite_scrubbing_vfs.h"
#include "store/store_file.h"

namespace kagimori {
namespace {

std::string path_of(sqlite3* database) {
  const char* name = sqlite3_db_filename(database, nullptr);
  return name == nullptr ? std::string() : std::string(name);
}

// sqlite3_system_errno is only meaningful for these; for others it may be left over from an earlier call.
bool comes_from_system(int code) {
  const int primary = code & 0xff;
  return primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN || primary == SQLITE_FULL;
}

Error error_of(sqlite3* database, int code) {
  const int primary = code & 0xff;
  const int system = comes_from_system(code) ? sqlite3_system_errno(database) : 0;
  const std::string path = path_of(database);
  const std::string detail = fmt::format("{} ({}{}{})", sqlite3_errmsg(database), code, system == 0 ? "" : ", ",
                                         system == 0 ? "" : std::strerror(system));
  if (primary == SQLITE_FULL || system == ENOSPC || system == EDQUOT)
    return {ErrorCode::kStorageFull, "The disk of the store is full. Make room; the server goes on by itself."};
  switch (primary) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return {ErrorCode::kCorrupt,
              fmt::format("The store {} is damaged: {}. Stop the server and restore a backup.", path, detail)};
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return {ErrorCode::kIo, fmt::format("The store {} can't be read or written: {}. Check its disk and the rights "
                                          "of its folder.",
                                          path, detail)};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {ErrorCode::kIo, fmt::format("The store {} is in use by another program: {}. Stop it.", path, detail)};
    case SQLITE_NOMEM:
      return {ErrorCode::kServiceUnavailable, "There is no memory left for the store. Try again later."};
    default:
      return {ErrorCode::kInternal, fmt::format("The store {} refused a statement: {}.", path, detail)};
  }
}

int remember_wal_frames(void* frames, sqlite3*, const char*, int count) {
  *static_cast<int*>(frames) = count;
  return SQLITE_OK;
}

constexpr std::string_view kSettings =
    "PRAGMA trusted_schema=OFF;"
    "PRAGMA cell_size_check=ON;"
    "PRAGMA mmap_size=0;"
    "PRAGMA temp_store=MEMORY;"
    "PRAGMA locking_mode=NORMAL;"
    "PRAGMA foreign_keys=ON;"
    "PRAGMA secure_delete=ON;"
    "PRAGMA synchronous=FULL;"
    "PRAGMA wal_autocheckpoint=0;";  // the writer decides when; this also unsets the hook, so it goes first

}  // namespace

void SqliteStatement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

SqliteStatement& SqliteStatement::bind(int index, ByteView bytes) {
  // A null pointer would bind NULL instead of no bytes.
  const void* data = bytes.empty() ? static_cast<const void*>("") : bytes.data();
  sqlite3_bind_blob64(statement_.get(), index, data, bytes.size(), SQLITE_STATIC);
  return *this;
}

SqliteStatement& SqliteStatement::bind(int index, std::uint64_t value) {
  sqlite3_bind_int64(statement_.get(), index, static_cast<sqlite3_int64>(value));
  return *this;
}

Result<bool> SqliteStatement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  sqlite3* database = sqlite3_db_handle(statement_.get());
  return fail(error_of(database, sqlite3_extended_errcode(database)));
}

Status SqliteStatement::run() {
  const SqliteReset reset(*this);
  TRY(step());
  return {};
}

void SqliteStatement::reset() { sqlite3_reset(statement_.get()); }

ByteView SqliteStatement::bytes(int column) const {
  const auto* data = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_.get(), column));
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

std::uint64_t SqliteStatement::integer(int column) const {
  return static_cast<std::uint64_t>(sqlite3_column_int64(statement_.get(), column));
}

std::string_view SqliteStatement::text(int column) const { return as_text(bytes(column)); }

void SqliteConnection::Close::operator()(sqlite3* database) const { sqlite3_close_v2(database); }

Result<SqliteConnection> SqliteConnection::open(const std::filesystem::path& path, SqliteAccess access,
                                                std::size_t cache_kib) {
  SqliteConnection connection;
  sqlite3* database = nullptr;
  const int flags = (access == SqliteAccess::kReadOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE) |
                    SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE;
  // Absolute, because SQLite takes a name that starts with "file:" for a URI.
  const std::string name = absolute_path(path).string();
  const int code = sqlite3_open_v2(name.c_str(), &database, flags, register_scrubbing_vfs());
  connection.database_.reset(database);
  if (code != SQLITE_OK) {
    Error error = error_of(database, code);
    if (path_of(database).empty())
      error.message = fmt::format("The store {} can't be opened: {}.", path.string(), sqlite3_errstr(code));
    return fail(std::move(error));
  }
  sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(database, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
  sqlite3_db_config(database, SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
  TRY(connection.run(kSettings));
  TRY(connection.run(fmt::format("PRAGMA cache_size=-{}; PRAGMA max_page_count={}", cache_kib, kSqliteMaxPages)));
  // Two connections of one store only ever wait for each other in short moments, such as the recovery after a crash.
  sqlite3_busy_timeout(database, 2000);
  connection.wal_frames_ = std::make_unique<int>(0);
  sqlite3_wal_hook(database, remember_wal_frames, connection.wal_frames_.get());
  return connection;
}

Result<SqliteStatement> SqliteConnection::prepare(std::string_view sql) {
  SqliteStatement statement;
  sqlite3_stmt* prepared = nullptr;
  const int code = sqlite3_prepare_v3(database_.get(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &prepared, nullptr);
  statement.statement_.reset(prepared);
  if (code != SQLITE_OK) return fail(error_of(database_.get(), sqlite3_extended_errcode(database_.get())));
  return statement;
}

Status SqliteConnection::run(std::string_view sql) {
  const int code = sqlite3_exec(database_.get(), std::string(sql).c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return fail(error_of(database_.get(), sqlite3_extended_errcode(database_.get())));
  return {};
}

Result<std::uint64_t> SqliteConnection::read_integer(std::string_view sql) {
  TRY_ASSIGN(SqliteStatement statement, prepare(sql));
  TRY_ASSIGN(const bool row, statement.step());
  return row ? statement.integer(0) : 0;
}

bool SqliteConnection::in_transaction() const { return sqlite3_get_autocommit(database_.get()) == 0; }

bool SqliteConnection::last_error_was_local() const {
  const int primary = sqlite3_errcode(database_.get()) & 0xff;
  return in_transaction() && (primary == SQLITE_TOOBIG || primary == SQLITE_CONSTRAINT || primary == SQLITE_MISMATCH);
}

void SqliteConnection::interrupt() { sqlite3_interrupt(database_.get()); }

}  // namespace kagimori
