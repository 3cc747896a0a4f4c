#include <fmt/format.h>

#include <algorithm>
#include <future>
#include <optional>

#include "base/log.h"
#include "engine/clock_record.h"
#include "engine/engine.h"
#include "engine/lifecycle_changes.h"
#include "engine/sessions.h"

namespace kagimori {
namespace {

constexpr int kMaxTries = 32;
constexpr std::size_t kSweepPage = 256;
constexpr std::size_t kRewrapRecords = 500;
constexpr std::int64_t kSaveClockSeconds = 60;
constexpr std::size_t kUsesPage = 256;
constexpr std::chrono::milliseconds kStopPoll{100};
// How long one turn of the sweeper re-wraps at a stretch.
constexpr std::chrono::seconds kRewrapTurn{2};

void report(std::string_view what, const Error& error) {
  LogLine(LogLevel::kError, what).field("reason", error.message);
}

std::string_view event_name(DueKind kind) {
  switch (kind) {
    case DueKind::kRotate:
      return "RotateKey";
    case DueKind::kDelete:
      return "DeleteKey";
    case DueKind::kReplicate:
      return kSynchronizeMultiRegionKey.name;
    case DueKind::kRemoveGrants:
      return "RemoveGrantsOfDeletedKey";
    case DueKind::kExpireMaterial:
    case DueKind::kExpirePendingMaterial:
      return "DeleteExpiredKeyMaterial";
    case DueKind::kSessionExpiry:
      break;  // leaves no event: that a session ends was said when it began
  }
  return {};
}

bool destroys_material(DueKind kind) {
  return kind == DueKind::kDelete || kind == DueKind::kExpireMaterial || kind == DueKind::kExpirePendingMaterial;
}

}  // namespace

// Waits for the answer; but where old values can't be scrubbed yet (a long reader, such as a backup) and the server is
// stopping, for the change to be durable: the scrub is made up for when the store is opened next.
Status Engine::commit_system(Batch batch, std::string event_lines) {
  struct Commit {
    std::mutex mutex;
    std::condition_variable wake;
    bool durable = false;
    std::optional<Status> answer;
  };
  const auto commit = std::make_shared<Commit>();
  batch.durable = [this, commit, event_lines = std::move(event_lines)](std::uint64_t revision) {
    outbox_.committed(revision, event_lines);
    const std::lock_guard lock(commit->mutex);
    commit->durable = true;
  };
  parts_.store.commit(std::move(batch), [commit](const Result<std::uint64_t>& revision) {
    const std::lock_guard lock(commit->mutex);
    commit->answer = revision ? Status() : Status(fail(revision.error()));
    commit->wake.notify_one();
  });
  std::unique_lock lock(commit->mutex);
  while (!commit->answer) {
    if (commit->durable && stopping_) return {};
    commit->wake.wait_for(lock, kStopPoll);
  }
  return *commit->answer;
}

Status Engine::run_system(std::string_view event_name, const std::function<Status(Transaction&)>& work) {
  const std::lock_guard lock(system_mutex_);
  PoolThread& thread = system_thread_;
  for (int tries = 0; tries < kMaxTries; ++tries) {
    Caller clock;
    clock.time = parts_.clock.now();
    clock.origin.dialect = Dialect::kAwsKms;
    clock.region = parts_.settings.region;
    Trail trail(OperationInfo{event_name, false, Plane::kManagement});
    TRY_ASSIGN(auto read, parts_.store.read());
    Transaction transaction(environment(thread), std::move(read), clock, trail);
    const Status worked = work(transaction);
    if (!worked && worked.error().code == ErrorCode::kStale) continue;
    TRY(worked);
    if (!transaction.has_writes()) return {};

    const std::string event_id = make_uuid(*thread.random);
    audit::Event event = trail.by_service().event(clock, nullptr, event_id);
    event.service_event = event_name != kSynchronizeMultiRegionKey.name;
    const bool sweep = transaction.sweep_requested();
    std::vector<std::string> stale_items = transaction.take_stale_items();
    const auto on_commit = transaction.take_on_commit();
    Batch batch = transaction.take_batch();
    std::string lines = write_events(thread, transaction, &event, clock, batch);
    const Status done = commit_system(std::move(batch), std::move(lines));
    if (!done && done.error().code == ErrorCode::kStale) continue;
    TRY(done);
    for (const auto& action : on_commit) action();
    if (sweep) wake_sweeper();
    std::promise<void> dropped;
    drop_everywhere(std::move(stale_items), [&dropped] { dropped.set_value(); });
    dropped.get_future().wait();
    return {};
  }
  return fail(ErrorCode::kServiceUnavailable, "The records of this change keep changing. It will be tried again.");
}

Status Engine::restore_clock() {
  TRY_ASSIGN(const auto read, parts_.store.read());
  RecordReader reader(*system_thread_.crypto, parts_.keyrings, *read);
  const auto saved = read_clock_state(reader);
  if (saved && !*saved) return {};
  if (saved) {
    saved_clock_ = **saved;
    parts_.lifecycle_clock.restore(saved_clock_);
    return {};
  }
  if (saved.error().code != ErrorCode::kCorrupt) return fail(saved.error());
  // How late it was is not known, so the wall clock may have been turned: nothing is destroyed on its word alone. The
  // state differs from saved_clock_, so the next sweep writes the record anew.
  LifecycleClockState unknown;
  unknown.destruction_held = true;
  parts_.lifecycle_clock.restore(unknown);
  LogLine(
      LogLevel::kError,
      "The record of the lifecycle clock is damaged. No key is destroyed until an administrator has checked the time "
      "and called Kagimori.ConfirmTime.")
      .field("reason", saved.error().message);
  return {};
}

Status Engine::save_clock(const LifecycleClockState& state) {
  Caller clock;
  Trail trail;
  TRY_ASSIGN(auto read, parts_.store.read());
  Transaction transaction(environment(system_thread_), std::move(read), clock, trail);
  TRY(transaction.put(kSystemAccount, Table::kJobs, clock_record_key(), encode_clock_state(state)));
  const auto saved = parts_.store.commit_and_wait(transaction.take_batch());
  if (!saved && saved.error().code != ErrorCode::kStale) return fail(saved.error());
  saved_clock_ = state;
  return {};
}

Status Engine::save_access_key_uses() {
  for (std::vector<AccessKeyUse> uses = access_key_uses_.take(kUsesPage); !uses.empty();
       uses = access_key_uses_.take(kUsesPage)) {
    const Caller clock;
    Trail trail;
    TRY_ASSIGN(auto read, parts_.store.read());
    Transaction transaction(environment(system_thread_), std::move(read), clock, trail);
    for (const AccessKeyUse& use : uses) {
      const Bytes key = record_key::access_key(use.access_key_id);
      TRY_ASSIGN(const auto access_key, transaction.get<AccessKey>(kSystemAccount, Table::kAccessKeys, key));
      if (access_key) TRY(transaction.put(kSystemAccount, Table::kAccessKeyUses, key, encode(use)));
    }
    const auto saved = parts_.store.commit_and_wait(transaction.take_batch());
    if (!saved) {
      for (const AccessKeyUse& use : uses) access_key_uses_.put_back(use);
      return saved.error().code == ErrorCode::kStale ? Status() : Status(fail(saved.error()));
    }
  }
  return {};
}

Status Engine::watch_clock() {
  const auto jump = parts_.lifecycle_clock.check_for_jump();
  if (jump) {
    LogLine(LogLevel::kError,
            "The wall clock jumped. No key is destroyed until an administrator has checked the time and called "
            "Kagimori.ConfirmTime.")
        .field("seconds", *jump);
  }
  const std::lock_guard lock(system_mutex_);
  const LifecycleClockState state = parts_.lifecycle_clock.state();
  const bool changed = state.offset_micros != saved_clock_.offset_micros ||
                       state.destruction_held != saved_clock_.destruction_held ||
                       state.newest >= saved_clock_.newest.plus_seconds(kSaveClockSeconds);
  return changed ? save_clock(state) : Status();
}

// No event: that a session ends was said when it began.
Status Engine::forget_in_one_commit(std::span<const DueEntry> due) {
  const std::lock_guard lock(system_mutex_);
  const Caller clock;
  Trail trail;
  TRY_ASSIGN(auto read, parts_.store.read());
  Transaction transaction(environment(system_thread_), std::move(read), clock, trail);
  for (const DueEntry& entry : due) TRY(end_session(transaction, entry));
  const auto done = parts_.store.commit_and_wait(transaction.take_batch());
  if (!done) return fail(done.error());
  std::promise<void> dropped;
  drop_everywhere(transaction.take_stale_items(), [&dropped] { dropped.set_value(); });
  dropped.get_future().wait();
  return {};
}

void Engine::forget_sessions(std::span<const DueEntry> due) {
  if (due.empty() || forget_in_one_commit(due)) return;
  for (const DueEntry& entry : due) {
    const Status done = forget_in_one_commit({&entry, 1});
    if (done || done.error().code == ErrorCode::kStale) continue;  // the next sweep comes back to it
    LogLine(LogLevel::kError, "an expired session can't be removed").field("reason", done.error().message);
  }
}

Status Engine::apply_all_due() {
  Bytes after;
  for (;;) {
    std::vector<DueEntry> due;
    const Bytes page_began = after;
    {
      const std::lock_guard lock(system_mutex_);
      TRY_ASSIGN(const auto read, parts_.store.read());
      // The row only says where to look: apply_due() believes the key's own record. So a damaged one does no harm, and
      // must not hold up the others.
      TRY_ASSIGN(const auto rows, read->scan(Table::kDue, {}, after, kSweepPage));
      for (const StoredRecord& row : rows) {
        const auto entry = parse_due_key(row.key);
        if (entry && entry->when > parts_.lifecycle_clock.now()) break;
        after = row.key;
        if (entry) due.push_back(*entry);
        if (!entry) LogLine(LogLevel::kError, "a due change can't be read").field("reason", entry.error().message);
      }
      if (after == page_began) return {};
    }
    const auto sessions =
        std::ranges::partition(due, [](const DueEntry& entry) { return entry.kind != DueKind::kSessionExpiry; });
    forget_sessions(sessions);
    due.erase(sessions.begin(), sessions.end());
    for (const DueEntry& entry : due) {
      if (stopping_) return {};
      if (destroys_material(entry.kind) && parts_.lifecycle_clock.destruction_is_held()) continue;
      const std::string_view name = event_name(entry.kind);
      const Status done = run_system(name, [&](Transaction& transaction) { return apply_due(transaction, entry); });
      if (done) continue;
      // One key that can't be processed (a damaged record) must not hold up the others.
      LogLine(LogLevel::kError, "a due change failed").field("event", name).field("reason", done.error().message);
      if (entry.kind != DueKind::kRotate) continue;
      if (const Status told = warn_of_due(entry, Alarm::kKeyRotationFailed, done.error().message); !told) {
        report("an alarm was not raised", told.error());
      }
    }
  }
}

Status Engine::sweep() {
  TRY(watch_clock());
  if (const Status settled = settle_key_stores(); !settled) {
    report("connections of custom key stores were not settled", settled.error());
  }
  TRY(apply_all_due());
  // Last, so that one sweep destroys a KMS key and removes its key from the HSM.
  if (const Status removed = remove_hsm_keys(); !removed) report("HSM keys were not removed", removed.error());
  if (const Status warned = warn_of_due(); !warned) report("alarms were not raised", warned.error());
  tell_of_strangers(false);
  return {};
}

Status Engine::rewrap() {
  const auto end = std::chrono::steady_clock::now() + kRewrapTurn;
  while (!stopping_ && std::chrono::steady_clock::now() < end) {
    const std::lock_guard system(system_mutex_);
    TRY_ASSIGN(const bool more, parts_.keyrings.rewrap_step(*system_thread_.crypto, kRewrapRecords));
    if (!more) break;
  }
  return {};
}

void Engine::sweep_now(EngineWorker& worker, std::function<void(Status)> done) {
  pool_->submit_internal([this, &worker, done = std::move(done)](PoolThread&) {
    const Status swept = sweep();
    port_.load(std::memory_order_acquire)->post(worker.index, [done, swept] { done(swept); });
  });
}

void Engine::wake_sweeper() {
  {
    const std::lock_guard lock(sweeper_mutex_);
    sweep_wanted_ = true;
  }
  sweeper_wake_.notify_all();
}

void Engine::hold_sweeper(bool held) {
  sweeper_held_ = held;
  if (!held) wake_sweeper();
}

// Sweeps at every turn, and as soon as somebody wants it; the slower chores are done at turns only.
void Engine::sweeper_loop() {
  const std::chrono::seconds interval(parts_.settings.sweep_interval_seconds);
  auto next_turn = std::chrono::steady_clock::now() + interval;
  std::unique_lock lock(sweeper_mutex_);
  while (!stopping_) {
    sweeper_wake_.wait_until(lock, next_turn, [this] { return stopping_ || (sweep_wanted_ && !sweeper_held_); });
    if (stopping_) return;
    sweep_wanted_ = false;
    const bool turn = std::chrono::steady_clock::now() >= next_turn;
    if (turn) next_turn = std::chrono::steady_clock::now() + interval;
    if (sweeper_held_) continue;
    lock.unlock();
    if (const Status swept = sweep(); !swept) report("the sweep failed", swept.error());
    if (turn || usages_.size() >= kManyUses) save_usages_in_time();
    if (turn) do_chores();
    lock.lock();
  }
}

void Engine::do_chores() {
  warn_of_machine();
  {
    const std::lock_guard system(system_mutex_);
    if (const Status saved = save_access_key_uses(); !saved) {
      report("the last uses of access keys are not saved", saved.error());
    }
  }
  if (const Status ready = outbox_.ready(); !ready) report("audit events wait", ready.error());
  {
    const std::lock_guard system(system_mutex_);
    CryptoContext& crypto = *system_thread_.crypto;
    if (const Status started = parts_.keyrings.start_due_epochs(crypto); !started) {
      report("a keyring epoch could not be started", started.error());
    }
  }
  if (const Status rewrapped = rewrap(); !rewrapped) report("re-wrapping stopped", rewrapped.error());
}

}  // namespace kagimori
