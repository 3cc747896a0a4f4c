#include <future>
#include <memory>

#include "engine/engine.h"
#include "model/record_codec.h"

namespace kagimori {
namespace {

constexpr std::size_t kUsagesInABatch = 500;

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

std::optional<KeyLastUsage> Engine::recent_usage(const RowId& row) {
  gather_usages();
  return usages_.find(row);
}

Status Engine::save_usages() {
  gather_usages();
  while (!usages_.empty()) {
    const std::vector<KeyLastUsage> some = usages_.some(kUsagesInABatch);
    const std::lock_guard lock(system_mutex_);
    const Caller clock;
    Trail trail;
    TRY_ASSIGN(auto read, parts_.store.read());
    Transaction transaction(environment(system_thread_), std::move(read), clock, trail);
    for (const KeyLastUsage& usage : some) {
      TRY(transaction.put(usage.account, Table::kKeyUsages, record_key::key(usage.account, usage.row), encode(usage)));
    }
    // Nobody else writes these records.
    TRY(parts_.store.commit_and_wait(transaction.take_batch()));
    usages_.remove(some);
  }
  return {};
}

}  // namespace kagimori
