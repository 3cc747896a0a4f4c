#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace kagimori {

// The place where a list goes on: the last name of the page before, opaque to callers. It grants nothing: a list never
// leaves its own prefix, whatever the marker says.
std::string make_marker(std::string_view last_name);
// kInvalidMarker unless it is one of ours.
Result<std::string> open_marker(std::string_view marker);

}  // namespace kagimori
