#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "engine/grant_rights.h"
#include "engine/transaction.h"
#include "model/grant.h"

namespace kagimori {

// Grants in the store: the record itself, a second one in the order of grantees, so that what somebody may do is read
// at one go, and what leads to it from its retiring principal and its name.

// What the grants to an identity for a key allow.
Result<std::shared_ptr<const GrantRights>> load_grant_rights(RecordReader& reader, std::string_view account,
                                                             const RowId& row, std::string_view grantee);
// Empty when there is no such grant.
Result<Bytes> load_grant_token_key(RecordReader& reader, std::string_view account, const RowId& row,
                                   std::string_view grant_id);

Result<std::optional<Grant>> find_grant(Transaction& transaction, std::string_view account, const RowId& row,
                                        std::string_view grant_id);
// The grant that was made before with the name and all the parameters of this one.
Result<std::optional<Grant>> find_same_grant(Transaction& transaction, const Grant& grant);

// kLimitExceeded at the quota grants_per_key. The count is spread over several records, so that grants of one key can
// be made at the same time; only near the quota does everybody rely on all of them.
Status put_grant(Transaction& transaction, const Grant& grant);
Status erase_grant(Transaction& transaction, const Grant& grant);

// Of a key that is destroyed: removes a part of its grants, as many as one commit may hold, and has the sweeper remove
// the others at `next` (DueKind::kRemoveGrants). They allow nothing, for nobody finds the key any more.
Status remove_grants(Transaction& transaction, const Key& key, Timestamp next);

}  // namespace kagimori
