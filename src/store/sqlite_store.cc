#include "store/sqlite_store.h"

#include <fmt/format.h>

#include <mutex>
#include <vector>

#include "base/log.h"
#include "store/sqlite_reader_pool.h"
#include "store/sqlite_schema.h"
#include "store/sqlite_scrubbing_vfs.h"
#include "store/sqlite_writer.h"
#include "store/store_file.h"
#include "store/store_lock.h"

namespace kagimori {
namespace {

constexpr std::size_t kMaintenanceCacheKib = 2048;
constexpr int kPatienceAtOpeningMs = 2000;

class SqliteStore final : public Store {
 public:
  // Without a lock and a writer the store is for reading only.
  SqliteStore(const SqliteOptions& options, std::unique_ptr<StoreLock> lock, std::unique_ptr<SqliteWriter> writer,
              bool was_unclean)
      : path_(options.path),
        was_unclean_(was_unclean),
        lock_(std::move(lock)),
        readers_(std::in_place, options.path, options.reader_cache_kib),
        writer_(std::move(writer)) {}

  ~SqliteStore() override {
    // SQLite empties and removes the log with the last connection, which must be one that writes.
    readers_.reset();
    if (!writer_) return;
    const bool clean = writer_->stop();
    writer_.reset();
    if (!clean) return;
    if (Status marked = lock_->mark_clean(); !marked)
      LogLine(LogLevel::kWarning, "the store was not marked as closed").field("error", marked.error().message);
  }

  Result<std::unique_ptr<ReadTransaction>> read() override { return readers_->begin(); }

  void commit(Batch batch, Committed done) override {
    if (writer_) return writer_->commit(std::move(batch), std::move(done));
    done(fail(ErrorCode::kUnsupportedOperation, "The store is open for reading only."));
  }

  Result<std::vector<PendingEvent>> pending_events(std::size_t limit) override {
    return readers_->events(writer_ ? writer_->removed_events() : 0, limit);
  }

  void remove_events(std::uint64_t up_to_revision) override {
    if (writer_) writer_->remove_events(up_to_revision);
  }

  Status backup(const std::filesystem::path& target) override;
  Status check_integrity() override;
  void interrupt_checks() override;
  bool was_unclean() const override { return was_unclean_; }

 private:
  class UnderWay;

  const std::filesystem::path path_;
  const bool was_unclean_;
  const std::unique_ptr<StoreLock> lock_;
  std::optional<SqliteReaderPool> readers_;
  std::unique_ptr<SqliteWriter> writer_;
  std::mutex checks_mutex_;
  bool checks_end_ = false;                // guarded by checks_mutex_, as the next
  std::vector<SqliteConnection*> checks_;  // under way
};

Status expect_free(const std::filesystem::path& path) {
  std::error_code ignored;
  if (!std::filesystem::exists(std::filesystem::symlink_status(path, ignored))) return {};
  return fail(ErrorCode::kAlreadyExists,
              fmt::format("There is already a file {}. Choose another name, or remove it first.", path.string()));
}

std::string quoted(const std::string& text) {
  std::string sql = "'";
  for (const char c : text) sql += c == '\'' ? std::string("''") : std::string(1, c);
  return sql + "'";
}

Status copy_database(const std::filesystem::path& from, const std::filesystem::path& to) {
  TRY_ASSIGN(SqliteConnection source, SqliteConnection::open(from, SqliteAccess::kReadOnly, kMaintenanceCacheKib));
  return source.run("VACUUM INTO " + quoted(absolute_path(to).string()));
}

Status SqliteStore::backup(const std::filesystem::path& target) {
  TRY(expect_free(target));
  const std::filesystem::path partial = target.string() + ".partial";
  TRY(create_private_file(partial));
  Status done = copy_database(path_, partial);
  if (done) done = publish_file(partial, target);
  std::error_code ignored;
  if (!done) std::filesystem::remove(partial, ignored);
  return done;
}

// Keeps a connection where interrupt_checks() finds it.
class SqliteStore::UnderWay {
 public:
  UnderWay(SqliteStore& store, SqliteConnection& connection) : store_(store), connection_(connection) {
    const std::lock_guard lock(store_.checks_mutex_);
    too_late_ = store_.checks_end_;
    store_.checks_.push_back(&connection_);
  }
  ~UnderWay() {
    const std::lock_guard lock(store_.checks_mutex_);
    std::erase(store_.checks_, &connection_);
  }
  UnderWay(const UnderWay&) = delete;
  UnderWay& operator=(const UnderWay&) = delete;
  bool too_late() const { return too_late_; }

