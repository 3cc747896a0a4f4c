#include "store/sqlite_committer.h"

#include <algorithm>

#include <fmt/format.h>

namespace kagimori {
namespace {

constexpr std::size_t kWriterCacheKib = 8192;
constexpr int kBusyMs = 2000;
constexpr int kFramesBetweenCheckpoints = 1000;  // 4 MiB of log
constexpr int kFramesTooMany = 16'000;           // 64 MiB: readers that overlap have kept the log from starting again
constexpr int kPatienceForReadersMs = 50;

tl::unexpected<Error> stale(Table table) {
  return fail(ErrorCode::kStale, fmt::format("A record of the table {} has changed since it was read. Read it again "
                                             "and retry.",
                                             table_name(table)));
}

bool expects_absence(const Batch& batch, const Write& write) {
  return std::ranges::any_of(batch.expectations, [&](const Expectation& e) {
    return e.revision == 0 && e.table == write.table && e.key == write.key;
  });
}

}  // namespace

Result<std::unique_ptr<SqliteCommitter>> SqliteCommitter::open(const std::filesystem::path& path) {
  TRY_ASSIGN(SqliteConnection connection, SqliteConnection::open(path, SqliteAccess::kReadWrite, kWriterCacheKib));
  std::unique_ptr<SqliteCommitter> committer(new SqliteCommitter(std::move(connection)));
  TRY(committer->prepare());
  return committer;
}

Status SqliteCommitter::prepare() {
  const struct {
    SqliteStatement& statement;
    std::string_view sql;
  } statements[] = {
      {begin_, "BEGIN IMMEDIATE"},
      {commit_, "COMMIT"},
      {savepoint_, "SAVEPOINT batch"},
      {release_, "RELEASE batch"},
      {undo_, "ROLLBACK TO batch"},
      {put_event_, "INSERT INTO outbox(sequence, revision, payload) VALUES(?1, ?2, ?3)"},
      {remove_events_, "DELETE FROM outbox WHERE revision<=?1"},
      {put_counters_, "UPDATE store_info SET revision=?1, event_sequence=?2"},
      {empty_log_, "PRAGMA wal_checkpoint(TRUNCATE)"},
      {shorten_log_, "PRAGMA wal_checkpoint(PASSIVE)"},
  };
  for (const auto& [statement, sql] : statements) {
    TRY_ASSIGN(statement, connection_.prepare(sql));
  }
  TRY_ASSIGN(counters_.revision, connection_.read_integer("SELECT revision FROM store_info"));
  TRY_ASSIGN(counters_.event_sequence, connection_.read_integer("SELECT event_sequence FROM store_info"));
  return {};
}

Result<SqliteCommitter::Answers> SqliteCommitter::commit(std::span<const Batch* const> batches,
                                                         std::uint64_t remove_events_to) {
  TRY(begin_.run());
  Result<Answers> answers = write_group(batches, remove_events_to);
  // Some failures, such as a full disk, have rolled back already.
  if (!answers && connection_.in_transaction()) static_cast<void>(connection_.run("ROLLBACK"));
  return answers;
}

Result<SqliteCommitter::Answers> SqliteCommitter::write_group(std::span<const Batch* const> batches,
                                                              std::uint64_t remove_events_to) {
  Counters counters = counters_;
  Answers answers;
  answers.reserve(batches.size());
  for (const Batch* batch : batches) {
    TRY_ASSIGN(Result<std::uint64_t> answer, write_batch(*batch, counters));
    answers.push_back(std::move(answer));
  }
  if (remove_events_to > 0) TRY(remove_events_.bind(1, remove_events_to).run());
  if (counters != counters_) TRY(put_counters_.bind(1, counters.revision).bind(2, counters.event_sequence).run());
  TRY(commit_.run());
  counters_ = counters;
  return answers;
}

// The outer result fails for the whole group, the inner one for this batch alone.
Result<Result<std::uint64_t>> SqliteCommitter::write_batch(const Batch& batch, Counters& counters) {
  TRY(savepoint_.run());
  Counters after = counters;
  ++after.revision;
  Status applied = apply(batch, after);
  if (applied) {
    TRY(release_.run());
    counters = after;
    return counters.revision;
  }
  const ErrorCode code = applied.error().code;
  const bool alone = code == ErrorCode::kStale || code == ErrorCode::kValidation || connection_.last_error_was_local();
  if (!alone) return fail(std::move(applied).error());
  TRY(undo_.run());
  TRY(release_.run());
  return Result<std::uint64_t>(fail(std::move(applied).error()));
}

Status SqliteCommitter::apply(const Batch& batch, Counters& counters) {
  for (const Expectation& expectation : batch.expectations) TRY(check(expectation));
  for (const Write& write : batch.writes) TRY(apply(write, batch));
  for (const Bytes& event : batch.events) {
    ++counters.event_sequence;
    TRY(put_event_.bind(1, counters.event_sequence).bind(2, counters.revision).bind(3, event).run());
  }
  return {};
}

Status SqliteCommitter::check(const Expectation& expectation) {
  TRY_ASSIGN(const std::uint64_t revision, records_.revision_of(expectation.table, expectation.key));
  if (revision != expectation.revision) return stale(expectation.table);
  return {};
}

Status SqliteCommitter::apply(const Write& write, const Batch& batch) {
  if (write.key.empty() || write.revision > kMaxSqliteInteger)
    return fail(ErrorCode::kValidation, fmt::format("A change of the table {} has no key or a revision out of range.",
                                                    table_name(write.table)));
  TRY_ASSIGN(const std::uint64_t stored, records_.revision_of(write.table, write.key));
  if (write.value) {
    if (write.revision <= stored) return stale(write.table);
    return records_.put(write.table, write.key, write.revision, *write.value);
  }
  if (stored > 0) return records_.remove(write.table, write.key);
  // Nothing to delete: fine for who knew it, a surprise for who did not.
  if (!expects_absence(batch, write)) return stale(write.table);
  return {};
}

Status SqliteCommitter::shorten_log() {
  const int frames = connection_.wal_frames();
  if (frames < frames_at_checkpoint_) frames_at_checkpoint_ = 0;  // the log has started again
  if (frames - frames_at_checkpoint_ < kFramesBetweenCheckpoints) return {};
  frames_at_checkpoint_ = frames;
  if (frames < kFramesTooMany) return shorten_log_.run();
  TRY(empty_log(kPatienceForReadersMs));
  return {};
}

Result<bool> SqliteCommitter::empty_log(int patience_ms) {
  TRY(connection_.run(fmt::format("PRAGMA busy_timeout={}", patience_ms)));
  const SqliteReset reset(empty_log_);
  Result<bool> row = empty_log_.step();
  const bool done = row && *row && empty_log_.integer(0) == 0;
  empty_log_.reset();
  TRY(connection_.run(fmt::format("PRAGMA busy_timeout={}", kBusyMs)));
  if (!row) return fail(std::move(row).error());
  if (done) frames_at_checkpoint_ = 0;
  return done;
}

}  // namespace kagimori
