#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "audit/log_files.h"

namespace kagimori::audit {

struct FoundEvent {
  std::uint64_t index = 0;
  std::string line;  // without its line feed
};

// The event at an index. kNotFound when it is not there, or no more.
Result<FoundEvent> event_at(const LogFolder& folder, std::uint64_t index);

// The member "eventID" of a line; empty when it has none.
std::string_view event_id_of(std::string_view line);

}  // namespace kagimori::audit
