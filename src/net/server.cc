#include "net/server.h"

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <future>
#include <mutex>
#include <thread>

#include "base/log.h"
#include "net/socket_worker.h"

namespace kagimori {
namespace {

// While it lives, threads that are made start with every signal blocked: SIGTERM and SIGHUP belong to the main thread,
// and a SIGPIPE from OpenSSL's write to a closed socket must not end the process.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &previous_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &previous_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t previous_;
};

Status check_limits(const NetLimits& limits) {
  const std::array<std::pair<const char*, bool>, 13> checks = {{
      {"max_connections", limits.max_connections > 0},
      {"max_connections_per_source", limits.max_connections_per_source > 0},
      {"requests_per_second_per_source", limits.requests_per_second_per_source > 0},
      {"request_burst_per_source", limits.request_burst_per_source > 0},
      {"max_head_bytes", limits.max_head_bytes > 0},
      {"max_headers", limits.max_headers > 0},
      {"max_body_bytes", limits.max_body_bytes > 0},
      {"max_buffered_bytes", limits.max_buffered_bytes > 0},
      {"idle_timeout", limits.idle_timeout.count() > 0},
      {"tls_handshake_timeout", limits.tls_handshake_timeout.count() > 0},
      {"request_timeout", limits.request_timeout.count() > 0},
      {"send_timeout", limits.send_timeout.count() > 0},
      {"linger_timeout", limits.linger_timeout.count() > 0},
  }};
  for (const auto& [name, ok] : checks) {
    if (!ok) return fail(ErrorCode::kBadConfiguration, std::string("The limit ") + name + " must be more than zero.");
  }
  return {};
}

Status check(const NetConfig& config) {
  TRY(check_limits(config.limits));
  if (config.listeners.empty()) return fail(ErrorCode::kBadConfiguration, "There is no listener; configure one.");
  if (config.real_clock == nullptr || config.monotonic_clock == nullptr) {
    return fail(ErrorCode::kInternal, "A server needs both clocks.");
  }
  const bool any_tls = std::any_of(config.listeners.begin(), config.listeners.end(), [](auto& l) { return l.tls; });
  if (any_tls && !config.tls_identity) {
    return fail(ErrorCode::kBadConfiguration, "A listener with TLS needs a certificate and its key.");
  }
  return {};
}

class ThreadedServer final : public HttpServer {
 public:
  explicit ThreadedServer(const NetConfig& config)
      : state_(config.limits, *config.real_clock, *config.monotonic_clock) {}
  ~ThreadedServer() override { shutdown(std::chrono::milliseconds(0)); }

  Status open(const NetConfig& config);
  Status run(const HandlerFactory& factory);

  std::vector<Address> addresses() const override;
  std::size_t worker_count() const override { return workers_.size(); }
  bool post_to(std::size_t worker, Task task) override;
  bool post_to_all(const std::function<void(std::size_t)>& function) override;
  Status reload_certificate(TlsIdentity identity) override;
  void shutdown(std::chrono::milliseconds deadline) override;

 private:
  ServerState state_;
  bool has_tls_ = false;
  std::vector<std::unique_ptr<SocketWorker>> workers_;
  std::mutex threads_mutex_;  // guards the joining of threads_
  std::vector<std::thread> threads_;
};

Status ThreadedServer::open(const NetConfig& config) {
  const std::size_t cores = std::max(1U, std::thread::hardware_concurrency());
  const std::size_t count = config.workers == 0 ? cores : config.workers;
  for (const ListenerConfig& listener : config.listeners) {
    TRY_ASSIGN(auto opened, Listener::open(listener, count));
    has_tls_ = has_tls_ || opened->tls();
    state_.listeners.push_back(std::move(opened));
  }
  for (std::size_t i = 0; i < count; ++i) {
    TRY_ASSIGN(auto worker, SocketWorker::create(i, state_, has_tls_ ? &*config.tls_identity : nullptr));
    workers_.push_back(std::move(worker));
  }
  return {};
}

Status ThreadedServer::run(const HandlerFactory& factory) {
  std::vector<std::future<Status>> started;
  {
    const SignalsBlocked signals_blocked;
    for (const std::unique_ptr<SocketWorker>& worker : workers_) {
      std::promise<Status> promise;
      started.push_back(promise.get_future());
      threads_.emplace_back([&worker = *worker, &factory, done = std::move(promise)]() mutable {
        pthread_setname_np(pthread_self(), ("net-" + std::to_string(worker.index())).c_str());
        Status status = worker.start(factory);
        const bool ok = status.has_value();
        done.set_value(std::move(status));  // `factory` is gone once the last worker has said so
        if (ok) worker.run();
      });
    }
  }
  Status result;
  for (std::future<Status>& future : started) {
    Status status = future.get();
    if (!status && result) result = std::move(status);
  }
  return result;
}

std::vector<HttpServer::Address> ThreadedServer::addresses() const {
  std::vector<Address> result;
  for (const auto& listener : state_.listeners)
    result.push_back({listener->index(), listener->text(), listener->port()});
  return result;
}

bool ThreadedServer::post_to(std::size_t worker, Task task) {
  return worker < workers_.size() && workers_[worker]->loop().post(std::move(task));
}

bool ThreadedServer::post_to_all(const std::function<void(std::size_t)>& function) {
  bool all = true;
  for (std::size_t i = 0; i < workers_.size(); ++i) all = post_to(i, [function, i] { function(i); }) && all;
  return all;
}

Status ThreadedServer::reload_certificate(TlsIdentity identity) {
  if (!has_tls_) return {};
  TRY_ASSIGN(const auto crypto, CryptoContext::create());
  TRY(TlsAcceptor::create(crypto->library(), state_.tickets, identity));  // reads it exactly as the workers will
  const auto shared = std::make_shared<const TlsIdentity>(std::move(identity));
  for (const std::unique_ptr<SocketWorker>& worker : workers_) {
    worker->loop().post([&worker = *worker, shared] {
      const Status status = worker.reload_certificate(*shared);
      if (!status) {
        LogLine(LogLevel::kError, "a worker keeps the old certificate").field("reason", status.error().message);
      }
    });
  }
  return {};
}

void ThreadedServer::shutdown(std::chrono::milliseconds deadline) {
  for (const std::unique_ptr<SocketWorker>& worker : workers_) worker->loop().stop_gracefully(deadline);
  const std::lock_guard lock(threads_mutex_);
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::start(NetConfig config, const HandlerFactory& factory) {
  TRY(check(config));
  auto server = std::make_unique<ThreadedServer>(config);
  TRY(server->open(config));
  TRY(server->run(factory));
  return server;
}

}  // namespace kagimori
