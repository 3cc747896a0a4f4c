#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "audit/log.h"
#include "audit/sequencer.h"
#include "base/clock.h"
#include "base/lifecycle_clock.h"
#include "base/outgoing_http.h"
#include "engine/access_key_uses.h"
#include "engine/caller.h"
#include "engine/engine_worker.h"
#include "engine/event_outbox.h"
#include "engine/pool.h"
#include "engine/settings.h"
#include "engine/strangers.h"
#include "engine/trail.h"
#include "engine/transaction.h"
#include "engine/under_way.h"
#include "engine/usage_limits.h"
#include "seal/keyring.h"
#include "store/store.h"

namespace kagimori {

// How the engine reaches the workers' threads; the server implements it over its event loops.
class WorkerPort {
 public:
  virtual ~WorkerPort() = default;
  virtual std::size_t worker_count() const = 0;
  // False when that worker has ended.
  virtual bool post(std::size_t worker, std::function<void()> task) = 0;
};

// Every operation, once, whatever the dialect. Two ways lead through it:
//  - Data-plane verbs (engine/cryptographic.h) run on the worker's own thread against its cache. What is not cached is
//    kCacheMiss: fill() fetches it on the pool, then the request runs again.
//  - Management operations run on the pool as a Transaction; their batch is committed by the store's writer, every
//  worker
//    drops what the commit made stale, and only then the answer goes out. So no worker acts on an older truth after a
//    change was acknowledged.
class Engine : private KeyUsageSource {
 public:
  struct Parts {
    Store& store;
    Keyrings& keyrings;
    audit::Log& log;
    const Clock& clock;  // real time
    LifecycleClock& lifecycle_clock;
    EngineSettings settings;
    OutgoingHttp* outgoing = nullptr;       // null: nothing outside can be reached
    HsmClusters* hsm = nullptr;             // null: no HSM can be reached
    audit::Sequencer* sequencer = nullptr;  // null: nothing is proved
  };

  static Result<std::unique_ptr<Engine>> start(const Parts& parts);
  ~Engine() override;
  // Each worker's part, made on its own thread; then, once, the way to their threads. Until then every request that
  // needs more than its own thread is answered with kServiceUnavailable.
  Result<std::unique_ptr<EngineWorker>> make_worker(std::size_t index);
  void attach(WorkerPort& port);
  // From here on what the clock does waits for nothing but its change being durable: call before requests are waited
  // for.
  void begin_stop();
  // Ends the sweeper after the change it is at and the pool, waits for the commits that requests began, and stores the
  // last use of keys; call when no request is under way any more and the workers' loops have ended, while the workers
  // are still there.
  void stop();

  const EngineSettings& settings() const { return parts_.settings; }
  Timestamp now() const { return parts_.clock.now(); }
  const Clock& clock() const { return parts_.clock; }
  OutgoingHttp* outgoing() const { return parts_.outgoing; }
  HsmClusters* hsm() const { return parts_.hsm; }
  audit::Sequencer* sequencer() const { return parts_.sequencer; }
  LifecycleClock& lifecycle_clock() { return parts_.lifecycle_clock; }
  const AlarmCounts& alarms() const { return alarms_; }
  const GatheredUsages& usages() const { return usages_; }

  // --- On a worker's thread ---

  // Who signed this request? Errors as AWS words them (facts: aws-kms.md 7.5), or kCacheMiss.
  Result<Caller> authenticate(EngineWorker& worker, const SigV4Request& request, Origin origin,
                              std::string_view service);

  // Whether the listener that the request came through serves the operation's plane; kAccessDenied otherwise.
  Status admit(const Caller& caller, const Trail& trail) const;
  // kThrottling when the caller's account has made too many requests of the family. Once for each request.
  Status throttle(EngineWorker& worker, const Caller& caller, RequestFamily family);

  // Fetches worker.missing; `then` runs on the worker's thread, with an error when the store could not be read.
  void fill(EngineWorker& worker, std::function<void(Status)> then);

  // A management operation. `work` builds the answer's body and may run several times; `done` runs once, on this
  // worker's thread. The audit event is taken care of.
  using Work = std::function<Result<std::string>(Transaction&)>;
  using Done = std::function<void(Result<std::string>, const Trail&)>;
  // What takes long and needs nothing of the store, such as the generation of a key: done once, before the first try,
  // while no view of the store is open. Empty when there is nothing of the kind.
  using Prepare = std::function<void(PoolThread&)>;
  // `calls_outside`: the work talks to an external key store proxy or an HSM, so it waits among its like.
  void run(EngineWorker& worker, Caller caller, Trail trail, Work work, Done done, Prepare prepare = {},
           bool calls_outside = false);

