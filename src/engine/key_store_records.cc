#include "engine/key_store_records.h"

#include <fmt/format.h>

#include "engine/cache_key.h"

namespace kagimori {
namespace {

// How many stores there are stands in a record of its own, which every change of their set writes.
Status count_key_stores(Transaction& transaction, int change) {
  const std::string& account = transaction.account();
  const Bytes key = record_key::custom_key_stores_of(account, transaction.region());
  TRY_ASSIGN(const auto content, transaction.get<Bytes>(account, Table::kCustomKeyStoreCounts, key));
  std::uint32_t count = 0;
  if (content) {
    ByteReader in(*content);
    TRY_ASSIGN(count, in.u32());
  }
  count = static_cast<std::uint32_t>(static_cast<std::int64_t>(count) + change);
  return transaction.put(account, Table::kCustomKeyStoreCounts, key, ByteWriter().u32(count).bytes());
}

Bytes key_of(const CustomKeyStore& store) {
  return record_key::custom_key_store(store.account, store.region, store.id);
}

}  // namespace

Result<CustomKeyStore> find_key_store(Transaction& transaction, std::string_view store_id) {
  const std::string& account = transaction.account();
  TRY_ASSIGN(auto store,
             transaction.get<CustomKeyStore>(account, Table::kCustomKeyStores,
                                             record_key::custom_key_store(account, transaction.region(), store_id)));
  if (store) return *std::move(store);
  return fail(ErrorCode::kCustomKeyStoreNotFound, fmt::format("The custom key store {} does not exist.", store_id));
}

Status put_key_store(Transaction& transaction, const CustomKeyStore& store) {
  transaction.invalidate(cache_key::key_store(store.account, store.region, store.id));
  return transaction.put(store.account, Table::kCustomKeyStores, key_of(store), encode(store));
}

Result<std::vector<CustomKeyStore>> change_key_stores(Transaction& transaction, int change) {
  TRY(count_key_stores(transaction, change));
  const std::string& account = transaction.account();
  TRY_ASSIGN(auto loaded,
             transaction.scan_all<CustomKeyStore>(account, Table::kCustomKeyStores,
                                                  record_key::custom_key_stores_of(account, transaction.region())));
  std::vector<CustomKeyStore> stores;
  stores.reserve(loaded.size());
  for (Loaded<CustomKeyStore>& store : loaded) stores.push_back(std::move(store.record));
  return stores;
}

XksProxy proxy_of(Transaction& transaction, const CustomKeyStore& store, const SecretBytes& secret) {
  return {transaction.outgoing(), store.id, store.region, store.proxy, secret, transaction.now()};
}

XksRequestMetadata xks_request_metadata(Transaction& transaction) {
  const Caller& caller = transaction.caller();
  return {caller.identity->arn, {}, std::string(transaction.trail().operation()), caller.origin.request_id};
}

Error xks_error(ErrorCode code, XksFault fault) {
  return {code, fmt::format("The external key store proxy {}", xks_fault_meaning(fault).sentence)};
}

Result<CustomKeyStore> find_key_store_for(Transaction& transaction, std::string_view store_id, KeyOrigin origin) {
  TRY_ASSIGN(CustomKeyStore store, find_key_store(transaction, store_id));
  const bool fits = (origin == KeyOrigin::kHsm) == (store.type == CustomKeyStoreType::kCloudHsm);
  if (!fits) {
    return fail(ErrorCode::kUnsupportedOperation,
                fmt::format("The custom key store {} is of type {}, which does not go with Origin {}.", store.id,
                            custom_key_store_type_name(store.type), aws_origin(origin)));
  }
  if (store.state == ConnectionState::kConnected) return store;
  return fail(ErrorCode::kCustomKeyStoreInvalidState,
              fmt::format("The connection state of custom key store {} is {}. Keys can be made only while it is "
                          "CONNECTED.",
                          store.id, connection_state_name(store.state)));
}

Status claim_xks_key(Transaction& transaction, CustomKeyStore store, const ExternalKey& external, const Key& key) {
  const Bytes place = record_key::xks_key(store.account, store.id, external.key_id);
  TRY_ASSIGN(const auto holder, transaction.get<RowId>(store.account, Table::kXksKeys, place));
  if (holder) {
    return fail(ErrorCode::kXksKeyAlreadyInUse,
                fmt::format("The external key {} belongs to another KMS key of custom key store {}.", external.key_id,
                            store.id));
  }
  TRY_ASSIGN(const SecretBytes secret,
             transaction.keyrings().unwrap(transaction.crypto(), material_binding(store), store.secret));
  const auto fit = proxy_of(transaction, store, secret)
                       .key_metadata(transaction.crypto(), external.key_id, xks_request_metadata(transaction));
  if (!fit) return fail(xks_error(xks_fault_meaning(fit.error()).create_key, fit.error()));
  ++store.key_count;
  TRY(put_key_store(transaction, store));
  return transaction.put(store.account, Table::kXksKeys, place, encode_row(key.row));
}

Result<ExternalKey> claim_hsm_key(Transaction& transaction, CustomKeyStore store, NewHsmKey& made, const Key& key) {
  const auto refused = [&](HsmFault fault) {
    return fail(hsm_error(hsm_fault_meaning(fault).create_key, store, fault));
  };
  if (transaction.hsm() == nullptr) return refused(HsmFault::kUnknownCluster);
  TRY_ASSIGN(const SecretBytes password,
             transaction.keyrings().unwrap(transaction.crypto(), material_binding(store), store.secret));
  const auto done = made.make(*transaction.hsm(), store, password, transaction.random(), key.key_id,
                              *transaction.abandoned_hsm_keys());
  if (!done) return refused(done.error());
  ++store.key_count;
  TRY(put_key_store(transaction, store));
  return ExternalKey{store.id, made.key_id()};
}

Status release_external_key(Transaction& transaction, const ExternalKey& external, const Key& key) {
  if (key.origin == KeyOrigin::kHsm) {
    transaction.request_sweep();
    return transaction.put(kSystemAccount, Table::kJobs,
                           record_key::hsm_removal_job(key.account, key.region, external.store_id, external.key_id),
                           {});
  }
  TRY_ASSIGN(auto store,
             transaction.get<CustomKeyStore>(key.account, Table::kCustomKeyStores,
                                             record_key::custom_key_store(key.account, key.region, external.store_id)));
  // A damaged store must not keep a key from being destroyed.
  if (store && store->key_count > 0) {
    --store->key_count;
    TRY(put_key_store(transaction, *store));
  }
  return transaction.erase(Table::kXksKeys, record_key::xks_key(key.account, external.store_id, external.key_id));
}

}  // namespace kagimori
