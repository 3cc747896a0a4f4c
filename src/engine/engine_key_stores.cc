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
    OpensslRandom random(*settling_crypto_);
    const std::string request_id = make_uuid(random);
    const XksProxy proxy{parts_.outgoing, record.id, record.region, record.proxy, began->secret, parts_.clock.now()};
    const auto health = proxy.health(*settling_crypto_, {{}, {}, "ConnectCustomKeyStore", request_id});
    arrival.state = health ? ConnectionState::kConnected : ConnectionState::kFailed;
    if (!health) arrival.error_code = xks_fault_meaning(health.error()).connection_error;
  } else if (parts_.outgoing != nullptr) {
    parts_.outgoing->forget(record.id);
  }
  return run_system("ChangeKeyStoreConnection",
                    [&](Transaction& transaction) { return arrive(transaction, record, arrival); });
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
