#include "store/sqlite_writer.h"

#include "base/log.h"

namespace kagimori {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kIdle{200};       // after which removed audit events leave the file without a commit's help
constexpr milliseconds kScrubPause{50};  // between attempts to empty the log
constexpr int kFirstScrubPatienceMs = 50;
constexpr int kNextScrubPatienceMs = 20;
constexpr int kLastScrubPatienceMs = 2000;

}  // namespace

Result<std::unique_ptr<SqliteWriter>> SqliteWriter::start(std::filesystem::path path, std::size_t max_group) {
  TRY_ASSIGN(std::unique_ptr<SqliteCommitter> committer, SqliteCommitter::open(path));
  return std::unique_ptr<SqliteWriter>(new SqliteWriter(std::move(path), max_group, std::move(committer)));
}

SqliteWriter::SqliteWriter(std::filesystem::path path, std::size_t max_group,
                           std::unique_ptr<SqliteCommitter> committer)
    : path_(std::move(path)),
      max_group_(std::max<std::size_t>(max_group, 1)),
      committer_(std::move(committer)),
      thread_([this] { run(); }) {}

SqliteWriter::~SqliteWriter() { stop(); }

void SqliteWriter::commit(Batch batch, Store::Committed done) {
  const std::lock_guard lock(mutex_);
  queue_.push_back({std::move(batch), std::move(done)});
  wake_.notify_one();
}

void SqliteWriter::remove_events(std::uint64_t up_to_revision) {
  const std::lock_guard lock(mutex_);
  remove_events_to_ = std::max(remove_events_to_, std::min(up_to_revision, kMaxSqliteInteger));
  wake_.notify_one();
}

std::uint64_t SqliteWriter::removed_events() const {
  const std::lock_guard lock(mutex_);
  return remove_events_to_;
}

bool SqliteWriter::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    wake_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
  return !failed_ && unscrubbed_.empty();
}

void SqliteWriter::run() {
  for (;;) {
    std::vector<Job> jobs = wait_for_jobs();
    const bool idle = jobs.empty();
    const bool events_wait = removed_events() > events_removed_to_;
    if (!idle || events_wait) write(std::move(jobs));
    if (!unscrubbed_.empty() && std::chrono::steady_clock::now() >= next_scrub_) try_scrub(kNextScrubPatienceMs);
    const std::lock_guard lock(mutex_);
    if (stopping_ && queue_.empty()) break;
  }
  finish();
}

// The next group; empty when there was none for a while and something else may be worth doing, or at the end.
std::vector<SqliteWriter::Job> SqliteWriter::wait_for_jobs() {
  std::unique_lock lock(mutex_);
  const auto has_work = [this] { return stopping_ || !queue_.empty(); };
  while (!has_work()) {
    if (!unscrubbed_.empty()) {
      wake_.wait_until(lock, next_scrub_, has_work);
      break;
    }
    if (remove_events_to_ > events_removed_to_) {
      wake_.wait_for(lock, kIdle, has_work);
      break;
    }
    wake_.wait(lock);
  }
  std::vector<Job> jobs;
  while (!queue_.empty() && jobs.size() < max_group_) {
    jobs.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  return jobs;
}

void SqliteWriter::write(std::vector<Job> jobs) {
  auto answers = write_durably(jobs);
  if (answers) {
    answer(jobs, *std::move(answers));
    // A failure here loses nothing: the log stays as it is, and the next commit tells if the disk is ill.
    if (Status shortened = committer_->shorten_log(); !shortened)
      LogLine(LogLevel::kWarning, "the store's write-ahead log could not be copied")
          .field("error", shortened.error().message);
    return;
  }
  // Once, not again for each attempt until the disk is well.
  if (!failed_) LogLine(LogLevel::kError, "the store could not commit").field("error", answers.error().message);
  failed_ = true;
  for (const Job& job : jobs) job.done(fail(answers.error()));
}

Result<std::vector<Result<std::uint64_t>>> SqliteWriter::write_durably(const std::vector<Job>& jobs) {
  TRY(recover());
  std::vector<const Batch*> batches;
  batches.reserve(jobs.size());
  for (const Job& job : jobs) batches.push_back(&job.batch);
  const std::uint64_t remove_to = removed_events();
  TRY_ASSIGN(auto answers, committer_->commit(batches, remove_to > events_removed_to_ ? remove_to : 0));
  events_removed_to_ = remove_to;
  return answers;
}

// After a failure the connection is replaced. The frames of the failed transaction may lie in the log, complete but
// never acknowledged: the log is emptied, or else (readers need it) the next commit overwrites them. The old connection
// stays open until then: it keeps the log's index alive, without which SQLite would take the frames for committed.
Status SqliteWriter::recover() {
  if (!failed_) return {};
  TRY_ASSIGN(std::unique_ptr<SqliteCommitter> committer, SqliteCommitter::open(path_));
  TRY(committer->empty_log(kFirstScrubPatienceMs));
  committer_ = std::move(committer);
  failed_ = false;
  LogLine(LogLevel::kInfo, "the store is open for changes again");
  return {};
}

void SqliteWriter::answer(std::vector<Job>& jobs, std::vector<Result<std::uint64_t>> answers) {
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    if (answers[i] && jobs[i].batch.durable) jobs[i].batch.durable(*answers[i]);
  }
  const auto needs_scrub = [&](std::size_t i) { return jobs[i].batch.scrub && answers[i].has_value(); };
  bool scrub = false;
  for (std::size_t i = 0; i < jobs.size(); ++i) scrub = scrub || needs_scrub(i);
  const bool scrubbed = scrub && committer_->empty_log(kFirstScrubPatienceMs).value_or(false);
  if (scrub && !scrubbed) next_scrub_ = std::chrono::steady_clock::now() + kScrubPause;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    if (needs_scrub(i) && !scrubbed)
      unscrubbed_.push_back({std::move(jobs[i].done), *answers[i]});
    else
      jobs[i].done(std::move(answers[i]));
  }
}

void SqliteWriter::try_scrub(int patience_ms) {
  next_scrub_ = std::chrono::steady_clock::now() + kScrubPause;
  if (!recover() || !committer_->empty_log(patience_ms).value_or(false)) return;
  for (const Unscrubbed& change : std::exchange(unscrubbed_, {})) change.done(change.store_revision);
}

void SqliteWriter::finish() {
  if (removed_events() > events_removed_to_) write({});
  static_cast<void>(recover());  // stop() tells if it did not work
  if (!unscrubbed_.empty()) try_scrub(kLastScrubPatienceMs);
  const Error unfinished{ErrorCode::kIo,
                         "The change is durable, but the old value could not be removed from the files of the store; "
                         "that happens when it is opened next."};
  for (const Unscrubbed& change : unscrubbed_) change.done(fail(unfinished));
}

}  // namespace kagimori
