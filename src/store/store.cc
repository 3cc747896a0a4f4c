#include "store/store.h"

#include <condition_variable>
#include <mutex>

namespace kagimori {

std::string_view table_name(Table table) {
  switch (table) {
    case Table::kMeta:
      return "meta";
    case Table::kEnvelopes:
      return "envelopes";
    case Table::kEpochs:
      return "epochs";
    case Table::kAccounts:
      return "accounts";
    case Table::kKeys:
      return "keys";
    case Table::kKeyIds:
      return "key_ids";
    case Table::kVersions:
      return "versions";
    case Table::kObjects:
      return "objects";
    case Table::kObjectIds:
      return "object_ids";
    case Table::kKeyPolicies:
      return "key_policies";
    case Table::kAliases:
      return "aliases";
    case Table::kKeyAliases:
      return "key_aliases";
    case Table::kGrants:
      return "grants";
    case Table::kTransitions:
      return "transitions";
    case Table::kTombstones:
      return "tombstones";
    case Table::kDue:
      return "due";
    case Table::kUsers:
      return "users";
    case Table::kUserNames:
      return "user_names";
    case Table::kUserPolicies:
      return "user_policies";
    case Table::kAccessKeys:
      return "access_keys";
    case Table::kUserAccessKeys:
      return "user_access_keys";
    case Table::kKeyUsages:
      return "key_usages";
    case Table::kCustomKeyStores:
      return "custom_key_stores";
    case Table::kCustomKeyStoreCounts:
      return "custom_key_store_counts";
    case Table::kXksKeys:
      return "xks_keys";
    case Table::kAuditKeys:
      return "audit_keys";
    case Table::kKeyUseCounts:
      return "key_use_counts";
    case Table::kUsageLimits:
      return "usage_limits";
    case Table::kUsageReservations:
      return "usage_reservations";
    case Table::kAlarms:
      return "alarms";
    case Table::kJobs:
      return "jobs";
    case Table::kGrantGrantees:
      return "grant_grantees";
    case Table::kGrantRetirees:
      return "grant_retirees";
    case Table::kGrantNames:
      return "grant_names";
    case Table::kGrantCounts:
      return "grant_counts";
    case Table::kRoles:
      return "roles";
    case Table::kRoleNames:
      return "role_names";
    case Table::kGroups:
      return "groups";
    case Table::kGroupNames:
      return "group_names";
    case Table::kGroupMembers:
      return "group_members";
    case Table::kUserGroups:
      return "user_groups";
    case Table::kPolicies:
      return "policies";
    case Table::kPolicyNames:
      return "policy_names";
    case Table::kPolicyVersions:
      return "policy_versions";
    case Table::kAttachedPolicies:
      return "attached_policies";
    case Table::kPolicyEntities:
      return "policy_entities";
    case Table::kSessions:
      return "sessions";
    case Table::kAccessKeyUses:
      return "access_key_uses";
  }
  return "unknown";
}

Result<std::uint64_t> Store::commit_and_wait(Batch batch) {
  std::mutex mutex;
  std::condition_variable ready;
  std::optional<Result<std::uint64_t>> answer;
  commit(std::move(batch), [&](Result<std::uint64_t> revision) {
    const std::lock_guard lock(mutex);
    answer = std::move(revision);
    ready.notify_one();  // under the lock: the waiter's frame may be gone the moment it is released
  });
  std::unique_lock lock(mutex);
  ready.wait(lock, [&] { return answer.has_value(); });
  return *std::move(answer);
}

}  // namespace kagimori
