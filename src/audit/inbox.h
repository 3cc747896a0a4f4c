#pragma once

#include "audit/log.h"

namespace kagimori::audit {

// Commands that hold neither the store nor the log, such as a backup while a server runs, leave their event in a folder
// beside the log. The server takes it in.

// Durable when this returns. `line` ends with a line feed.
Status leave_in_inbox(const LogFolder& folder, std::string_view name, ByteView line);
// Appends what lies there. What is no event of the house's own is moved aside and said in the server's log; what can't
// be appended now stays.
void take_in(Log& log);

}  // namespace kagimori::audit
