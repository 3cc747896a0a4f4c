#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "audit/log.h"
#include "audit/sequencer.h"
#include "audit/sink_runner.h"
#include "engine/engine.h"
#include "engine/worker_metrics.h"
#include "net/http_worker.h"
#include "net/server.h"
#include "server/key_census.h"
#include "store/measured_store.h"

namespace kagimori {

// What one worker has counted since the start.
struct WorkerSample {
  std::vector<OperationCounts> operations;
  WorkerMetrics::CryptoTimes crypto{};
  std::map<std::pair<int, std::string_view>, std::uint64_t> rejected;  // by HTTP status (0: none) and reason
  ConnectionCounts connections;
  std::uint64_t cache_hits = 0, cache_misses = 0, cache_entries = 0;

  void add(const WorkerSample& other);
};

// Everything that a page of metrics tells.
struct MetricsSample {
  WorkerSample workers;  // all together
  DurationCounts store_reads, store_commits;
  std::uint64_t failed_commits = 0;
  std::uint64_t audit_events = 0, audit_signed_events = 0;
  Timestamp audit_signed_at;
  bool audit_writable = false;
  std::vector<std::pair<std::string_view, std::uint64_t>> alarms;  // by name
  std::uint64_t forgotten_uses = 0;
  std::vector<std::pair<std::string, audit::SinkCounts>> sinks;  // by name
  std::optional<KeyCensusResult> census;                         // once it was made
};
// Prometheus's text format 0.0.4. Says what the process takes, too.
std::string metrics_page(const MetricsSample& sample);

// Where a worker's counts are taken; called on its thread.
class WorkerSampler {
 public:
  virtual WorkerSample sample() const = 0;

 protected:
  ~WorkerSampler() = default;
};

// Answers GET /metrics: asks every worker for its counts, on its thread, and writes the page on a thread of its own, so
// that counting takes neither locks nor atomics. Outlives the server.
class Metrics {
 public:
  struct Sources {
    const MeasuredStore& store;
    const audit::Log& log;
    const audit::Sequencer& sequencer;
    const Engine& engine;
    const std::vector<std::unique_ptr<audit::SinkRunner>>& sinks;
    KeyCensus::Parts census;
  };
  explicit Metrics(const Sources& sources) : sources_(sources) {}
  ~Metrics() { stop(); }
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // The sampler of a worker that has just been made; lives until the server ends.
  void add_worker(HttpWorker& worker, const WorkerSampler& sampler);
  void start(HttpServer& server);
  // Call once the server's threads have ended, before it goes.
  void stop();

  // Answers the request later. False when it can't: too many are waiting, or nothing runs.
  bool answer(HttpWorker& worker, ResponseToken token);

 private:
  struct Asked {
    HttpWorker* worker = nullptr;
    ResponseToken token;
  };
  struct Worker {
    HttpWorker* http = nullptr;
    const WorkerSampler* sampler = nullptr;
  };
  void loop();
  std::optional<MetricsSample> gather();

  const Sources sources_;
  HttpServer* server_ = nullptr;
  std::unique_ptr<KeyCensus> census_;
  std::mutex mutex_;  // guards all below
  std::vector<Worker> workers_;
  std::deque<Asked> asked_;
  bool running_ = false;
  std::condition_variable wake_;
  std::thread thread_;
};

}  // namespace kagimori
