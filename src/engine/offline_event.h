#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/random.h"

namespace kagimori {

// Members of an event: a literal name, and a value that is plain text.
using OfflineEventMembers = std::vector<std::pair<std::string_view, std::string>>;

// The audit event of what a command did to a store without a server: a line of JSON with its line feed. In a batch's
// events it goes to the store's outbox, and the server that starts next moves it to the audit log. `account` may be
// empty.
Bytes offline_event(RandomSource& random, Timestamp now, std::string_view name, std::string_view account,
                    const OfflineEventMembers& request, const OfflineEventMembers& response = {});

}  // namespace kagimori
