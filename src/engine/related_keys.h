#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "engine/transaction.h"

namespace kagimori {

// Related multi-Region keys: one primary and its replicas share key id and material and are keys of their own
// otherwise. The primary's record lists the Regions of its replicas, a replica's names the Region of its primary;
// whether a Region is served at the moment plays no role.

// The key of the same id in that Region; nullopt if there is none.
Result<std::optional<Key>> find_related(Transaction& transaction, const Key& key, std::string_view region);
// Every replica of a primary, in the order of their Regions. kCorrupt if one that the primary lists is not there.
Result<std::vector<Key>> replicas_of(Transaction& transaction, const Key& primary);
// A replica whose creation has not ended yet.
bool is_being_created(const Key& key);
// The commit makes stale what workers know of the primary and of its replicas: each shows where all of them are.
void invalidate_related(Transaction& transaction, const Key& primary);
// The trail of the event that tells of a change which reached `key` from a related one.
Trail& add_synchronization(Transaction& transaction, const Key& key);

}  // namespace kagimori
