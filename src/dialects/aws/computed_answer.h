#pragma once

#include <initializer_list>
#include <memory>
#include <vector>

#include "dialects/aws/json_call.h"
#include "engine/external_keys.h"

namespace kagimori::aws {

// The answer of cryptography that has been authorised: `compute` makes the body, on the worker's own thread or, when
// `on_pool` says so, on one of the pool; so it must not refer to the call. `keys` are those that it uses, `stores`
// those whose proxies or HSMs it talks to.
using Compute = std::function<Result<std::string>(CryptoContext&, RandomSource&)>;
JsonAnswer computed_answer(JsonCall& call, bool on_pool, std::vector<std::shared_ptr<const KeySnapshot>> keys,
                           Compute compute, Engine::KeyStores stores = {});

// The store of a use of an external key, for computed_answer(); nothing where the use is null.
Engine::KeyStores stores_of(std::initializer_list<const ExternalUse*> uses);

// Room for base64 of the largest answer, so that a growing string leaves no copies of plaintext behind.
std::string secret_body(std::size_t secret_bytes, std::size_t public_bytes);

}  // namespace kagimori::aws
