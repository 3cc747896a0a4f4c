#include "engine/related_keys.h"

#include <fmt/format.h>

#include "engine/cache_key.h"
#include "model/arn.h"

namespace kagimori {

Result<std::optional<Key>> find_related(Transaction& transaction, const Key& key, std::string_view region) {
  const std::string& account = key.account;
  TRY_ASSIGN(const auto row,
             transaction.get<RowId>(account, Table::kKeyIds, record_key::key_id(account, region, key.key_id)));
  if (!row) return std::optional<Key>{};
  return transaction.get<Key>(account, Table::kKeys, record_key::key(account, *row));
}

Result<std::vector<Key>> replicas_of(Transaction& transaction, const Key& primary) {
  std::vector<Key> replicas;
  for (const std::string& region : primary.replica_regions) {
    TRY_ASSIGN(auto replica, find_related(transaction, primary, region));
    if (!replica) {
      return fail(ErrorCode::kCorrupt, fmt::format("The replica of key {} in {} is missing from the store; restore it "
                                                   "from a backup.",
                                                   primary.key_id, region));
    }
    replicas.push_back(*std::move(replica));
  }
  return replicas;
}

bool is_being_created(const Key& key) {
  return key.replication == ReplicationRole::kReplica && key.replication_due && key.next_primary_region.empty();
}

void invalidate_related(Transaction& transaction, const Key& primary) {
  transaction.invalidate(cache_key::key(primary.account, primary.region, primary.key_id));
  for (const std::string& region : primary.replica_regions) {
    transaction.invalidate(cache_key::key(primary.account, region, primary.key_id));
  }
}

Trail& add_synchronization(Transaction& transaction, const Key& key) {
  const std::string arn = key_arn(key.region, key.account, key.key_id);
  return transaction.add_event(kSynchronizeMultiRegionKey)
      .by_service()
      .region(key.region)
      .resource(arn)
      .parameter("keyArn", arn);
}

}  // namespace kagimori
