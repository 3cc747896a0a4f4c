#pragma once

#include <optional>
#include <string_view>

#include "base/clock.h"

namespace kagimori {

// The two forms of time that a signed request may carry; nullopt for anything else, impossible dates included.

// yyyymmddThhmmssZ (ISO 8601 basic), years 1970 to 9999.
std::optional<Timestamp> parse_iso_basic(std::string_view text);

// IMF-fixdate, "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 section 5.6.7). The day's name must be the right one. Botocore
// writes -0000 for GMT.
std::optional<Timestamp> parse_http_date(std::string_view text);

}  // namespace kagimori
