#include "server/hsm_cluster_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "base/pem.h"
#include "model/validation.h"

namespace kagimori {
namespace {

constexpr std::size_t kMaxTokenLabel = 32;  // PKCS #11, CK_TOKEN_INFO

tl::unexpected<Error> bad(std::string message) { return fail(ErrorCode::kBadConfiguration, std::move(message)); }

bool is_cluster_id(std::string_view id) {
  const TextConstraint& rule = member::kCloudHsmClusterId;
  return id.size() >= rule.min_length && id.size() <= rule.max_length && rule.matches(id);
}

}  // namespace

Status check_hsm_cluster(const HsmClusterConfig& cluster) {
  if (!is_cluster_id(cluster.id)) {
    return bad(fmt::format("id \"{}\" is not the id of a cluster: \"cluster-\" and 11 to 16 of a-z, A-Z and 2-7.",
                           cluster.id));
  }
  if (cluster.module.empty()) return bad("module must name the HSM's PKCS #11 module, a shared library.");
  if (cluster.token_label.empty() || cluster.token_label.size() > kMaxTokenLabel) {
    return bad(fmt::format("token_label must be the label of the token, 1 to {} characters.", kMaxTokenLabel));
  }
  if (cluster.trust_anchor.empty()) {
    return bad(
        "trust_anchor must name the file of the cluster's certificate, PEM, that CreateCustomKeyStore is to "
        "give.");
  }
  for (const std::string& entry : cluster.environment) {
    const auto equals = entry.find('=');
    if (equals != std::string::npos && equals > 0) continue;
    return bad(fmt::format("environment: \"{}\" is not NAME=value.", entry));
  }
  return {};
}

Result<HsmClusterOptions> load_hsm_cluster(const HsmClusterConfig& cluster) {
  std::ifstream file(cluster.trust_anchor, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  auto certificate = pem_certificate(text);
  if (!certificate) {
    return bad(fmt::format("hsm_clusters: {}, the trust_anchor of {}, can't be read as one certificate in PEM.",
                           cluster.trust_anchor, cluster.id));
  }
  return HsmClusterOptions{
      cluster.id,          cluster.module,   cluster.token_label, cluster.user, *std::move(certificate),
      cluster.environment, cluster.sessions, cluster.limit};
}

}  // namespace kagimori
