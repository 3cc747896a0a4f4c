#include "server/metrics.h"

#include <chrono>

#include "base/log.h"

namespace kagimori {
namespace {

constexpr std::size_t kMaxAsked = 16;
// A worker that does not come round in this time has ended, or hangs.
constexpr std::chrono::seconds kPatience{5};

// The workers' counts as they come in. Shared, since one may come after nobody waits any more.
struct Gathering {
  std::mutex mutex;
  std::condition_variable arrived;
  WorkerSample all;
  std::size_t missing = 0;
};

void add_operation(std::vector<OperationCounts>& all, const OperationCounts& counts) {
  for (OperationCounts& known : all) {
    if (known.dialect != counts.dialect || known.operation != counts.operation) continue;
    for (const auto& [result, count] : counts.results) {
      const auto entry = std::ranges::find(known.results, result, &std::pair<std::string_view, std::uint64_t>::first);
      if (entry == known.results.end()) {
        known.results.emplace_back(result, count);
      } else {
        entry->second += count;
      }
    }
    known.durations.add(counts.durations);
    return;
  }
  all.push_back(counts);
}

HttpResponse page_or_error(const std::optional<std::string>& page) {
  if (!page) return plain_answer(503, "Not all workers answered in time.\n");
  HttpResponse response = plain_answer(200, *page);
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  return response;
}

}  // namespace

void WorkerSample::add(const WorkerSample& other) {
  for (const OperationCounts& counts : other.operations) add_operation(operations, counts);
  for (std::size_t i = 0; i < crypto.size(); ++i) {
    crypto.at(i).operations += other.crypto.at(i).operations;
    crypto.at(i).time += other.crypto.at(i).time;
  }
  for (const auto& [why, count] : other.rejected) rejected[why] += count;
  connections.accepted += other.connections.accepted;
  connections.full_handshakes += other.connections.full_handshakes;
  connections.resumed_handshakes += other.connections.resumed_handshakes;
  connections.open += other.connections.open;
  cache_hits += other.cache_hits;
  cache_misses += other.cache_misses;
  cache_entries += other.cache_entries;
}

void Metrics::add_worker(HttpWorker& worker, const WorkerSampler& sampler) {
  const std::lock_guard lock(mutex_);
  workers_.push_back({&worker, &sampler});
}

void Metrics::start(HttpServer& server) {
  const std::lock_guard lock(mutex_);
  server_ = &server;
  census_ = std::make_unique<KeyCensus>(sources_.census);
  running_ = true;
  thread_ = std::thread([this] { loop(); });
}

void Metrics::stop() {
  {
    const std::lock_guard lock(mutex_);
    running_ = false;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
  census_.reset();
}

bool Metrics::answer(HttpWorker& worker, ResponseToken token) {
  const std::lock_guard lock(mutex_);
  if (!running_ || asked_.size() >= kMaxAsked) return false;
  asked_.push_back({&worker, token});
  wake_.notify_all();
  return true;
}

void Metrics::loop() {
  for (;;) {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [this] { return !running_ || !asked_.empty(); });
    if (!running_) return;
    // One page is as good as another for those that wait together.
    std::deque<Asked> asked;
    asked.swap(asked_);
    lock.unlock();
    const std::optional<MetricsSample> sample = gather();
    const std::optional<std::string> page = sample ? std::optional(metrics_page(*sample)) : std::nullopt;
    for (const Asked& one : asked) {
      server_->post_to(one.token.worker, [one, page] { one.worker->respond(one.token, page_or_error(page)); });
    }
  }
}

std::optional<MetricsSample> Metrics::gather() {
  const auto gathering = std::make_shared<Gathering>();
  std::vector<Worker> workers;
  {
    const std::lock_guard lock(mutex_);
    workers = workers_;
  }
  gathering->missing = workers.size();
  for (const Worker& worker : workers) {
    const bool posted = server_->post_to(worker.http->index(), [gathering, sampler = worker.sampler] {
      const WorkerSample sample = sampler->sample();
      const std::lock_guard lock(gathering->mutex);
      gathering->all.add(sample);
      --gathering->missing;
      gathering->arrived.notify_all();
    });
    if (!posted) return std::nullopt;  // the server ends
  }
  MetricsSample sample;
  {
    std::unique_lock lock(gathering->mutex);
    if (!gathering->arrived.wait_for(lock, kPatience, [&] { return gathering->missing == 0; })) return std::nullopt;
    sample.workers = gathering->all;
  }
  sample.store_reads = sources_.store.reads();
  sample.store_commits = sources_.store.commits();
  sample.failed_commits = sources_.store.failed_commits();
  const audit::SignedCheckpoint signed_last = sources_.sequencer.latest();
  sample.audit_signed_events = signed_last.checkpoint.size;
  sample.audit_signed_at = signed_last.signed_at;
  sample.audit_events = sources_.log.lines();
  sample.audit_writable = sources_.log.is_writable();
  for (std::size_t i = 0; i < kAlarmNames.size(); ++i) {
    sample.alarms.emplace_back(kAlarmNames.at(i), sources_.engine.alarms().of(static_cast<Alarm>(i)));
  }
  for (const auto& sink : sources_.sinks) sample.sinks.emplace_back(sink->name(), sink->counts());
  sample.forgotten_uses = sources_.engine.usages().forgotten();
  sample.census = census_->latest();
  return sample;
}

}  // namespace kagimori
