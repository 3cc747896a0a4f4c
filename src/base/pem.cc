#include "base/pem.h"

#include <string>

#include "base/encoding.h"

namespace kagimori {
namespace {

constexpr std::string_view kBegin = "-----BEGIN CERTIFICATE-----";
constexpr std::string_view kEnd = "-----END CERTIFICATE-----";

}  // namespace

Result<Bytes> pem_certificate(std::string_view text) {
  const auto broken = [] { return fail(ErrorCode::kValidation, "This is not one certificate in PEM."); };
  const std::size_t begin = text.find(kBegin);
  if (begin == std::string_view::npos) return broken();
  const std::string_view rest = text.substr(begin + kBegin.size());
  const std::size_t end = rest.find(kEnd);
  if (end == std::string_view::npos || rest.find(kBegin) != std::string_view::npos) return broken();
  std::string base64(rest.substr(0, end));
  std::erase_if(base64, [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; });
  auto der = base64_decode(base64);
  if (!der || der->empty()) return broken();
  return der;
}

}  // namespace kagimori
