#pragma once

#include "audit/log_files.h"
#include "audit/verifier.h"

namespace kagimori::audit {

// The first event of a log whose lines do not lead to the checkpoint, and what was done to it, as far as the hashes
// beside the log tell: those count that lead to the checkpoint themselves.
Result<Finding> first_misfit(CryptoContext& crypto, const LogFolder& folder, const Checkpoint& checkpoint);

}  // namespace kagimori::audit
