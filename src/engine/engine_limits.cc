#include <string>

#include "base/log.h"
#include "engine/cache_key.h"
#include "engine/engine.h"
#include "engine/usage_limits.h"

// How workers come by what they may use of keys that have a usage limit.

namespace kagimori {
namespace {

// Without what is wanted of it.
std::string allowance_of(const std::string& item) {
  const std::size_t bytes = item.rfind('|');
  return item.substr(0, item.rfind('|', bytes - 1));
}

}  // namespace

// Also what is being reserved now is of a time before the change.
void Engine::drop_allowance(EngineWorker& worker, const std::string& name) {
  worker.allowances.drop(name);
  for (auto& [item, fill] : worker.fills) {
    if (item.starts_with(name + "|")) fill.stale = true;
  }
}

Result<ReservedShare> Engine::reserve_uses(const AllowanceName& name, std::size_t workers) {
  constexpr int kMaxTries = 32;
  for (int tries = 0; tries < kMaxTries; ++tries) {
    const std::lock_guard lock(system_mutex_);
    const Caller clock;
    Trail trail;
    TRY_ASSIGN(auto read, parts_.store.read());
    Transaction transaction(environment(system_thread_), std::move(read), clock, trail);
    TRY_ASSIGN(const ReservedShare reserved, reserve_share(transaction, name, workers));
    if (!transaction.has_writes()) return reserved;
    const auto done = parts_.store.commit_and_wait(transaction.take_batch());
    if (done) return reserved;
    if (done.error().code != ErrorCode::kStale) return fail(done.error());
  }
  return fail(ErrorCode::kServiceUnavailable, "The usage limit of the key keeps changing. Try again.");
}

// Rotation makes a version with a limit of its own; a warning leaves things as they are. Neither holds up the request.
void Engine::see_to_limit(const AllowanceName& name, bool rotates) {
  Status done;
  if (rotates) {
    done = run_system("RotateKey", [&](Transaction& transaction) { return rotate_near_limit(transaction, name); });
  }
  if (done) {
    done = run_system(alarm_name(Alarm::kUsageLimitNear),
                      [&](Transaction& transaction) { return warn_near_limit(transaction, name); });
  }
  if (!done) {
    LogLine(LogLevel::kError, "a key is near its usage limit").field("reason", done.error().message);
  }
}

Result<ReservedShare> Engine::reserve(const std::string& item, std::size_t workers) {
  TRY_ASSIGN(const AllowanceName name, parse_allowance_name(item));
  TRY_ASSIGN(const ReservedShare reserved, reserve_uses(name, workers));
  if (reserved.near_limit) see_to_limit(name, reserved.rotates);
  return reserved;
}

void Engine::start_reservation(EngineWorker& worker, const std::string& item) {
  WorkerPort* const port = port_.load(std::memory_order_acquire);
  pool_->submit_internal([this, port, &worker, item](PoolThread&) {
    const Result<ReservedShare> reserved = reserve(item, port->worker_count());
    port->post(worker.index, [this, &worker, item, reserved] { end_reservation(worker, item, reserved); });
  });
}

void Engine::end_reservation(EngineWorker& worker, const std::string& item, const Result<ReservedShare>& reserved) {
  const auto found = worker.fills.find(item);
  if (found->second.stale) {
    found->second.stale = false;
    return start_reservation(worker, item);
  }
  const std::vector<std::function<void(Status)>> waiting = std::move(found->second.waiting);
  worker.fills.erase(found);
  Status status;
  if (reserved && reserved->limited) {
    worker.allowances.add(allowance_of(item), reserved->share, reserved->limit_reached ? waiting.size() : 0);
  } else if (!reserved) {
    LogLine(LogLevel::kError, "uses can't be reserved").field("item", item).field("reason", reserved.error().message);
    status = fail(reserved.error());
  }
  for (const auto& then : waiting) then(status);
}

void Engine::give_back(const std::vector<Allowances::Unused>& unused) {
  for (const Allowances::Unused& one : unused) {
    const std::lock_guard lock(system_mutex_);
    const auto given_back = [&]() -> Status {
      const Caller clock;
      Trail trail;
      TRY_ASSIGN(const AllowanceName name, parse_allowance_name(one.name));
      TRY_ASSIGN(auto read, parts_.store.read());
      Transaction transaction(environment(system_thread_), std::move(read), clock, trail);
      TRY(return_allowance(transaction, name, one.left));
      if (!transaction.has_writes()) return {};
      TRY(parts_.store.commit_and_wait(transaction.take_batch()));
      return {};
    }();
    if (given_back) continue;
    LogLine(LogLevel::kError, "unused parts of a usage limit count as used")
        .field("item", one.name)
        .field("reason", given_back.error().message);
  }
}

}  // namespace kagimori
