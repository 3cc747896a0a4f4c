#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace kagimori::cli {

// What an option of a search says about time, in the form that events have (2026-11-22T09:51:18.000000Z): a date, a
// date and time, or how long ago it was, as "30m", "24h", "7d" or "2w". Empty for an empty text. kValidation.
Result<std::string> audit_time(std::string_view option, std::string_view text, Timestamp now);

}  // namespace kagimori::cli
