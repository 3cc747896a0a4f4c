#pragma once

#include <optional>

#include "model/key.h"

namespace kagimori {

// When the clock will act on a key by itself; each has its row in table kDue. A disabled key does not rotate, nor does
// one that awaits deletion (its own, or first that of its replicas).
std::optional<Timestamp> rotation_due(const Key& key);
std::optional<Timestamp> deletion_due(const Key& key);
std::optional<Timestamp> replication_due(const Key& key);

}  // namespace kagimori
