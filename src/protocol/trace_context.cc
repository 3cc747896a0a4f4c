#include "protocol/trace_context.h"

#include <algorithm>

namespace kagimori {
namespace {

constexpr std::size_t kLength = 55;  // of version 00: 2, 32, 16 and 2 digits with dashes between

bool is_lower_hex(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_zero(std::string_view text) { return text.find_first_not_of('0') == std::string_view::npos; }

}  // namespace

std::optional<TraceContext> parse_traceparent(std::string_view header) {
  if (header.size() < kLength || header[2] != '-' || header[35] != '-' || header[52] != '-') return std::nullopt;
  const std::string_view version = header.substr(0, 2);
  const TraceContext context{header.substr(3, 32), header.substr(36, 16)};
  const std::string_view flags = header.substr(53, 2);
  for (const std::string_view part : {version, context.trace_id, context.parent_id, flags}) {
    if (!is_lower_hex(part)) return std::nullopt;
  }
  if (version == "ff" || is_zero(context.trace_id) || is_zero(context.parent_id)) return std::nullopt;
  // Later versions may add parts behind another dash.
  const bool ends = header.size() == kLength || (version != "00" && header[kLength] == '-');
  return ends ? std::optional(context) : std::nullopt;
}

}  // namespace kagimori
