#include "dialects/aws/computed_answer.h"

namespace kagimori::aws {

JsonAnswer computed_answer(JsonCall& call, bool on_pool, std::vector<std::shared_ptr<const KeySnapshot>> keys,
                           Compute compute, Engine::KeyStores stores) {
  if (!on_pool) {
    const CryptoTimer timer(call.worker.metrics, CryptoWork::kOther);
    return answer_now(compute(*call.worker.crypto, *call.worker.random));
  }
  return answer_when_done([&engine = call.engine, &worker = call.worker, caller = call.caller, keys = std::move(keys),
                           compute = std::move(compute), stores = std::move(stores)](JsonAnswer::Done done) {
    engine.offload(
        worker, caller, keys, [compute](PoolThread& thread) { return compute(*thread.crypto, *thread.random); },
        std::move(done), stores);
  });
}

Engine::KeyStores stores_of(std::initializer_list<const ExternalUse*> uses) {
  Engine::KeyStores stores;
  for (const ExternalUse* const use : uses) {
    if (use != nullptr) stores.push_back(use->store());
  }
  return stores;
}

std::string secret_body(std::size_t secret_bytes, std::size_t public_bytes) {
  std::string body;
  body.reserve((secret_bytes + public_bytes + 3) * 4 / 3 + 1024);
  return body;
}

}  // namespace kagimori::aws
