#include "model/key_due.h"

namespace kagimori {

std::optional<Timestamp> rotation_due(const Key& key) {
  if (!key.enabled || key.deletion_date || key.pending_window_days > 0 || !key.rotation_period_days)
    return std::nullopt;
  return key.next_rotation;
}
std::optional<Timestamp> deletion_due(const Key& key) { return key.deletion_date; }
std::optional<Timestamp> replication_due(const Key& key) { return key.replication_due; }
std::optional<Timestamp> expiry_due(const Key& key) { return key.expiry; }
std::optional<Timestamp> pending_expiry_due(const Key& key) { return key.pending_expiry; }

bool has_expired_material(const Key& key, Timestamp now) { return key.expiry && *key.expiry <= now; }
bool has_pending_material(const Key& key, Timestamp now) {
  return key.last_version > key.primary_version && !(key.pending_expiry && *key.pending_expiry <= now);
}

}  // namespace kagimori
