#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "crypto/context.h"
#include "crypto/random.h"
#include "engine/allowances.h"
#include "engine/key_usage.h"
#include "engine/owner_drops.h"
#include "engine/settings.h"
#include "engine/worker_cache.h"
#include "engine/worker_metrics.h"
#include "protocol/sigv4.h"

namespace kagimori {

// What the engine keeps on one worker's thread: its crypto contexts, its cache, and the lines that this loop turn will
// write. All members belong to that thread.
struct EngineWorker {
  static Result<std::unique_ptr<EngineWorker>> create(std::size_t index, const EngineSettings& settings);

  std::size_t index = 0;
  std::unique_ptr<CryptoContext> crypto;
  std::unique_ptr<OpensslRandom> random;
  WorkerCache cache;
  OwnerDrops owner_drops;
  SigV4Scratch scratch;

  // The item that a verb did not find; set together with ErrorCode::kCacheMiss. Engine::fill fetches it.
  std::string missing;
  // It is a share of a usage limit, which can run short again and again, each time for one that comes after another.
  bool misses_allowance() const;
  // The cached item, or kCacheMiss.
  Result<CacheEntry*> need(std::string name);
  // The holder of an access key, unless what it depends on has changed since.
  Result<CacheEntry*> need_identity(std::string_view access_key_id);

  // Fills under way: who waits for an item, and whether it went stale while it was being read.
  struct Fill {
    std::vector<std::function<void(Status)>> waiting;
    bool stale = false;
    std::uint64_t identity_seen = 0;  // as CacheEntry's, when the read began
  };
  std::unordered_map<std::string, Fill> fills;
  std::unordered_map<std::string, Bytes> documents;  // of attestation, by the item that a fill is to make of it

  WorkerUsages usages;
  Allowances allowances;
  WorkerMetrics metrics;
  Throttle::Known buckets;

  std::string audit_lines;    // written before the answers of this turn
  std::string request_lines;  // the request log

 private:
  EngineWorker(std::size_t worker_index, const EngineSettings& settings)
      : index(worker_index), cache(settings.cache_entries, settings.cache_secret_bytes) {}
};

}  // namespace kagimori
