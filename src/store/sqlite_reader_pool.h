#pragma once

#include <mutex>

#include "store/sqlite_records.h"

namespace kagimori {

// A connection that only reads, with its prepared statements. One thread at a time.
class SqliteReader {
 public:
  static Result<std::unique_ptr<SqliteReader>> open(const std::filesystem::path& path, std::size_t cache_kib);

  // Starts a snapshot and gives its store revision; end() drops it.
  Result<std::uint64_t> begin();
  Status end();
  SqliteRecords& records() { return records_; }
  Result<std::vector<PendingEvent>> events(std::uint64_t after_revision, std::size_t limit);

 private:
  explicit SqliteReader(SqliteConnection connection) : connection_(std::move(connection)), records_(connection_) {}
  Status prepare();

  SqliteConnection connection_;
  SqliteRecords records_;
  SqliteStatement begin_, end_, revision_, events_;
};

// Reading connections that wait for their next transaction. Any thread. Must outlive the transactions it gave out.
class SqliteReaderPool {
 public:
  SqliteReaderPool(std::filesystem::path path, std::size_t cache_kib) : path_(std::move(path)), cache_kib_(cache_kib) {}

  Result<std::unique_ptr<ReadTransaction>> begin();
  Result<std::vector<PendingEvent>> events(std::uint64_t after_revision, std::size_t limit);
  // Takes back a reader whose snapshot has ended.
  void put_back(std::unique_ptr<SqliteReader> reader);

 private:
  Result<std::unique_ptr<SqliteReader>> take();

  const std::filesystem::path path_;
  const std::size_t cache_kib_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<SqliteReader>> free_;  // guarded by mutex_; the last is the one used last
};

}  // namespace kagimori
