#pragma once

#include <span>

#include "store/sqlite_records.h"

namespace kagimori {

// The one connection that writes. Turns a group of batches into one durable transaction and keeps the write-ahead log
// short. One thread at a time; after an error from commit() it must be replaced.
class SqliteCommitter {
 public:
  static Result<std::unique_ptr<SqliteCommitter>> open(const std::filesystem::path& path);

  // Applies the batches in order, each with its own store revision, removes the audit events up to and including
  // `remove_events_to`, and returns when all of it is on disk. One result a batch: its store revision, or why it alone
  // failed (kStale; kValidation for a batch that makes no sense). An error of the whole means that nothing was applied.
  Result<std::vector<Result<std::uint64_t>>> commit(std::span<const Batch* const> batches,
                                                    std::uint64_t remove_events_to);

  // Copies the write-ahead log into the database when it has grown a good deal since the last time.
  Status shorten_log();
  // Copies all of the log into the database and cuts it to nothing, so that no overwritten value is left in either.
  // False when a reader still needs it after `patience_ms`.
  Result<bool> empty_log(int patience_ms);

 private:
  explicit SqliteCommitter(SqliteConnection connection) : connection_(std::move(connection)), records_(connection_) {}
  Status prepare();

  // What moves on with every batch; becomes the committer's own when the group is on disk.
  struct Counters {
    std::uint64_t revision = 0;
    std::uint64_t event_sequence = 0;
    bool operator==(const Counters&) const = default;
  };
  using Answers = std::vector<Result<std::uint64_t>>;

  Result<Answers> write_group(std::span<const Batch* const> batches, std::uint64_t remove_events_to);
  Result<Result<std::uint64_t>> write_batch(const Batch& batch, Counters& counters);
  Status apply(const Batch& batch, Counters& counters);
  Status apply(const Write& write, const Batch& batch);
  Status check(const Expectation& expectation);

  SqliteConnection connection_;
  SqliteRecords records_;
  SqliteStatement begin_, commit_, savepoint_, release_, undo_, put_event_, remove_events_, put_counters_, empty_log_,
      shorten_log_;
  Counters counters_;
  int frames_at_checkpoint_ = 0;
};

}  // namespace kagimori