  // Cryptography that takes too long for a worker's loop, authorised already. `done` runs on the worker's thread: with
  // the answer of `work`, or with kCacheMiss when the caller or a key changed before the work began, so that the
  // request must run again. `work` must not refer to anything of the worker.
  // With `stores`, whose proxies or HSMs it talks to, it waits among its like, and they must not have changed either.
  using PoolWork = std::function<Result<std::string>(PoolThread&)>;
  using KeyStores = std::vector<std::shared_ptr<const KeyStoreSnapshot>>;
  void offload(EngineWorker& worker, const Caller& caller, std::vector<std::shared_ptr<const KeySnapshot>> keys,
               PoolWork work, std::function<void(Result<std::string>)> done, KeyStores stores = {});

  // The one emit point: the event of a request that did not change the store.
  void emit(EngineWorker& worker, const Caller& caller, const Trail& trail, const Error* error);
  // A request whose sender could not be identified, or what was never a request (`reason` is a literal): the audit log
  // hears of them together. Any thread.
  void note_stranger(std::string_view source, ErrorCode error);
  void note_stranger(std::string_view source, std::string_view reason);
  // One line of the request log.
  struct RequestLine {
    std::string_view request_id, source, principal, operation, key_arn, result;
    std::int64_t micros = 0;
  };
  void log_request(EngineWorker& worker, const RequestLine& line);
  // Writes the turn's lines; call before its answers go out. On an error no answer of the turn may go out as it is.
  Status flush(EngineWorker& worker);

  // The backups of the store that the audit log tells of, from this time on, the oldest first.
  struct KnownBackups {
    struct Backup {
      Timestamp when;
      std::string target;  // a path on the machine that made it
    };
    std::vector<Backup> backups;
    std::optional<Timestamp> log_begins;  // nothing is known of earlier ones; nullopt: the log is empty
  };
  Result<KnownBackups> backups_since(CryptoContext& crypto, Timestamp since) const;

  // --- On any other thread, never a worker's ---

  // A change made by the clock or the operator, not by a request. Waits until it is in force on every worker.
  Status run_system(std::string_view event_name, const std::function<Status(Transaction&)>& work);
  // Connects and disconnects custom key stores that are on their way there, does what is due by lifecycle time
  // (rotations; deletions and the expiry of imported material only unless the lifecycle clock holds destruction), and
  // removes the keys of destroyed KMS keys from HSMs. The sweeper calls it at its interval.
  Status sweep();
  // Gathers what the workers have noted of the use of keys, and stores it. The sweeper calls it once a minute.
  Status save_usages();
  // The same from a worker's thread: `done` runs there once everything due has been done.
  void sweep_now(EngineWorker& worker, std::function<void(Status)> done);
  // For tests: the sweeper does nothing by itself until it is let go.
  void hold_sweeper(bool held);

 private:
  struct Job;
  static constexpr std::size_t kManyUses = 20'000;  // that are not left to wait until they are stored

