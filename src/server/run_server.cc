#include "server/run_server.h"

#include <fmt/format.h>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <thread>

#include "base/log.h"
#include "base/secret.h"
#include "engine/engine.h"
#include "hsm/hsm_sessions.h"
#include "net/curl_http.h"
#include "net/server.h"
#include "server/attestation_roots.h"
#include "server/audit_log.h"
#include "server/audit_sinks.h"
#include "server/certificates.h"
#include "server/data_folder.h"
#include "server/hardening.h"
#include "server/opened_store.h"
#include "server/readiness.h"
#include "server/server_handler.h"
#include "store/faulty_store.h"
#include "store/measured_store.h"

namespace kagimori {
namespace {

constexpr std::chrono::seconds kShutdownDeadline{30};

class HttpWorkerPort final : public WorkerPort {
 public:
  explicit HttpWorkerPort(HttpServer& server) : server_(server) {}
  std::size_t worker_count() const override { return server_.worker_count(); }
  bool post(std::size_t worker, std::function<void()> task) override {
    return server_.post_to(worker, std::move(task));
  }

 private:
  HttpServer& server_;
};

// Signals are taken one by one on the first thread; no handler ever runs.
sigset_t block_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return signals;
}

LogLevel log_level(std::string_view name) {
  if (name == "debug") return LogLevel::kDebug;
  if (name == "warning") return LogLevel::kWarning;
  if (name == "error") return LogLevel::kError;
  return LogLevel::kInfo;
}

bool has_tls(const Config& config) {
  return std::ranges::any_of(config.listeners, [](const ListenerOptions& listener) { return listener.tls; });
}

Result<NetConfig> net_config(const Config& config, const MonotonicClock& monotonic, const Clock& real) {
  NetConfig net;
  net.workers = config.server.workers;
  net.limits = config.limits;
  net.real_clock = &real;
  net.monotonic_clock = &monotonic;
  for (std::size_t i = 0; i < config.listeners.size(); ++i) {
    const ListenerOptions& options = config.listeners[i];
    net.listeners.push_back({i, options.where.host, options.where.port, options.where.unix_path, options.unix_mode(),
                             options.tls, options.allow});
  }
  if (has_tls(config)) {
    TRY_ASSIGN(net.tls_identity, load_tls_identity(config));
  }
  return net;
}

std::optional<HttpResponse> plain_page(std::string_view path, Readiness& readiness) {
  if (path == "/healthz") return plain_answer(200, "ok\n");
  if (path != "/readyz") return std::nullopt;
  const std::string_view obstacle = readiness.obstacle();
  return plain_answer(obstacle.empty() ? 200 : 503, fmt::format("{}\n", obstacle.empty() ? "ready" : obstacle));
}

ServerReady where(const HttpServer& server, const Config& config) {
  ServerReady ready;
  for (const HttpServer::Address& address : server.addresses()) {
    const bool tls = config.listeners[address.listener].tls;
    const bool is_unix = address.text.starts_with("unix:");
    ready.addresses.push_back(is_unix ? address.text : fmt::format("http{}://{}", tls ? "s" : "", address.text));
  }
  return ready;
}

void warn_of_certificate(const OpenedStore& opened, const Config& config) {
  const std::string warning = certificate_warning(*opened.crypto, opened.clock->now(), config);
  if (!warning.empty()) LogLine(LogLevel::kWarning, warning);
}

void reload_certificate(HttpServer& server, const Config& config) {
  Result<TlsIdentity> identity = load_tls_identity(config);
  const Status reloaded = identity ? server.reload_certificate(*std::move(identity)) : Status(fail(identity.error()));
  if (reloaded) {
    LogLine(LogLevel::kInfo, "certificate reloaded");
  } else {
    LogLine(LogLevel::kError, "the certificate was not reloaded").field("reason", reloaded.error().message);
  }
}

void wait_for_the_end(const sigset_t& signals, HttpServer& server, const OpenedStore& opened, const Config& config) {
  for (;;) {
    int signal = 0;
    sigwait(&signals, &signal);
    if (signal == SIGHUP) {
      reload_certificate(server, config);
      if (has_tls(config)) warn_of_certificate(opened, config);
      continue;
    }
    LogLine(LogLevel::kInfo, "stopping").field("signal", signal);
    return;
  }
}

// After a crash SQLite has recovered by itself; this looks whether the disk kept its promises.
void check_after_crash(Store& store, const std::atomic<bool>& stopping) {
  const Status sound = store.check_integrity();
  if (sound) {
    LogLine(LogLevel::kInfo, "the store was not closed properly; its integrity check found nothing wrong");
  } else if (stopping) {
    LogLine(LogLevel::kInfo, "the integrity check of the store was not finished");
  } else {
    LogLine(LogLevel::kError, "the integrity check of the store failed").field("reason", sound.error().message);
  }
}

// Everything that runs besides the first thread; ends it in order on every way out.
class Running {
 public:
  Running(Engine& engine, HttpServer& server, Store& store, Metrics& metrics)
      : engine_(engine), server_(server), store_(store), metrics_(metrics) {}
  ~Running() {
    stopping_ = true;
    engine_.begin_stop();
    server_.shutdown(kShutdownDeadline);
    metrics_.stop();
    engine_.stop();
    store_.interrupt_checks();
    if (checker_.joinable()) checker_.join();
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  void check_store() {
    checker_ = std::thread([this] { check_after_crash(store_, stopping_); });
  }

 private:
  Engine& engine_;
  HttpServer& server_;
  Store& store_;
  Metrics& metrics_;
  std::atomic<bool> stopping_{false};
  std::thread checker_;
};

bool inject_store_fault(FaultyStore& store, std::string_view table, bool commits, ErrorCode error, std::int64_t times) {
  const auto* const known =
      std::ranges::find_if(kAllTables, [table](Table candidate) { return table_name(candidate) == table; });
  if (known == std::end(kAllTables)) return false;
  store.arm(*known, commits ? FaultyStore::Call::kCommit : FaultyStore::Call::kRead, error, times);
  return true;
}

Result<std::unique_ptr<HsmClusters>> start_hsm_sessions(const Config& config) {
  std::vector<HsmClusterOptions> clusters;
  for (const HsmClusterConfig& cluster : config.hsm_clusters) {
    TRY_ASSIGN(HsmClusterOptions options, load_hsm_cluster(cluster));
    clusters.push_back(std::move(options));
  }
  return make_hsm_sessions(std::move(clusters));
}

Status serve(const Config& config, OpenedStore& opened, HsmClusters& hsm, const sigset_t& signals,
             const std::function<void(const ServerReady&)>& ready) {
  const DataFolder folder{config.server.data_dir};
  const BootClock since_boot;
  LifecycleClock lifecycle_clock(*opened.clock, since_boot);
  TRY_ASSIGN(AuditLog audit_log, open_audit_log(config, opened));
  // Half of the memory for secrets is for what the workers cache; the rest for epochs and what comes and goes.
  EngineSettings settings = config.engine;
  const std::size_t workers =
      config.server.workers == 0 ? std::max(1U, std::thread::hardware_concurrency()) : config.server.workers;
  TRY_ASSIGN(settings.attestation.trust_roots, load_attestation_roots(*opened.crypto, config));
  settings.cache_secret_bytes = config.memory.secret_bytes / 2 / workers;
  const bool test_mode = config.server.test_mode && opened.meta.test_store;
  FaultyStore faulty_store(*opened.store);
  MeasuredStore store(test_mode ? static_cast<Store&>(faulty_store) : *opened.store);
  TRY_ASSIGN(const auto outgoing, make_curl_http({config.xks.ca_file, "xks.ca_file", config.xks.connect_to}));
  TRY_ASSIGN(const auto engine, Engine::start({store, *opened.keyrings, *audit_log.log, *opened.clock, lifecycle_clock,
                                               settings, outgoing.get(), &hsm, audit_log.sequencer.get()}));
  const SteadyClock monotonic;
  Readiness readiness(*audit_log.log, monotonic);
  aws::TestSeam test_seam;
  test_seam.advance_lifecycle_clock = [&lifecycle_clock](std::int64_t seconds) {
    lifecycle_clock.advance_seconds(seconds);
  };
  test_seam.inject_store_fault = [&faulty_store](std::string_view table, bool commits, ErrorCode error,
                                                 std::int64_t times) {
    return inject_store_fault(faulty_store, table, commits, error, times);
  };
  aws::AwsDialect dialect{*engine,
                          {},
                          [&readiness](std::string_view path) { return plain_page(path, readiness); },
                          test_mode ? &test_seam : nullptr};
  for (const ListenerOptions& listener : config.listeners) {
    dialect.listener_planes.push_back({listener.serves("data"), listener.serves("management")});
  }
  TRY_ASSIGN(NetConfig net, net_config(config, monotonic, *opened.clock));
  AuditSinks sinks;
  Metrics metrics({store,
                   *audit_log.log,
                   *audit_log.sequencer,
                   *engine,
                   sinks,
                   {store, *opened.keyrings, lifecycle_clock, *opened.clock}});
  ServerHandler::House house{dialect, metrics, {}};
  for (const ListenerOptions& listener : config.listeners)
    house.serves_metrics.push_back(listener.serves(kMetricsPlane));
  TRY_ASSIGN(const auto server, HttpServer::start(std::move(net), [&house](HttpWorker& worker) {
               return ServerHandler::create(house, worker);
             }));
  HttpWorkerPort port(*server);
  TRY(start_audit_log(config, *opened.clock, lifecycle_clock, audit_log));
  TRY_ASSIGN(sinks, start_audit_sinks(config, *opened.clock, *audit_log.log));
  engine->attach(port);
  {
    Running running(*engine, *server, *opened.store, metrics);
    if (std::ranges::find(house.serves_metrics, true) != house.serves_metrics.end()) metrics.start(*server);
    if (opened.store->was_unclean()) running.check_store();
    if (config.hardening.seccomp) TRY(enter_seccomp());
    TRY(write_private_file(folder.pid(), fmt::format("{}\n", getpid())));
    if (has_tls(config)) warn_of_certificate(opened, config);
    readiness.set_serving(true);
    const ServerReady addresses = where(*server, config);
    for (const std::string& address : addresses.addresses)
      LogLine(LogLevel::kInfo, "listening").field("address", address);
    ready(addresses);
    wait_for_the_end(signals, *server, opened, config);
    readiness.set_serving(false);
  }
  unlink(folder.pid().c_str());
  LogLine(LogLevel::kInfo, "stopped");
  return {};
}

}  // namespace

Status run_server(const Config& config, const std::function<void(const ServerReady&)>& ready) {
  set_log_level(log_level(config.log.level));
  for (const std::string& warning : config.warnings) LogLine(LogLevel::kWarning, warning);
  TRY(harden_process());
  if (const std::string warning = raise_open_file_limit(config.limits.max_connections); !warning.empty()) {
    LogLine(LogLevel::kWarning, warning);
  }
  // Before there are threads and secrets, for it makes a process.
  TRY_ASSIGN(const auto hsm, start_hsm_sessions(config));
  const sigset_t signals = block_signals();
  init_secret_memory(config.memory.secret_bytes);
  if (!secret_memory_status().locked) {
    const std::string sentence =
        "The memory for secrets can't be locked, so it may reach the swap device. Raise the limit of locked memory "
        "(ulimit -l, LimitMEMLOCK) above memory.secret_bytes.";
    if (config.memory.require_locked) return fail(ErrorCode::kBadConfiguration, sentence);
    LogLine(LogLevel::kWarning, sentence);
  }
  TRY_ASSIGN(OpenedStore opened, open_store(config));
  if (config.server.test_mode && !opened.meta.test_store) {
    return fail(
        ErrorCode::kBadConfiguration,
        "server.test_mode is on, but this store was not made for tests. Switch it off, or make a new store with it.");
  }
  if (config.server.test_mode) {
    LogLine(LogLevel::kWarning,
            "TEST MODE: requests may move the lifecycle clock and inject faults. Never use this store for real keys.");
  }
  return serve(config, opened, *hsm, signals, ready);
}

}  // namespace kagimori
