#pragma once

#include <optional>

#include "model/key.h"

namespace kagimori {

// When the clock will act on a key by itself; each has its row in table kDue. A disabled key does not rotate, nor does
// one that awaits deletion (its own, or first that of its replicas).
std::optional<Timestamp> rotation_due(const Key& key);
std::optional<Timestamp> deletion_due(const Key& key);
std::optional<Timestamp> replication_due(const Key& key);
// Imported material is removed whatever the key's state.
std::optional<Timestamp> expiry_due(const Key& key);
std::optional<Timestamp> pending_expiry_due(const Key& key);

// Whether the date of imported material of a version in use has passed: no use of the key from then on, even if the
// material has not been removed yet.
bool has_expired_material(const Key& key, Timestamp now);
// Whether imported material awaits rotation that has not expired.
bool has_pending_material(const Key& key, Timestamp now);

}  // namespace kagimori
