#pragma once

#include <memory>
#include <vector>

#include "base/hsm.h"
#include "base/result.h"
#include "hsm/hsm_options.h"

namespace kagimori {

// HsmClusters over session hosts (session_host.h): up to `sessions` of them for each cluster, started when they are
// needed and kept. One that ends, or takes too long, is replaced by the next request; where that fails at once, the
// next try waits, longer each time. A password that was refused is not tried again, so that nobody is locked out:
// log_in() alone does so. Starts a process when there are clusters: call it on the process's first thread, before there
// are others.
Result<std::unique_ptr<HsmClusters>> make_hsm_sessions(std::vector<HsmClusterOptions> clusters);

}  // namespace kagimori
