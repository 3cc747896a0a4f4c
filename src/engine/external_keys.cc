#include "engine/external_keys.h"

#include <fmt/format.h>

#include <array>

#include "engine/hsm_use.h"
#include "engine/xks_use.h"

namespace kagimori {
namespace {

struct SideNames {
  std::string_view store, cluster, xks_key, hsm_key;
};
constexpr std::array<SideNames, 3> kSideNames = {{
    {"customKeyStoreId", "clusterId", "xksKeyId", "backingKeyId"},
    {"sourceCustomKeyStoreId", "sourceClusterId", "sourceXksKeyId", "sourceBackingKeyId"},
    {"destinationCustomKeyStoreId", "destinationClusterId", "destinationXksKeyId", "destinationBackingKeyId"},
}};

void put_names(Trail& trail, const CustomKeyStore& store, const ExternalKey& key, ExternalSide side) {
  const SideNames& names = kSideNames[static_cast<std::size_t>(side)];
  trail.additional(names.store, store.id);
  if (store.type == CustomKeyStoreType::kExternal) {
    trail.additional(names.xks_key, key.key_id);
  } else {
    trail.additional(names.cluster, store.cluster_id).additional(names.hsm_key, key.key_id);
  }
}

}  // namespace

std::uint8_t ciphertext_suite(const Key& key) {
  if (key.origin == KeyOrigin::kHsm) return kSuiteHsm;
  return key.origin == KeyOrigin::kExternalKeyStore ? kSuiteExternal : kSuiteDerivedAesGcm;
}

Result<std::shared_ptr<const ExternalUse>> external_use(Engine& engine, const Caller& caller, Trail& trail,
                                                        const CachedKey& key, ExternalSide side) {
  const KeySnapshot& snapshot = key.snapshot();
  if (!snapshot.external) return std::shared_ptr<const ExternalUse>();
  TRY_ASSIGN(auto store, key_store_of(key));
  const CustomKeyStore& record = store->record;
  put_names(trail, record, *snapshot.external, side);
  if (record.state != ConnectionState::kConnected) {
    return fail(ErrorCode::kInvalidState,
                fmt::format("{} can't be used. The connection state of custom key store {} is {}.", snapshot.arn,
                            record.id, connection_state_name(record.state)));
  }
  if (record.type == CustomKeyStoreType::kCloudHsm) {
    return std::make_shared<HsmUse>(key.entry->key, std::move(store), engine.hsm());
  }
  return std::make_shared<XksUse>(
      key.entry->key, std::move(store), engine.outgoing(), engine.clock(),
      XksRequestMetadata{caller.identity->arn, snapshot.arn, std::string(trail.operation()), caller.origin.request_id},
      // The destination of a ReEncrypt may have to wait for the source's proxy.
      std::chrono::steady_clock::now() + kXksLimit * (side == ExternalSide::kDestination ? 2 : 1));
}

}  // namespace kagimori
