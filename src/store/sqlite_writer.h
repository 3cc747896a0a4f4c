#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "store/sqlite_committer.h"

namespace kagimori {

// The queue of changes and the one thread that makes them durable: all that wait go into one transaction. Public
// methods: any thread. Lives from start() until its destructor, which commits what still waits.
class SqliteWriter {
 public:
  // The store must exist and have the current schema.
  static Result<std::unique_ptr<SqliteWriter>> start(std::filesystem::path path, std::size_t max_group);
  ~SqliteWriter();
  SqliteWriter(const SqliteWriter&) = delete;
  SqliteWriter& operator=(const SqliteWriter&) = delete;

  void commit(Batch batch, Store::Committed done);
  void remove_events(std::uint64_t up_to_revision);
  // The store revision up to which remove_events has been called; those still in the file count as gone.
  std::uint64_t removed_events() const;
  // Commits what waits and ends the thread; nothing may be queued any more. Whether the last state is on disk and no
  // failure is left unresolved.
  bool stop();

 private:
  struct Job {
    Batch batch;
    Store::Committed done;
  };
  // A durable change whose old values are still in some file, because a reader needs the log.
  struct Unscrubbed {
    Store::Committed done;
    std::uint64_t store_revision;
  };
  using SteadyTime = std::chrono::steady_clock::time_point;

  SqliteWriter(std::filesystem::path path, std::size_t max_group, std::unique_ptr<SqliteCommitter> committer);
  void run();
  std::vector<Job> wait_for_jobs();
  void write(std::vector<Job> jobs);
  Result<std::vector<Result<std::uint64_t>>> write_durably(const std::vector<Job>& jobs);
  Status recover();
  void answer(std::vector<Job>& jobs, std::vector<Result<std::uint64_t>> answers);
  void try_scrub(int patience_ms);
  void finish();

  const std::filesystem::path path_;
  const std::size_t max_group_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> queue_;  // guarded by mutex_, as the next two
  std::uint64_t remove_events_to_ = 0;
  bool stopping_ = false;

  // The thread's own.
  std::unique_ptr<SqliteCommitter> committer_;
  bool failed_ = false;  // the last commit; recover() before the next
  std::uint64_t events_removed_to_ = 0;
  std::vector<Unscrubbed> unscrubbed_;
  SteadyTime next_scrub_;

  std::thread thread_;
};

}  // namespace kagimori
