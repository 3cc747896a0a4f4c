#include "engine/engine_worker.h"

namespace kagimori {

Result<std::unique_ptr<EngineWorker>> EngineWorker::create(std::size_t index, const EngineSettings& settings) {
  std::unique_ptr<EngineWorker> worker(new EngineWorker(index, settings));
  TRY_ASSIGN(worker->crypto, CryptoContext::create());
  worker->random = std::make_unique<OpensslRandom>(*worker->crypto);
  return worker;
}

Result<CacheEntry*> EngineWorker::need(std::string name) {
  CacheEntry* entry = cache.find(name);
  if (entry != nullptr) return entry;
  missing = std::move(name);
  return fail(ErrorCode::kCacheMiss, "Not cached.");
}

}  // namespace kagimori
