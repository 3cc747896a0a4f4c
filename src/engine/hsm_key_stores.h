#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/transaction.h"

namespace kagimori {

// What is particular to custom key stores of type AWS_CLOUDHSM. A password is tried only when the store is connected,
// as AWS does it.

struct HsmStoreMembers {
  std::optional<std::string> cluster_id;
  std::optional<std::string> trust_anchor;  // PEM
};

// Where a new store is to be: kCloudHsmClusterNotFound, kIncorrectTrustAnchor, kCloudHsmClusterInUse. `all` are the
// stores of the account in the Region.
Status place_hsm_store(Transaction& transaction, CustomKeyStore& store, const HsmStoreMembers& members,
                       const std::vector<CustomKeyStore>& all);
// Another cluster for it, which must have the same trust anchor: kCloudHsmClusterNotRelated, and as above.
Status move_hsm_store(Transaction& transaction, CustomKeyStore& store, const std::string& cluster_id,
                      const std::vector<CustomKeyStore>& all);

}  // namespace kagimori
