#include "server/attestation_roots.h"

#include <fmt/format.h>

#include <fstream>
#include <iterator>

#include "crypto/attestation.h"

namespace kagimori {

Result<std::string> load_attestation_roots(CryptoContext& crypto, const Config& config) {
  const std::string& path = config.attestation.trust_roots;
  if (path.empty()) return std::string();
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (const auto count = count_trust_roots(crypto, text); !count) {
    return fail(ErrorCode::kBadConfiguration,
                fmt::format("attestation.trust_roots: {} can't be used: {}. Name a file with the certificates of those "
                            "who attest, such as AWS's Nitro Enclaves root.",
                            path, count.error().message));
  }
  return text;
}

}  // namespace kagimori
