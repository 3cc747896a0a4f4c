#include "dialects/aws/computed_answer.h"

namespace kagimori::aws {

JsonAnswer computed_answer(JsonCall& call, bool on_pool, std::vector<std::shared_ptr<const KeySnapshot>> keys,
                           Compute compute) {
  if (!on_pool) return answer_now(compute(*call.worker.crypto, *call.worker.random));
  return answer_when_done([&engine = call.engine, &worker = call.worker, caller = call.caller, keys = std::move(keys),
                           compute = std::move(compute)](JsonAnswer::Done done) {
    engine.offload(
        worker, caller, keys, [compute](PoolThread& thread) { return compute(*thread.crypto, *thread.random); },
        std::move(done));
  });
}

std::string secret_body(std::size_t secret_bytes, std::size_t public_bytes) {
  std::string body;
  body.reserve((secret_bytes + public_bytes + 3) * 4 / 3 + 1024);
  return body;
}

}  // namespace kagimori::aws
