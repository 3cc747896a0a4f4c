#include "engine/hsm_key_stores.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/pem.h"

namespace kagimori {
namespace {

// The trust anchor of a cluster that this store may use.
Result<ByteView> find_cluster(Transaction& transaction, const CustomKeyStore& store, const std::string& cluster_id,
                              const std::vector<CustomKeyStore>& all) {
  const ByteView anchor = transaction.hsm() == nullptr ? ByteView() : transaction.hsm()->trust_anchor(cluster_id);
  if (anchor.empty()) {
    return fail(ErrorCode::kCloudHsmClusterNotFound,
                fmt::format("This server knows no cluster {}. Name one of those in its configuration (hsm_clusters).",
                            cluster_id));
  }
  for (const CustomKeyStore& other : all) {
    if (other.id == store.id || other.cluster_id != cluster_id) continue;
    return fail(ErrorCode::kCloudHsmClusterInUse,
                fmt::format("The custom key store {} uses the cluster {} already.", other.id, cluster_id));
  }
  return anchor;
}

bool is_anchor(const std::string& pem, ByteView anchor) {
  const auto der = pem_certificate(pem);
  return der && std::ranges::equal(*der, anchor);
}

}  // namespace

Status place_hsm_store(Transaction& transaction, CustomKeyStore& store, const HsmStoreMembers& members,
                       const std::vector<CustomKeyStore>& all) {
  TRY_ASSIGN(const ByteView anchor, find_cluster(transaction, store, *members.cluster_id, all));
  if (!is_anchor(*members.trust_anchor, anchor)) {
    return fail(ErrorCode::kIncorrectTrustAnchor,
                fmt::format("TrustAnchorCertificate is not the certificate, in PEM, that is configured as the trust "
                            "anchor of cluster {}.",
                            *members.cluster_id));
  }
  store.cluster_id = *members.cluster_id;
  store.trust_anchor = *members.trust_anchor;
  return {};
}

Status move_hsm_store(Transaction& transaction, CustomKeyStore& store, const std::string& cluster_id,
                      const std::vector<CustomKeyStore>& all) {
  TRY_ASSIGN(const ByteView anchor, find_cluster(transaction, store, cluster_id, all));
  if (!is_anchor(store.trust_anchor, anchor)) {
    return fail(ErrorCode::kCloudHsmClusterNotRelated,
                fmt::format("The cluster {} has another trust anchor than the cluster of custom key store {}, so it "
                            "does not hold the same keys.",
                            cluster_id, store.id));
  }
  store.cluster_id = cluster_id;
  return {};
}

}  // namespace kagimori
