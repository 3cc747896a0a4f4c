#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/event_view.h"
#include "audit/log_files.h"
#include "crypto/context.h"

namespace kagimori::audit {

// Finds events in the folder of a log, or in a copy of it. Closed segments that have an index are not read but where an
// event was found; the others are read from front to back. Whether the events are the signed ones is not looked at.

struct SearchQuery {
  std::vector<Term> terms;  // an event must have all of them
  std::string key_arn;      // and this key, where a key in several regions has one id
  std::string from, to;     // at this time or later, before this time; as EventView::time, empty where open
  bool newest_first = true;
  bool use_indexes = true;  // false: believe only the segments
};

struct FoundEventView {
  std::uint64_t index = 0;
  std::string_view line;  // both lent until the function returns
  const EventView& event;
};
// False: no further ones are wanted.
using OnFound = std::function<Result<bool>(const FoundEventView& found)>;

struct SearchReport {
  std::uint64_t segments = 0, indexed = 0;  // looked at, and of these by their index
  std::uint64_t unreadable = 0;             // lines met that are no events
};

// kNotFound when the folder has no segments; kIo, kCorrupt; what `on_found` fails with.
Result<SearchReport> search_log(CryptoContext& crypto, const LogFolder& folder, const SearchQuery& query,
                                const OnFound& on_found);

}  // namespace kagimori::audit
