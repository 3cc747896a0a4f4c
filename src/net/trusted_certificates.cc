#include "net/trusted_certificates.h"

#include <fmt/format.h>

#include <array>
#include <fstream>
#include <iterator>

namespace kagimori {
namespace {

// Where distributions keep the system's certificate authorities, if libcurl does not know.
constexpr std::array kSystemBundles = {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
                                       "/etc/ssl/cert.pem"};

std::string read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace

Result<std::string> trusted_certificates(const std::string& ca_file, std::string_view option) {
  if (ca_file.empty()) return std::string();
  std::string bundle = read_text(ca_file);
  if (bundle.find("-----BEGIN CERTIFICATE-----") == std::string::npos) {
    return fail(
        ErrorCode::kBadConfiguration,
        fmt::format("{}: {} can't be read as PEM certificates. Name the certificate of the authority that issued "
                    "those of the servers there.",
                    option, ca_file));
  }
  for (const char* const path : kSystemBundles) {
    const std::string system = read_text(path);
    if (system.empty()) continue;
    bundle += '\n' + system;
    break;
  }
  return bundle;
}

}  // namespace kagimori
