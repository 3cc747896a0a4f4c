#include "engine/marker.h"

#include "base/encoding.h"

namespace kagimori {
namespace {

constexpr std::string_view kPrefix = "kagimori1|";

}  // namespace

std::string make_marker(std::string_view last_name) {
  return base64_encode(as_bytes(std::string(kPrefix).append(last_name)));
}

Result<std::string> open_marker(std::string_view marker) {
  const auto decoded = base64_decode(marker);
  if (!decoded || !as_text(*decoded).starts_with(kPrefix)) {
    return fail(ErrorCode::kInvalidMarker,
                "The marker is not valid. Use the NextMarker of the page before, unchanged.");
  }
  return std::string(as_text(*decoded).substr(kPrefix.size()));
}

}  // namespace kagimori