  explicit Engine(Parts parts)
      : parts_(std::move(parts)),
        throttle_(parts_.settings.request_rates),
        outbox_(parts_.store, parts_.log),
        abandoned_hsm_keys_([this] { wake_sweeper(); }) {}
  void execute(PoolThread& thread, const std::shared_ptr<Job>& job);
  // What a try of a job leads to once it is durable.
  struct Outcome {
    std::string event_lines;
    std::vector<std::string> stale_items;
    std::vector<std::function<void()>> on_commit;
    std::string body;
    bool sweep = false;
  };
  void try_again(const std::shared_ptr<Job>& job);
  void committed(const std::shared_ptr<Job>& job, const Result<std::uint64_t>& revision, Outcome& outcome);
  void finish(const std::shared_ptr<Job>& job, Result<std::string> result, bool event_is_written);
  // Puts the events of a change into its batch: `first` (null: none), then those that the transaction adds. The lines
  // of all of them.
  std::string write_events(PoolThread& thread, const Transaction& transaction, const audit::Event* first,
                           const Caller& caller, Batch& batch);
  // Has every worker drop the items, then calls `then` (on whichever worker is last).
  void drop_everywhere(std::vector<std::string> items, std::function<void()> then);
  void start_fill(EngineWorker& worker, const std::string& item);
  void end_fill(EngineWorker& worker, const std::string& item, Result<CacheEntry> loaded);
  Result<CacheEntry> load_item(PoolThread& thread, const std::string& item);
  Result<CacheEntry> load_recipient(PoolThread& thread, const std::string& item, ByteView document);
  // Compares the clocks, and stores what of the lifecycle clock must outlive the process.
  Status restore_clock();
  Status watch_clock();
  Status save_clock(const LifecycleClockState& state);
  // Writes back when access keys were last used; under system_mutex_.
  Status save_access_key_uses();
  void sweeper_loop();
  // Brings custom key stores that are connecting or disconnecting to where they are going.
  Status settle_key_stores();
  Status settle_key_store(const ConnectionJob& job);
  // Does what the clock has made due by now.
  Status apply_all_due();
  // Removes the keys of destroyed KMS keys from the HSMs of connected stores.
  Status remove_hsm_keys();
  // Whether the key is gone from the HSM; false also while that can't be reached.
  Result<bool> remove_hsm_key(const HsmRemovalJob& job);
  void wake_sweeper();
  void do_chores();  // of a turn of the sweeper
  // Writes the events of what was noted, where the period is over or all is wanted.
  void tell_of_strangers(bool all);
  void gather_usages();
  Result<KeyUses> recent_uses(std::uint64_t view_revision, const RowId& row) override;
  Result<std::uint64_t> store_uses(const KeyUses& uses);
  void save_usages_in_time();
  // Appends the event of an alarm; the trail is that of raise_alarm()'s kind.
  void append_alarm(std::string& lines, RandomSource& random, Alarm alarm, Trail trail);
  void note_denied(EngineWorker& worker, const Caller& caller);
  void note_unusable_key(EngineWorker& worker, const Caller& caller, const Trail& trail);
  // What falls due soon; asked at every sweep, done every ten minutes of lifecycle time.
  Status warn_of_due();
  Status warn_of_due(const DueEntry& due, Alarm alarm, std::string_view reason);
  struct DueAlarm {
    DueEntry due;
    Alarm alarm;
  };
  // Those of a page of what is due, and where the next page begins (empty: there is none).
  Result<std::vector<DueAlarm>> due_alarms(Timestamp now, Bytes& after);
  Status forget_old_alarms();
  // What the machine is short of.
  void warn_of_machine();
  void warn_of_late_checkpoint();
  void raise_alarm(Alarm alarm, std::string_view subject, Trail trail);
  static void drop_allowance(EngineWorker& worker, const std::string& name);
  void start_reservation(EngineWorker& worker, const std::string& item);
  void end_reservation(EngineWorker& worker, const std::string& item, const Result<ReservedShare>& reserved);
  // On the pool.
  Result<ReservedShare> reserve(const std::string& item, std::size_t workers);
  Result<ReservedShare> reserve_uses(const AllowanceName& name, std::size_t workers);
  void see_to_limit(const AllowanceName& name, bool rotates);
  void give_back(const std::vector<Allowances::Unused>& unused);
  // Removes sessions that ended long ago. A damaged one holds up no other.
  void forget_sessions(std::span<const DueEntry> due);
  Status forget_in_one_commit(std::span<const DueEntry> due);
  Status commit_system(Batch batch, std::string event_lines);
  Status rewrap();
  Transaction::Environment environment(PoolThread& thread);

  Parts parts_;
  Throttle throttle_;
  std::atomic<WorkerPort*> port_{nullptr};
  std::unique_ptr<Pool> pool_;
  std::unique_ptr<Pool> outside_pool_;              // for what waits for external key store proxies and HSMs
  std::unique_ptr<CryptoContext> settling_crypto_;  // guarded by settling_mutex_
  std::mutex settling_mutex_;
  std::mutex workers_mutex_;
  std::vector<EngineWorker*> workers_;  // by index; complete before attach()

  EventOutbox outbox_;
  AbandonedHsmKeys abandoned_hsm_keys_;
  UnderWay commits_;  // of requests, in the store's writer
  KeyCounter key_counter_;
  GatheredUsages usages_;
  AlarmCounts alarms_;
  AlarmGate alarm_gate_;
  DeniedRequests denied_requests_;
  Timestamp due_warned_;  // lifecycle time; guarded by system_mutex_
  // Of the sweeper's thread.
  std::chrono::steady_clock::time_point usages_due_;
  struct Waiting {
    std::uint64_t size = 0;  // of the checkpoint that events wait behind
    std::chrono::steady_clock::time_point since;
  };
  std::optional<Waiting> waiting_;
  AccessKeyUses access_key_uses_;
  Strangers strangers_;
  LifecycleClockState saved_clock_;  // guarded by system_mutex_
  PoolThread system_thread_;         // guarded by system_mutex_
  std::mutex system_mutex_;
  std::mutex sweeper_mutex_;
  std::condition_variable sweeper_wake_;
  bool sweep_wanted_ = true;  // guarded by sweeper_mutex_; at start for what was under way when the last server ended
  std::atomic<bool> sweeper_held_ = false;
  std::atomic<bool> stopping_ = false;
  std::thread sweeper_;
};

}  // namespace kagimori
