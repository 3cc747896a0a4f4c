#pragma once

#include <string>

#include "crypto/context.h"
#include "server/config.h"

namespace kagimori {

// The text of attestation.trust_roots; empty when that is not set. kBadConfiguration when it holds no certificates.
Result<std::string> load_attestation_roots(CryptoContext& crypto, const Config& config);

}  // namespace kagimori
