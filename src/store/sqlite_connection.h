#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>

#include "base/bytes.h"

struct sqlite3;
struct sqlite3_stmt;

namespace kagimori {

// One prepared SQL statement. Parameters and columns are numbered as SQLite does: parameters from 1, columns from 0.
// Bound bytes are not copied and must live until reset(). Belongs to its connection and to one thread at a time.
class SqliteStatement {
 public:
  SqliteStatement() = default;
  explicit operator bool() const { return statement_ != nullptr; }

  SqliteStatement& bind(int index, ByteView bytes);
  SqliteStatement& bind(int index, std::uint64_t value);  // must be at most kMaxSqliteInteger
  // True when there is a row to read, false at the end. Errors as SqliteConnection's.
  Result<bool> step();
  // Steps a statement that gives no rows, and resets it.
  Status run();
  // Ends the statement's read lock and makes it ready to be bound again.
  void reset();

  ByteView bytes(int column) const;  // valid until the next step() or reset()
  std::uint64_t integer(int column) const;
  std::string_view text(int column) const;  // valid as bytes()

 private:
  friend class SqliteConnection;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

inline constexpr std::uint64_t kMaxSqliteInteger = INT64_MAX;

// Resets a statement when the scope ends, however it ends.
class SqliteReset {
 public:
  explicit SqliteReset(SqliteStatement& statement) : statement_(statement) {}
  ~SqliteReset() { statement_.reset(); }
  SqliteReset(const SqliteReset&) = delete;
  SqliteReset& operator=(const SqliteReset&) = delete;

 private:
  SqliteStatement& statement_;
};

enum class SqliteAccess : std::uint8_t { kReadOnly, kReadWrite };

// One connection to a database file, set up as the store wants it: every commit on disk before it returns
// (synchronous=FULL), freed bytes overwritten with zeros (secure_delete), no memory mapping, nothing trusted from the
// file, no temporary files. One thread at a time. Statements must die before it.
// Errors: kStorageFull, kCorrupt, kIo, kInternal (a statement or a value that SQLite refuses), with a sentence.
class SqliteConnection {
 public:
  static Result<SqliteConnection> open(const std::filesystem::path& path, SqliteAccess access, std::size_t cache_kib);

  Result<SqliteStatement> prepare(std::string_view sql);
  // Runs statements whose rows are of no interest.
  Status run(std::string_view sql);
  // The first column of the first row.
  Result<std::uint64_t> read_integer(std::string_view sql);

  bool in_transaction() const;
  // Whether the last failure concerned only its own statement (a value too big, a broken constraint), so that the
  // transaction may go on.
  bool last_error_was_local() const;
  // Frames in the write-ahead log after this connection's last commit; each is one page.
  int wal_frames() const { return *wal_frames_; }
  // Stops the statement that runs on another thread, which then fails; the one method for any thread.
  void interrupt();

 private:
  struct Close {
    void operator()(sqlite3* database) const;
  };
  SqliteConnection() = default;

  std::unique_ptr<int> wal_frames_;
  std::unique_ptr<sqlite3, Close> database_;
};

}  // namespace kagimori
