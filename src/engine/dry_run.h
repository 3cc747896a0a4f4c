#pragma once

#include "base/result.h"

namespace kagimori {

// What a dry run ends with that would have succeeded (AWS KMS API reference, DryRunOperationException).
inline tl::unexpected<Error> dry_run_done() {
  return fail(ErrorCode::kDryRunOperation, "The request would have succeeded, but the DryRun option is set.");
}

}  // namespace kagimori
