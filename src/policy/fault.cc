#include "policy/fault.h"

namespace kagimori {

tl::unexpected<Error> malformed(const PolicyPlace& place, std::string_view sentence, std::string_view detail) {
  const ErrorCode code =
      place.kind == PolicyKind::kKey ? ErrorCode::kMalformedPolicyDocument : ErrorCode::kMalformedPolicy;
  std::string message(sentence);
  message += ' ';
  if (place.statement) {
    message += "Statement " + std::to_string(*place.statement + 1);
    if (!place.sid.empty()) message += " (" + quoted(place.sid) + ")";
    message += ": ";
  } else {
    message += "Policy: ";
  }
  message += detail;
  message += '.';
  return fail(code, std::move(message));
}

std::string quoted(std::string_view text) {
  constexpr std::size_t kMax = 64;
  std::size_t size = std::min(text.size(), kMax);
  while (size > 0 && size < text.size() && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) --size;
  std::string out = "\"";
  out += text.substr(0, size);
  if (size < text.size()) out += "...";
  out += '"';
  return out;
}

}  // namespace kagimori
