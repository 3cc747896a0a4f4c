#include "engine/engine_worker.h"

#include "engine/cache_key.h"

namespace kagimori {

Result<std::unique_ptr<EngineWorker>> EngineWorker::create(std::size_t index, const EngineSettings& settings) {
  std::unique_ptr<EngineWorker> worker(new EngineWorker(index, settings));
  TRY_ASSIGN(worker->crypto, CryptoContext::create());
  worker->random = std::make_unique<OpensslRandom>(*worker->crypto);
  return worker;
}

bool EngineWorker::misses_allowance() const { return missing.starts_with(cache_key::kAllowance); }

Result<CacheEntry*> EngineWorker::need(std::string name) {
  CacheEntry* entry = cache.find(name);
  if (entry != nullptr) return entry;
  missing = std::move(name);
  return fail(ErrorCode::kCacheMiss, "Not cached.");
}

Result<CacheEntry*> EngineWorker::need_identity(std::string_view access_key_id) {
  TRY_ASSIGN(CacheEntry* const entry, need(cache_key::identity(access_key_id)));
  if (entry->identity == nullptr || owner_drops.holds(entry->identity->owners, entry->identity_seen)) return entry;
  missing = entry->name;
  cache.erase(missing);
  return fail(ErrorCode::kCacheMiss, "Not cached.");
}

}  // namespace kagimori
