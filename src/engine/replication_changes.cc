#include "engine/replication_changes.h"

#include <algorithm>

#include "engine/related_keys.h"
#include "engine/replica_material.h"

namespace kagimori {
namespace {

std::vector<std::string> without(std::vector<std::string> regions, std::string_view region) {
  std::erase(regions, region);
  return regions;
}

// Makes the replica in `region` the primary of all the others; `old` is the primary up to now, whose own record the
// caller writes. `old_stays`: as a replica.
Status promote(Transaction& transaction, const Key& old, std::string_view region, bool old_stays) {
  TRY_ASSIGN(const std::vector<Key> replicas, replicas_of(transaction, old));
  for (const Key& replica : replicas) {
    Key after = replica;
    after.primary_region = region;
    if (replica.region == region) {
      after.replication = ReplicationRole::kPrimary;
      after.replica_regions = without(old.replica_regions, region);
      if (old_stays) after.replica_regions.push_back(old.region);
      std::sort(after.replica_regions.begin(), after.replica_regions.end());
      after.next_primary_region.clear();
      after.rotation_period_days = old.rotation_period_days;
      after.next_rotation = old.next_rotation;
      after.on_demand_rotations = old.on_demand_rotations;
      TRY(transaction.add_transition(after, "Replica", "Primary", "primary-region"));
      TRY(note_copies(transaction, after, after.replica_regions));
    }
    TRY(transaction.save_key(replica, after));
    add_synchronization(transaction, after);
  }
  return {};
}

Status finish_change_of_roles(Transaction& transaction, const Key& old) {
  Key after = old;
  after.replication_due.reset();
  after.next_primary_region.clear();
  TRY_ASSIGN(const auto next, find_related(transaction, old, old.next_primary_region));
  if (next) {
    TRY(promote(transaction, old, next->region, true));
    after.replication = ReplicationRole::kReplica;
    after.primary_region = next->region;
    after.replica_regions.clear();
    after.rotation_period_days.reset();
    after.next_rotation.reset();
    after.on_demand_rotations = 0;
    TRY(transaction.add_transition(after, "Primary", "Replica", "primary-region"));
  }
  return transaction.save_key(old, after);
}

Status leave_primary(Transaction& transaction, const Key& gone) {
  TRY_ASSIGN(const auto primary, find_related(transaction, gone, gone.primary_region));
  if (!primary) return {};
  Key after = *primary;
  after.replica_regions = without(after.replica_regions, gone.region);
  if (after.replica_regions.empty() && after.pending_window_days > 0 && !after.deletion_date) {
    TRY(transaction.add_transition(after, "PendingReplicaDeletion", "PendingDeletion", "last-replica-deleted"));
    after.deletion_date = transaction.lifecycle_now().plus_days(after.pending_window_days);
  }
  TRY(note_end_of_copies(transaction, after, gone.region));
  invalidate_related(transaction, after);
  return transaction.save_key(*primary, after);
}

}  // namespace

Status finish_replication(Transaction& transaction, const Key& key) {
  transaction.trail().parameter("keyArn", transaction.trail().resources().front());
  if (!is_being_created(key)) return finish_change_of_roles(transaction, key);
  TRY(activate_copies(transaction, key));
  Key after = key;
  after.replication_due.reset();
  const bool imported = key.origin == KeyOrigin::kImported;
  TRY(transaction.add_transition(after, "Creating", imported ? "PendingImport" : "Enabled", "replicated"));
  return transaction.save_key(key, after);
}

Status leave_related_keys(Transaction& transaction, const Key& gone) {
  if (gone.replication == ReplicationRole::kReplica) return leave_primary(transaction, gone);
  if (gone.replica_regions.empty()) return {};
  return promote(transaction, gone, gone.replica_regions.front(), false);
}

}  // namespace kagimori
