#include "engine/marker.h"

#include "base/encoding.h"
#include "crypto/digest.h"

namespace kagimori {
namespace {

constexpr std::string_view kFormat = "kagimori2|";
// Enough to tell lists apart; a digest, since a scope holds ids that its caller need not know.
constexpr std::size_t kListBytes = 8;
constexpr std::uint8_t kEnd[] = {0};

}  // namespace

ListMarkers::ListMarkers(CryptoContext& crypto, std::string_view operation, ByteView scope) : prefix_(kFormat) {
  const Sha256Digest list = sha256(crypto, {as_bytes(operation), kEnd, scope});
  prefix_.append(as_text(list).substr(0, kListBytes));
}

std::string ListMarkers::make(std::string_view last_name) const {
  return base64_encode(as_bytes(std::string(prefix_).append(last_name)));
}

Result<std::string> ListMarkers::open(std::string_view marker) const {
  const auto decoded = base64_decode(marker);
  if (!decoded || !as_text(*decoded).starts_with(prefix_)) {
    return fail(ErrorCode::kInvalidMarker,
                "The marker is not valid. Use the marker of the page before, unchanged, and in the same list.");
  }
  return std::string(as_text(*decoded).substr(prefix_.size()));
}

}  // namespace kagimori
