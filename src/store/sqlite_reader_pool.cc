#include "store/sqlite_reader_pool.h"

namespace kagimori {
namespace {

// Beyond these, connections are closed when they come back: a burst must not hold files and caches for ever.
constexpr std::size_t kMaxFree = 16;

class SqliteReadTransaction final : public ReadTransaction {
 public:
  SqliteReadTransaction(SqliteReaderPool& pool, std::unique_ptr<SqliteReader> reader, std::uint64_t store_revision)
      : pool_(pool), reader_(std::move(reader)), store_revision_(store_revision) {}

  ~SqliteReadTransaction() override {
    // A connection with a failure behind it is closed, not used again.
    if (reader_->end() && healthy_) pool_.put_back(std::move(reader_));
  }

  std::uint64_t store_revision() const override { return store_revision_; }

  Result<std::optional<StoredRecord>> get(Table table, ByteView key) override {
    auto record = reader_->records().get(table, key);
    healthy_ = healthy_ && record;
    return record;
  }

  Result<std::vector<StoredRecord>> scan(Table table, ByteView prefix, ByteView after, std::size_t limit) override {
    auto records = reader_->records().scan(table, prefix, after, limit);
    healthy_ = healthy_ && records;
    return records;
  }

 private:
  SqliteReaderPool& pool_;
  std::unique_ptr<SqliteReader> reader_;
  const std::uint64_t store_revision_;
  bool healthy_ = true;
};

}  // namespace

Result<std::unique_ptr<SqliteReader>> SqliteReader::open(const std::filesystem::path& path, std::size_t cache_kib) {
  TRY_ASSIGN(SqliteConnection connection, SqliteConnection::open(path, SqliteAccess::kReadOnly, cache_kib));
  std::unique_ptr<SqliteReader> reader(new SqliteReader(std::move(connection)));
  TRY(reader->prepare());
  return reader;
}

Status SqliteReader::prepare() {
  TRY_ASSIGN(begin_, connection_.prepare("BEGIN"));
  TRY_ASSIGN(end_, connection_.prepare("COMMIT"));
  TRY_ASSIGN(revision_, connection_.prepare("SELECT revision FROM store_info"));
  TRY_ASSIGN(events_, connection_.prepare("SELECT sequence, revision, payload FROM outbox WHERE revision>?1 "
                                          "ORDER BY sequence LIMIT ?2"));
  return {};
}

Result<std::uint64_t> SqliteReader::begin() {
  TRY(begin_.run());
  // BEGIN alone starts nothing; the snapshot is the one of the first read.
  const SqliteReset reset(revision_);
  Result<bool> found = revision_.step();
  if (found && *found) return revision_.integer(0);
  revision_.reset();
  static_cast<void>(end_.run());
  if (!found) return fail(std::move(found).error());
  return fail(ErrorCode::kCorrupt, "The store has lost its revision. Stop the server and restore a backup.");
}

Status SqliteReader::end() { return end_.run(); }

Result<std::vector<PendingEvent>> SqliteReader::events(std::uint64_t after_revision, std::size_t limit) {
  const SqliteReset reset(events_);
  events_.bind(1, after_revision).bind(2, std::min<std::uint64_t>(limit, kMaxSqliteInteger));
  std::vector<PendingEvent> events;
  for (;;) {
    TRY_ASSIGN(const bool found, events_.step());
    if (!found) return events;
    events.push_back({events_.integer(0), events_.integer(1), to_bytes(events_.bytes(2))});
  }
}

Result<std::unique_ptr<SqliteReader>> SqliteReaderPool::take() {
  {
    const std::lock_guard lock(mutex_);
    if (!free_.empty()) {
      std::unique_ptr<SqliteReader> reader = std::move(free_.back());
      free_.pop_back();
      return reader;
    }
  }
  return SqliteReader::open(path_, cache_kib_);
}

void SqliteReaderPool::put_back(std::unique_ptr<SqliteReader> reader) {
  const std::lock_guard lock(mutex_);
  if (free_.size() < kMaxFree) free_.push_back(std::move(reader));
}

Result<std::unique_ptr<ReadTransaction>> SqliteReaderPool::begin() {
  TRY_ASSIGN(std::unique_ptr<SqliteReader> reader, take());
  TRY_ASSIGN(const std::uint64_t revision, reader->begin());
  return std::make_unique<SqliteReadTransaction>(*this, std::move(reader), revision);
}

Result<std::vector<PendingEvent>> SqliteReaderPool::events(std::uint64_t after_revision, std::size_t limit) {
  TRY_ASSIGN(std::unique_ptr<SqliteReader> reader, take());
  TRY_ASSIGN(std::vector<PendingEvent> events, reader->events(after_revision, limit));
  put_back(std::move(reader));
  return events;
}

}  // namespace kagimori
