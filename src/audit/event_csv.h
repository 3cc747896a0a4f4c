#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "audit/event_view.h"

namespace kagimori::audit {

// Events as rows of CSV (RFC 4180, every field quoted), for spreadsheets. The last column is the event as it lies in
// the log, so that a row can be proved; the others are made from it. A text that a spreadsheet would take for a formula
// has an apostrophe before it, and control characters are spaces, so that a row is one line.

std::string_view csv_head();  // with its line feed
void append_csv_row(std::string& out, std::uint64_t number, const EventView& event, std::string_view line);
// The last column of a row without its line feed. kValidation.
Result<std::string> event_of_csv_row(std::string_view row);

}  // namespace kagimori::audit