 private:
  SqliteStore& store_;
  SqliteConnection& connection_;
  bool too_late_ = false;
};

void SqliteStore::interrupt_checks() {
  const std::lock_guard lock(checks_mutex_);
  checks_end_ = true;
  for (SqliteConnection* const connection : checks_) connection->interrupt();
}

Status SqliteStore::check_integrity() {
  TRY_ASSIGN(SqliteConnection connection, SqliteConnection::open(path_, SqliteAccess::kReadOnly, kMaintenanceCacheKib));
  TRY_ASSIGN(SqliteStatement query, connection.prepare("PRAGMA integrity_check(10)"));
  const UnderWay under_way(*this, connection);
  if (under_way.too_late()) return fail(ErrorCode::kIo, "The store is about to close.");
  std::string findings;
  for (;;) {
    TRY_ASSIGN(const bool row, query.step());
    if (!row) break;
    if (query.text(0) != "ok") findings += fmt::format("{}{}", findings.empty() ? "" : "; ", query.text(0));
  }
  if (findings.empty()) return {};
  return fail(ErrorCode::kCorrupt, fmt::format("The store {} is damaged: {}. Stop the server and restore a backup.",
                                               path_.string(), findings));
}

// The new store gets its name when it is whole, so that an interrupted creation leaves no half store behind.
Status create_store(const std::filesystem::path& path) {
  const std::filesystem::path partial = path.string() + ".new";
  std::error_code ignored;
  for (const char* suffix : {"", "-journal", "-wal", "-shm"})
    std::filesystem::remove(partial.string() + suffix, ignored);
  TRY(create_private_file(partial));
  {
    TRY_ASSIGN(SqliteConnection connection,
               SqliteConnection::open(partial, SqliteAccess::kReadWrite, kMaintenanceCacheKib));
    TRY(connection.run(fmt::format("PRAGMA page_size={}; PRAGMA application_id={}; PRAGMA journal_mode=WAL",
                                   kSqlitePageSize, kSqliteApplicationId)));
    TRY(migrate(connection, sqlite_migrations()));
  }
  return publish_file(partial, path);
}

bool log_is_left(const std::filesystem::path& path) {
  std::error_code none;
  const auto size = std::filesystem::file_size(path.string() + "-wal", none);
  return !none && size > 0;
}

// Takes in what a crash left in the log, brings the schema up to date, and leaves no trace of scrubbed values.
Status prepare_store(const std::filesystem::path& path) {
  TRY_ASSIGN(SqliteConnection connection, SqliteConnection::open(path, SqliteAccess::kReadWrite, kMaintenanceCacheKib));
  TRY(connection.run("PRAGMA journal_mode=WAL"));
  TRY(migrate(connection, sqlite_migrations()));
  TRY(connection.run(fmt::format("PRAGMA busy_timeout={}; PRAGMA wal_checkpoint(TRUNCATE)", kPatienceAtOpeningMs)));
  return {};
}

Result<std::unique_ptr<SqliteWriter>> prepare_and_start(const SqliteOptions& options) {
  if (options.create) TRY(create_store(options.path));
  TRY(make_private(options.path));
  TRY(prepare_store(options.path));
  return SqliteWriter::start(options.path, options.max_group);
}

Result<std::unique_ptr<Store>> open_for_reading(const SqliteOptions& options) {
  TRY(inspect_store_file(options.path));
  TRY_ASSIGN(SqliteConnection connection,
             SqliteConnection::open(options.path, SqliteAccess::kReadOnly, kMaintenanceCacheKib));
  TRY(require_schema(connection, sqlite_migrations()));
  return std::make_unique<SqliteStore>(options, nullptr, nullptr, false);
}

}  // namespace

Result<std::unique_ptr<Store>> open_sqlite_store(const SqliteOptions& options) {
  if (options.read_only) return open_for_reading(options);
  if (options.create) {
    TRY(expect_free(options.path));
  } else {
    TRY(inspect_store_file(options.path));
  }
  TRY_ASSIGN(std::unique_ptr<StoreLock> lock, StoreLock::acquire(options.path));
  const bool was_unclean = !options.create && (lock->was_unclean() || log_is_left(options.path));
  auto writer = prepare_and_start(options);
  if (!writer) {
    // Who could not even open it has not left it unclean.
    if (!was_unclean) static_cast<void>(lock->mark_clean());
    return fail(std::move(writer).error());
  }
  return std::make_unique<SqliteStore>(options, std::move(lock), *std::move(writer), was_unclean);
}

}  // namespace kagimori
