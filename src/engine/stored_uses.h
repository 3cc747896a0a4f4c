#pragma once

#include <cstddef>

#include "engine/key_usage.h"
#include "engine/transaction.h"

namespace kagimori {

// How many principals are counted by name, of one version of a key. Those that come later are counted together.
inline constexpr std::size_t kMaxCountedPrincipals = 2'000;

// Adds uses to those in the store.
Status put_uses(Transaction& transaction, const KeyUses& uses);

}  // namespace kagimori
