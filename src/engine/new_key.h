#pragma once

#include <string_view>

#include "engine/transaction.h"

namespace kagimori {

// kLimitExceeded when the account has as many keys in the Region as its quota allows.
Status check_key_quota(Transaction& transaction, std::string_view region);

// Writes the record of a key that is new, the name by which it is found, and counts it.
Status enter_key(Transaction& transaction, const Key& key);

}  // namespace kagimori
