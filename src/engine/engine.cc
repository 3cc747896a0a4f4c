#include "engine/engine.h"

#include <unistd.h>

#include "base/encoding.h"
#include "base/log.h"
#include "crypto/digest.h"
#include "engine/cache_key.h"

namespace kagimori {
namespace {

// A transaction that keeps meeting others on the same records gives up here; each try makes at least one other succeed.
constexpr int kMaxTries = 32;
constexpr std::size_t kMaxSigningKeys = 4;
constexpr std::size_t kMaxNotedUsages = 1'024;  // on a worker, before it hands them over
constexpr std::string_view kGlobalRegion = "us-east-1";

Error busy() { return {ErrorCode::kServiceUnavailable, "The records of this request keep changing. Try again."}; }

Error invalid_token() {
  return {ErrorCode::kUnrecognizedClient, "The security token included in the request is invalid."};
}

// Temporary credentials come with the token that was given out with them, and all others without one.
Status check_session_token(CryptoContext& crypto, const IdentitySnapshot& identity,
                           const std::optional<std::string_view>& token, Timestamp now) {
  if (identity.session.has_value() != token.has_value()) return fail(invalid_token());
  if (!token) return {};
  const Sha256Digest hash = sha256(crypto, as_bytes(*token));
  if (!constant_time_equal(hash, identity.session->record.token_hash)) return fail(invalid_token());
  if (now < identity.session->record.expires) return {};
  return fail(ErrorCode::kExpiredToken, "The security token included in the request is expired");
}

}  // namespace

struct Engine::Job {
  Caller caller;
  Trail trail;
  Prepare prepare;
  Work work;
  Done done;
  EngineWorker* worker = nullptr;
  Pool* pool = nullptr;
  int tries = 0;
};

Result<std::unique_ptr<Engine>> Engine::start(const Parts& parts) {
  std::unique_ptr<Engine> engine(new Engine(parts));
  TRY_ASSIGN(engine->pool_, Pool::start(parts.settings.pool_threads, parts.settings.pool_queue));
  TRY_ASSIGN(engine->outside_pool_, Pool::start(parts.settings.xks_threads, parts.settings.pool_queue));
  TRY_ASSIGN(engine->settling_crypto_, CryptoContext::create());
  TRY_ASSIGN(engine->system_thread_.crypto, CryptoContext::create());
  engine->system_thread_.random = std::make_unique<OpensslRandom>(*engine->system_thread_.crypto);
  TRY(engine->outbox_.recover());
  TRY(engine->restore_clock());
  return engine;
}

Engine::~Engine() { stop(); }

Result<std::unique_ptr<EngineWorker>> Engine::make_worker(std::size_t index) {
  TRY_ASSIGN(auto worker, EngineWorker::create(index, parts_.settings));
  const std::lock_guard lock(workers_mutex_);
  if (workers_.size() <= index) workers_.resize(index + 1);
  workers_[index] = worker.get();
  return worker;
}

void Engine::attach(WorkerPort& port) {
  port_.store(&port, std::memory_order_release);
  sweeper_ = std::thread([this] { sweeper_loop(); });
}

void Engine::begin_stop() {
  {
    const std::lock_guard lock(sweeper_mutex_);
    stopping_ = true;
  }
  sweeper_wake_.notify_all();
}

void Engine::stop() {
  begin_stop();
  if (sweeper_.joinable()) sweeper_.join();
  if (outside_pool_ != nullptr) outside_pool_->stop();
  if (pool_ != nullptr) pool_->stop();
  commits_.wait();
  if (port_.exchange(nullptr) == nullptr) return;
  // The workers' loops have ended, so what they noted may be taken from here.
  for (EngineWorker* const worker : workers_) {
    usages_.add(worker->usages.take());
    give_back(worker->allowances.take_all());
  }
  if (const Status saved = save_usages(); !saved) {
    LogLine(LogLevel::kError, "the last use of keys could not be stored").field("reason", saved.error().message);
  }
  tell_of_strangers(true);
  const std::lock_guard lock(system_mutex_);
  if (const Status saved = save_access_key_uses(); !saved) {
    LogLine(LogLevel::kError, "the last uses of access keys are not saved").field("reason", saved.error().message);
  }
}

Transaction::Environment Engine::environment(PoolThread& thread) {
  return {*thread.crypto,
          *thread.random,
          parts_.keyrings,
          parts_.settings,
          key_counter_,
          parts_.clock.now(),
          parts_.lifecycle_clock.now(),
          parts_.outgoing,
          parts_.hsm,
          &abandoned_hsm_keys_,
          this,
          &access_key_uses_,
          &alarms_};
}

// --- Identity ---

Result<Caller> Engine::authenticate(EngineWorker& worker, const SigV4Request& request, Origin origin,
                                    std::string_view service) {
  TRY_ASSIGN(const SigV4Evidence evidence, parse_sigv4(request));
  const Timestamp now = parts_.clock.now();
  SigV4TimeLimits limits;
  if (!parts_.settings.allow_presigned) limits.max_presigned_expires = 0;
  // IAM is one for all regions and its clients sign for the partition's first one.
  const bool served = parts_.settings.serves(evidence.region);
  const bool global = service == "iam" && evidence.region == kGlobalRegion;
  TRY(check_scope(evidence, served || global ? evidence.region : parts_.settings.region, service));
  TRY(check_time(evidence, now, limits));
  TRY_ASSIGN(CacheEntry* const entry, worker.need_identity(evidence.access_key_id));
  const auto& identity = entry->identity;
  if (identity == nullptr || !identity->access_key.active) return fail(invalid_token());
  TRY(check_session_token(*worker.crypto, *identity, evidence.session_token, parts_.lifecycle_clock.now()));
  const DerivedSigningKey* signing_key = nullptr;
  for (const DerivedSigningKey& known : entry->signing_keys) {
    if (known.date == evidence.scope_date && known.service == service && known.region == evidence.region) {
      signing_key = &known;
    }
  }
  if (signing_key == nullptr) {
    if (entry->signing_keys.size() >= kMaxSigningKeys) entry->signing_keys.erase(entry->signing_keys.begin());
    entry->signing_keys.push_back(
        {std::string(evidence.scope_date), std::string(evidence.region), std::string(service),
         derive_signing_key(*worker.crypto, identity->secret, evidence.scope_date, evidence.region, service)});
    signing_key = &entry->signing_keys.back();
  }
  TRY(verify_sigv4(*worker.crypto, evidence, request, signing_key->key.expose(), worker.scratch));
  // Without multi-factor authentication (AWS STS API reference, GetSessionToken).
  if (identity->session && !identity->is_role_session() && service == "iam") return fail(invalid_token());
  if (!identity->session) access_key_uses_.note(*entry, now, service, evidence.region);
  return Caller{identity, std::move(origin), served ? std::string(evidence.region) : parts_.settings.region, now};
}

Status Engine::admit(const Caller& caller, const Trail& trail) const {
  const Planes& planes = caller.origin.planes;
  if (trail.plane() == Plane::kData ? planes.data : planes.management) return {};
  return fail(ErrorCode::kAccessDenied, std::string("This listener does not serve the ") +
                                            (trail.plane() == Plane::kData ? "data" : "management") +
                                            " plane, to which " + std::string(trail.operation()) +
                                            " belongs. Use another endpoint of the server.");
}

Status Engine::throttle(EngineWorker& worker, const Caller& caller, RequestFamily family) {
  return throttle_.admit(worker.buckets, family, caller.identity->account(), caller.region, caller.time);
}

void Engine::drop_everywhere(std::vector<std::string> items, std::function<void()> then) {
  WorkerPort* const port = port_.load(std::memory_order_acquire);
  if (port == nullptr || items.empty()) {
    then();
    return;
  }
  // Released by the last worker that has dropped the items, or whose loop has ended with the task still waiting: such a
  // worker answers nobody any more.
  struct Invalidation {
    std::vector<std::string> items;
    std::function<void()> then;
    ~Invalidation() { then(); }
  };
  const std::shared_ptr<const Invalidation> shared(new Invalidation{std::move(items), std::move(then)});
  for (std::size_t i = 0; i < port->worker_count(); ++i) {
    port->post(i, [this, i, shared] {
      EngineWorker& worker = *workers_[i];
      for (const std::string& item : shared->items) {
        if (item.starts_with("O|")) worker.owner_drops.drop(std::string_view(item).substr(2));
        if (const CacheEntry* const entry = worker.cache.find(item)) entry->supersede();
        if (item.starts_with(cache_key::kAllowance)) drop_allowance(worker, item);
        worker.cache.erase(item);
        const auto fill = worker.fills.find(item);
        if (fill != worker.fills.end()) fill->second.stale = true;
      }
    });
  }
}

// --- Management operations ---

void Engine::run(EngineWorker& worker, Caller caller, Trail trail, Work work, Done done, Prepare prepare,
                 bool calls_outside) {
  auto job = std::make_shared<Job>();
  job->caller = std::move(caller);
  job->trail = std::move(trail);
  job->prepare = std::move(prepare);
  job->work = std::move(work);
  job->done = std::move(done);
  job->worker = &worker;
  job->pool = calls_outside ? outside_pool_.get() : pool_.get();
  Status queued = fail(ErrorCode::kServiceUnavailable, "The server is starting. Try again.");
  if (port_.load(std::memory_order_acquire) != nullptr) {
    queued = job->pool->submit([this, job](PoolThread& thread) { execute(thread, job); });
  }
  if (!queued) {
    emit(worker, job->caller, job->trail, &queued.error());
    job->done(fail(queued.error()), job->trail);
  }
}

void Engine::execute(PoolThread& thread, const std::shared_ptr<Job>& job) {
  job->trail.reset();
  if (const Status log_is_ready = outbox_.ready(); !log_is_ready) return finish(job, fail(log_is_ready.error()), false);
  if (job->prepare != nullptr && job->tries == 0) job->prepare(thread);
  auto read = parts_.store.read();
  if (!read) return finish(job, fail(read.error()), false);
  Transaction transaction(environment(thread), *std::move(read), job->caller, job->trail);
  const Status same_caller = transaction.check_caller();
  if (!same_caller) return finish(job, fail(same_caller.error()), false);
  Result<std::string> body = job->work(transaction);
  if (!body && body.error().code == ErrorCode::kStale) return try_again(job);
  if (!body || !transaction.has_writes()) return finish(job, std::move(body), false);

  auto outcome = std::make_shared<Outcome>();
  const std::string event_id = make_uuid(*thread.random);
  outcome->stale_items = transaction.take_stale_items();
  outcome->on_commit = transaction.take_on_commit();
  outcome->body = *std::move(body);
  outcome->sweep = transaction.sweep_requested();
  Batch batch = transaction.take_batch();
  const audit::Event event = job->trail.event(job->caller, nullptr, event_id);
  outcome->event_lines = write_events(thread, transaction, &event, job->caller, batch);
  batch.durable = [this, outcome](std::uint64_t revision) { outbox_.committed(revision, outcome->event_lines); };
  commits_.begin();
  parts_.store.commit(std::move(batch), [this, job, outcome](const Result<std::uint64_t>& revision) {
    committed(job, revision, *outcome);
    commits_.end();
  });
}

// What the job read has moved on.
void Engine::try_again(const std::shared_ptr<Job>& job) {
  if (++job->tries >= kMaxTries) return finish(job, fail(busy()), false);
  job->pool->submit_internal([this, job](PoolThread& thread) { execute(thread, job); });
}

void Engine::committed(const std::shared_ptr<Job>& job, const Result<std::uint64_t>& revision, Outcome& outcome) {
  if (!revision) {
    if (revision.error().code != ErrorCode::kStale) return finish(job, fail(revision.error()), false);
    return try_again(job);
  }
  for (const auto& action : outcome.on_commit) action();
  if (outcome.sweep) wake_sweeper();
  drop_everywhere(std::move(outcome.stale_items),
                  [this, job, body = std::move(outcome.body)]() mutable { finish(job, std::move(body), true); });
}

void Engine::finish(const std::shared_ptr<Job>& job, Result<std::string> result, bool event_is_written) {
  WorkerPort* const port = port_.load(std::memory_order_acquire);
  auto shared = std::make_shared<Result<std::string>>(std::move(result));
  port->post(job->worker->index, [this, job, shared, event_is_written] {
    if (!event_is_written) emit(*job->worker, job->caller, job->trail, *shared ? nullptr : &shared->error());
    job->done(std::move(*shared), job->trail);
  });
}

// --- Cryptography that takes long ---

namespace {

// What the authorisation of offloaded work rests on.
struct OffloadBasis {
  std::shared_ptr<const IdentitySnapshot> identity;
  std::vector<std::shared_ptr<const KeySnapshot>> keys;
  Engine::KeyStores stores;
  std::uint64_t owner_drops;
};

// The cache item of what has changed since; empty while nothing has.
std::string superseded_item(const OffloadBasis& basis) {
  if (basis.identity->superseded.is_set()) return cache_key::identity(basis.identity->access_key.access_key_id);
  for (const auto& key : basis.keys) {
    if (key->superseded.is_set()) return cache_key::key(key->key.account, key->key.region, key->key.key_id);
  }
  for (const auto& store : basis.stores) {
    const CustomKeyStore& record = store->record;
    if (store->superseded.is_set()) return cache_key::key_store(record.account, record.region, record.id);
  }
  return {};
}

// On the worker's thread: the result counts only if what it rests on is still so, also after the work.
void finish_offload(EngineWorker& worker, const OffloadBasis& basis,
                    const std::function<void(Result<std::string>)>& done, Result<std::string>& result) {
  std::string moved_on = superseded_item(basis);
  std::uint64_t seen = basis.owner_drops;
  if (!worker.owner_drops.holds(basis.identity->owners, seen)) {
    moved_on = cache_key::identity(basis.identity->access_key.access_key_id);
  }
  if (moved_on.empty()) return done(std::move(result));
  worker.missing = std::move(moved_on);
  done(fail(ErrorCode::kCacheMiss, "What the request rests on has changed."));
}

}  // namespace

void Engine::offload(EngineWorker& worker, const Caller& caller, std::vector<std::shared_ptr<const KeySnapshot>> keys,
                     PoolWork work, std::function<void(Result<std::string>)> done, KeyStores stores) {
  WorkerPort* const port = port_.load(std::memory_order_acquire);
  const auto shared_done = std::make_shared<std::function<void(Result<std::string>)>>(std::move(done));
  Status queued = fail(ErrorCode::kServiceUnavailable, "The server is starting. Try again.");
  if (port != nullptr) {
    Pool& pool = stores.empty() ? *pool_ : *outside_pool_;
    const auto basis = std::make_shared<const OffloadBasis>(
        OffloadBasis{caller.identity, std::move(keys), std::move(stores), worker.owner_drops.latest()});
    queued = pool.submit([port, &worker, basis, work = std::move(work), shared_done](PoolThread& thread) {
      const auto began = std::chrono::steady_clock::now();
      const std::string moved_on = superseded_item(*basis);
      auto result = std::make_shared<Result<std::string>>(
          moved_on.empty() ? work(thread) : fail(ErrorCode::kCacheMiss, "What the request rests on has changed."));
      const auto took = std::chrono::steady_clock::now() - began;
      port->post(worker.index, [&worker, basis, shared_done, result, took] {
        worker.metrics.count(basis->stores.empty() ? CryptoWork::kPool : CryptoWork::kOutside, took);
        finish_offload(worker, *basis, *shared_done, *result);
      });
    });
  }
  if (!queued) (*shared_done)(fail(queued.error()));
}

// --- Audit ---

std::string Engine::write_events(PoolThread& thread, const Transaction& transaction, const audit::Event* first,
                                 const Caller& caller, Batch& batch) {
  std::string lines;
  const auto write = [&](const audit::Event& event) {
    std::string line;
    audit::append_json_line(line, event);
    lines += line;
    batch.events.push_back(to_bytes(as_bytes(line)));
  };
  if (first != nullptr) write(*first);
  for (const Trail& trail : transaction.events()) {
    const std::string event_id = make_uuid(*thread.random);
    write(trail.event(caller, nullptr, event_id));
  }
  return lines;
}

void Engine::emit(EngineWorker& worker, const Caller& caller, const Trail& trail, const Error* error) {
  const std::string event_id = make_uuid(*worker.random);
  audit::append_json_line(worker.audit_lines, trail.event(caller, error, event_id));
  if (error != nullptr && error->code == ErrorCode::kAccessDenied) note_denied(worker, caller);
  if (trail.unusable_key()) note_unusable_key(worker, caller, trail);
  if (error != nullptr || trail.used_keys().empty() || !counts_as_use(trail.operation())) return;
  const IdentitySnapshot& who = *caller.identity;
  const UseNote use{trail.operation(),
                    who.is_root() ? who.account() : who.unique_id(),
                    who.principal_arn(),
                    parts_.lifecycle_clock.now(),
                    event_id,
                    caller.origin.request_id};
  for (const UsedKey& key : trail.used_keys()) worker.usages.note(key, use);
  if (worker.usages.size() >= kMaxNotedUsages && usages_.add(worker.usages.take()) >= kManyUses) wake_sweeper();
}

void Engine::log_request(EngineWorker& worker, const RequestLine& line) {
  if (!parts_.settings.log_requests) return;
  std::string& out = worker.request_lines;
  out += R"({"time":")" + to_iso8601_micros(parts_.clock.now()) + R"(","level":"info","message":"request")";
  const auto field = [&out](std::string_view name, std::string_view value) {
    out.append(",\"").append(name).append("\":");
    append_json_string(out, value);
  };
  field("requestId", line.request_id);
  field("source", line.source);
  field("principal", line.principal);
  field("operation", line.operation);
  field("key", line.key_arn);
  field("result", line.result);
  out += ",\"micros\":" + std::to_string(line.micros) + "}\n";
}

Status Engine::flush(EngineWorker& worker) {
  if (!worker.request_lines.empty()) {
    write_log_lines(worker.request_lines);
    worker.request_lines.clear();
  }
  if (worker.audit_lines.empty()) return {};
  Status appended = parts_.log.append(worker.audit_lines);
  worker.audit_lines.clear();
  return appended;
}

}  // namespace kagimori
