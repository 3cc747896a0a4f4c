#pragma once

#include <string_view>
#include <vector>

#include "engine/lifecycle_changes.h"

namespace kagimori {

// The material of multi-Region keys on its way from one related key to another. Each has its own wrapped copy of it,
// bound to its Region; the ledgers of the primary's versions tell of them.

// Gives a new replica every version of its primary. Imported material does not come along: the replica awaits an import
// of its own. The objects that protect await activation as well, until the creation of the replica ends.
Status copy_all_versions(Transaction& transaction, const Key& primary, const Key& replica);

// Gives every replica the version that a rotation has just given the primary, and takes the one before out of use there
// as it was taken out at the primary, whose object `superseded` is.
Status copy_rotation(Transaction& transaction, const Key& primary, const KeyObject& superseded, const NewVersion& made);

// Gives every replica the version that the import of new material has just given the primary, to be imported there too.
Status copy_pending_version(Transaction& transaction, const Key& primary, const NewVersion& made);

// Ends the creation of a replica: what awaited activation is active, or awaits its import only.
Status activate_copies(Transaction& transaction, const Key& replica);

// Notes in the ledgers of the key's versions that there is a copy at each of the keys in `regions`; or that the one in
// `region`, which is being destroyed, is gone.
Status note_copies(Transaction& transaction, const Key& key, const std::vector<std::string>& regions);
Status note_end_of_copies(Transaction& transaction, const Key& key, std::string_view region);
// The entry of a ledger for a copy in that Region.
CopyEntry copy_in(const Transaction& transaction, const Key& key, std::string_view region);

}  // namespace kagimori
