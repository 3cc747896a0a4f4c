#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "hsm/hsm_options.h"

namespace kagimori {

// One [[hsm_clusters]] of the configuration: a token behind a PKCS #11 module that custom key stores of type
// AWS_CLOUDHSM use as their cluster.
struct HsmClusterConfig {
  std::string id;
  std::string module;  // absolute once loaded
  std::string token_label;
  std::string user;
  std::string trust_anchor;  // absolute once loaded
  std::vector<std::string> environment;
  std::size_t sessions = 4;
  std::chrono::milliseconds limit{2'000};
};

// Checks what stands in it. kBadConfiguration.
Status check_hsm_cluster(const HsmClusterConfig& cluster);
// What the server needs of it: reads the trust anchor. kBadConfiguration.
Result<HsmClusterOptions> load_hsm_cluster(const HsmClusterConfig& cluster);

}  // namespace kagimori
