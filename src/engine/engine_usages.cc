#include <algorithm>
#include <future>
#include <memory>

#include "base/log.h"
#include "engine/engine.h"
#include "model/record_codec.h"

namespace kagimori {
namespace {

constexpr std::size_t kUsesInABatch = 500;
constexpr std::size_t kManyUses = 20'000;
constexpr std::size_t kMaxPrincipals = 2'000;  // that are counted by name, of one version of a key
constexpr std::chrono::seconds kSaveInterval{60};
constexpr int kRestFactor = 20;

// What is to be stored of the counts: added to what is there.
class StoredCounts {
 public:
  explicit StoredCounts(Transaction& transaction) : transaction_(transaction) {}

  Status add(const KeyUseCount& more) {
    TRY_ASSIGN(const bool known, add_to_known(more));
    if (known) return {};
    TRY_ASSIGN(const bool has_room, has_room_for(more));
    if (has_room) {
      totals_.emplace(usage_key(more), more);
      return {};
    }
    KeyUseCount others = more;
    others.principal.clear();
    others.arn.clear();
    TRY_ASSIGN(const bool others_known, add_to_known(others));
    if (!others_known) totals_.emplace(usage_key(others), std::move(others));
    return {};
  }

  Status write() {
    for (const auto& [key, total] : totals_) {
      TRY(transaction_.put(total.account, Table::kKeyUseCounts,
                           record_key::use_count(total.account, key.row, key.version, key.principal), encode(total)));
    }
    return {};
  }

 private:
  Result<bool> add_to_known(const KeyUseCount& more) {
    auto total = totals_.find(usage_key(more));
    if (total == totals_.end()) {
      TRY_ASSIGN(auto stored, transaction_.get<KeyUseCount>(
                                  more.account, Table::kKeyUseCounts,
                                  record_key::use_count(more.account, more.row, more.version, more.principal)));
      if (!stored) return false;
      total = totals_.emplace(usage_key(more), *std::move(stored)).first;
    }
    kagimori::add(total->second, more);
    return true;
  }

  Result<bool> has_room_for(const KeyUseCount& fresh) {
    const Bytes version = record_key::version(fresh.account, fresh.row, fresh.version);
    auto principals = principals_.find(version);
    if (principals == principals_.end()) {
      TRY_ASSIGN(const auto stored,
                 transaction_.scan<KeyUseCount>(fresh.account, Table::kKeyUseCounts, version, {}, kMaxPrincipals));
      principals = principals_.emplace(version, stored.size()).first;
    }
    return principals->second++ < kMaxPrincipals;
  }

  Transaction& transaction_;
  std::map<UsageKey, KeyUseCount> totals_;
  std::map<Bytes, std::size_t> principals_;  // how many a version has
};

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
  const Caller clock;
  Trail trail;
  TRY_ASSIGN(auto read, parts_.store.read());
  Transaction transaction(environment(system_thread_), std::move(read), clock, trail);
  for (const auto& [row, usage] : uses.last) {
    TRY(transaction.put(usage.account, Table::kKeyUsages, record_key::key(usage.account, row), encode(usage)));
  }
  StoredCounts counts(transaction);
  for (const auto& [key, count] : uses.counts) TRY(counts.add(count));
  TRY(counts.write());
  return parts_.store.commit_and_wait(transaction.take_batch());
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
