#include "model/key_due.h"

namespace kagimori {

std::optional<Timestamp> rotation_due(const Key& key) {
  if (!key.enabled || key.deletion_date || key.pending_window_days > 0 || !key.rotation_period_days)
    return std::nullopt;
  return key.next_rotation;
}
std::optional<Timestamp> deletion_due(const Key& key) { return key.deletion_date; }
std::optional<Timestamp> replication_due(const Key& key) { return key.replication_due; }

}  // namespace kagimori
