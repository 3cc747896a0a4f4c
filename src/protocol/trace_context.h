#pragma once

#include <optional>
#include <string_view>

namespace kagimori {

// Which request of a distributed trace caused this one: the header `traceparent` (W3C Trace Context, section 3.2).
struct TraceContext {
  std::string_view trace_id;   // 32 hexadecimal digits
  std::string_view parent_id;  // 16: the span of the client
};

// Views into the header. Nothing for a header that is none or is malformed, as the recommendation asks.
std::optional<TraceContext> parse_traceparent(std::string_view header);

}  // namespace kagimori
