#pragma once

#include <memory>
#include <vector>

#include "dialects/aws/json_call.h"

namespace kagimori::aws {

// The answer of cryptography that has been authorised: `compute` makes the body, on the worker's own thread or, when
// `on_pool` says so, on one of the pool; so it must not refer to the call. `keys` are those that it uses.
using Compute = std::function<Result<std::string>(CryptoContext&, RandomSource&)>;
JsonAnswer computed_answer(JsonCall& call, bool on_pool, std::vector<std::shared_ptr<const KeySnapshot>> keys,
                           Compute compute);

// Room for base64 of the largest answer, so that a growing string leaves no copies of plaintext behind.
std::string secret_body(std::size_t secret_bytes, std::size_t public_bytes);

}  // namespace kagimori::aws
