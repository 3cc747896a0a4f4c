#include <set>

#include "base/log.h"
#include "engine/engine.h"
#include "engine/key_store_records.h"
#include "engine/loader.h"
#include "engine/xks_proxy.h"

namespace kagimori {
namespace {

constexpr std::size_t kJobsPage = 256;

// Where a store that is on its way arrives.
struct Arrival {
  ConnectionState state = ConnectionState::kDisconnected;
  std::string_view error_code;
};

Status arrive(Transaction& transaction, const CustomKeyStore& began, const Arrival& arrival) {
  TRY_ASSIGN(auto store,
             transaction.get<CustomKeyStore>(began.account, Table::kCustomKeyStores,
                                             record_key::custom_key_store(began.account, began.region, began.id)));
  // Whoever changed it meanwhile has left the job for the next turn.
  if (!store || store->state != began.state || store->attempts != began.attempts) return {};
  store->state = arrival.state;
  store->error_code = arrival.error_code;
  transaction.trail()
      .region(store->region)
      .parameter("customKeyStoreId", store->id)
      .parameter("connectionState", connection_state_name(store->state));
  if (!store->error_code.empty()) transaction.trail().parameter("connectionErrorCode", store->error_code);
  TRY(transaction.erase(Table::kJobs, record_key::connection_job(store->account, store->region, store->id)));
  return put_key_store(transaction, *store);
}

// AWS's ConnectionErrorCode; empty when it works.
std::string_view try_connection(CryptoContext& crypto, const Engine::Parts& parts, const KeyStoreSnapshot& store) {
  const CustomKeyStore& record = store.record;
  if (record.type == CustomKeyStoreType::kCloudHsm) {
    if (parts.hsm == nullptr) return hsm_fault_meaning(HsmFault::kUnknownCluster).connection_error;
    const auto logged_in = parts.hsm->log_in(record.cluster_id, store.secret);
    return logged_in ? std::string_view() : hsm_fault_meaning(logged_in.error()).connection_error;
  }
  OpensslRandom random(crypto);
  const std::string request_id = make_uuid(random);
  const XksProxy proxy{parts.outgoing, record.id, record.region, record.proxy, store.secret, parts.clock.now()};
  const auto health = proxy.health(crypto, {{}, {}, "ConnectCustomKeyStore", request_id});
  return health ? std::string_view() : xks_fault_meaning(health.error()).connection_error;
}

// The key of a destroyed KMS key is gone from its HSM.
Status finish_removal(Transaction& transaction, const HsmRemovalJob& job) {
  TRY_ASSIGN(auto store,
             transaction.get<CustomKeyStore>(job.account, Table::kCustomKeyStores,
                                             record_key::custom_key_store(job.account, job.region, job.store_id)));
  transaction.trail()
      .region(job.region)
      .parameter("customKeyStoreId", job.store_id)
      .parameter("backingKeyId", job.key_id);
  TRY(transaction.erase(Table::kJobs, record_key::hsm_removal_job(job.account, job.region, job.store_id, job.key_id)));
  if (!store || store->key_count == 0) return {};
  --store->key_count;
  return put_key_store(transaction, *store);
}

void report_unused_key(const HsmRemovalJob& key, const Result<bool>& removed) {
  LogLine(LogLevel::kWarning, "a key that was made for a refused request may have stayed in its HSM, unused")
      .field("store", key.store_id)
      .field("key", key.key_id)
      .field("reason", removed ? std::string_view("The store is not connected.") : removed.error().message);
}

}  // namespace

Status Engine::settle_key_store(const ConnectionJob& job) {
  std::shared_ptr<const KeyStoreSnapshot> began;
  {
    TRY_ASSIGN(const auto read, parts_.store.read());
    RecordReader reader(*settling_crypto_, parts_.keyrings, *read);
    TRY_ASSIGN(began, load_key_store(reader, job.account, job.region, job.store_id));
  }
  if (began == nullptr) return {};
  const CustomKeyStore& record = began->record;
  Arrival arrival;
  if (record.state == ConnectionState::kConnecting) {
    arrival.error_code = try_connection(*settling_crypto_, parts_, *began);
    arrival.state = arrival.error_code.empty() ? ConnectionState::kConnected : ConnectionState::kFailed;
  } else if (record.type == CustomKeyStoreType::kCloudHsm) {
    if (parts_.hsm != nullptr) parts_.hsm->log_out(record.cluster_id);
  } else if (parts_.outgoing != nullptr) {
    parts_.outgoing->forget(record.id);
  }
  return run_system("ChangeKeyStoreConnection",
                    [&](Transaction& transaction) { return arrive(transaction, record, arrival); });
}

Result<bool> Engine::remove_hsm_key(const HsmRemovalJob& job) {
  std::shared_ptr<const KeyStoreSnapshot> store;
  {
    TRY_ASSIGN(const auto read, parts_.store.read());
    RecordReader reader(*settling_crypto_, parts_.keyrings, *read);
    TRY_ASSIGN(store, load_key_store(reader, job.account, job.region, job.store_id));
  }
  if (store == nullptr || store->record.state != ConnectionState::kConnected || parts_.hsm == nullptr) return false;
  TRY_ASSIGN(const Bytes key_id, hsm_key_id_bytes(job.key_id));
  const auto removed = parts_.hsm->destroy_key(store->record.cluster_id, store->secret, key_id);
  if (!removed) return fail(hsm_error(ErrorCode::kServiceUnavailable, store->record, removed.error()));
  return true;
}

Status Engine::remove_hsm_keys() {
  const std::lock_guard lock(settling_mutex_);
  for (const HsmRemovalJob& key : abandoned_hsm_keys_.take()) {
    const auto removed = remove_hsm_key(key);
    if (!removed || !*removed) report_unused_key(key, removed);
  }
  std::vector<StoredRecord> rows;
  {
    TRY_ASSIGN(const auto read, parts_.store.read());
    TRY_ASSIGN(rows, read->scan(Table::kJobs, record_key::hsm_removal_jobs(), {}, kJobsPage));
  }
  std::set<std::string, std::less<>> failed;  // stores, which the rest of their keys need not try
  for (const StoredRecord& row : rows) {
    if (stopping_) return {};
    TRY_ASSIGN(const HsmRemovalJob job, parse_hsm_removal_job(row.key));
    if (failed.contains(job.store_id)) continue;
    const auto removed = remove_hsm_key(job);
    Status done = removed ? Status() : Status(fail(removed.error()));
    if (removed && *removed) {
      done = run_system("RemoveHsmKey", [&](Transaction& transaction) { return finish_removal(transaction, job); });
    }
    if (done) continue;
    failed.insert(job.store_id);
    LogLine(LogLevel::kWarning, "the key of a destroyed KMS key is still in its HSM")
        .field("store", job.store_id)
        .field("reason", done.error().message);
  }
  return {};
}

Status Engine::settle_key_stores() {
  const std::lock_guard lock(settling_mutex_);
  std::vector<StoredRecord> rows;
  {
    TRY_ASSIGN(const auto read, parts_.store.read());
    TRY_ASSIGN(rows, read->scan(Table::kJobs, record_key::connection_jobs(), {}, kJobsPage));
  }
  // The row only says where to look: the store's own record is believed.
  for (const StoredRecord& row : rows) {
    if (stopping_) return {};
    const auto job = parse_connection_job(row.key);
    const Status settled = job ? settle_key_store(*job) : Status(fail(job.error()));
    if (!settled) {
      LogLine(LogLevel::kError, "a custom key store could not be settled").field("reason", settled.error().message);
    }
  }
  return {};
}

}  // namespace kagimori
