#pragma once

#include "engine/transaction.h"

namespace kagimori {

// What happens to related multi-Region keys by itself.

// Ends what is under way at the key: the creation of a replica, or the change of roles that UpdatePrimaryRegion began.
// `key` is as stored. Run by the clock.
Status finish_replication(Transaction& transaction, const Key& key);

// Takes a key that is being destroyed out of its set. With its last replica gone, a primary that waited for that begins
// its own waiting period; a primary that goes before its replicas (a restored backup that is older than a change of
// roles) leaves its role to the first of them.
Status leave_related_keys(Transaction& transaction, const Key& gone);

}  // namespace kagimori
