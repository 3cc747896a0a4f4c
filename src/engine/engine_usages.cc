#include <algorithm>
#include <future>
#include <memory>

#include "base/log.h"
#include "engine/engine.h"
#include "engine/stored_uses.h"

namespace kagimori {
namespace {

constexpr std::size_t kUsesInABatch = 500;
constexpr std::chrono::seconds kSaveInterval{60};
constexpr int kRestFactor = 20;

}  // namespace

// Blocks until every worker has handed over what it noted: not for a worker's thread.
void Engine::gather_usages() {
  WorkerPort* const port = port_.load(std::memory_order_acquire);
  if (port == nullptr) return;
  std::promise<void> gathered;
  {
    // Fulfilled by the last worker, or where a worker's loop has ended with the task still waiting.
    struct Gathering {
      std::promise<void>& done;
      explicit Gathering(std::promise<void>& promise) : done(promise) {}
      ~Gathering() { done.set_value(); }
    };
    const auto gathering = std::make_shared<Gathering>(gathered);
    for (std::size_t i = 0; i < port->worker_count(); ++i) {
      port->post(i, [this, i, gathering] { usages_.add(workers_[i]->usages.take()); });
    }
  }
  gathered.get_future().wait();
}

Result<KeyUses> Engine::recent_uses(std::uint64_t view_revision, const RowId& row) {
  gather_usages();
  return usages_.beside(view_revision, row);
}

// Nobody else writes these records.
Result<std::uint64_t> Engine::store_uses(const KeyUses& uses) {
  Caller clock;
  clock.time = parts_.clock.now();
  clock.region = parts_.settings.region;
  Trail trail;
  TRY_ASSIGN(auto read, parts_.store.read());
  Transaction transaction(environment(system_thread_), std::move(read), clock, trail);
  TRY(put_uses(transaction, uses));
  const auto on_commit = transaction.take_on_commit();
  Batch batch = transaction.take_batch();
  std::string lines = write_events(system_thread_, transaction, nullptr, clock, batch);
  if (!lines.empty()) {
    batch.durable = [this, lines = std::move(lines)](std::uint64_t revision) { outbox_.committed(revision, lines); };
  }
  TRY_ASSIGN(const std::uint64_t revision, parts_.store.commit_and_wait(std::move(batch)));
  for (const auto& action : on_commit) action();
  return revision;
}

Status Engine::save_usages() {
  gather_usages();
  for (bool more = true; more;) {
    const std::lock_guard lock(system_mutex_);
    TRY_ASSIGN(more, usages_.save_some(kUsesInABatch, [this](const KeyUses& uses) { return store_uses(uses); }));
  }
  return {};
}

// At most a twentieth of a core, unless there are so many that they would take too much memory.
void Engine::save_usages_in_time() {
  const auto began = std::chrono::steady_clock::now();
  if (began < usages_due_ && usages_.size() < kManyUses) return;
  if (const Status saved = save_usages(); !saved) {
    LogLine(LogLevel::kError, "the use of keys could not be stored").field("reason", saved.error().message);
  }
  const auto took = std::chrono::steady_clock::now() - began;
  usages_due_ = began + std::max<std::chrono::steady_clock::duration>(kSaveInterval, kRestFactor * took);
}

}  // namespace kagimori
