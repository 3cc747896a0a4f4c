#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>
#include <unistd.h>

#include <chrono>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "server/metrics.h"

namespace kagimori {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

double seconds(std::int64_t micros) { return static_cast<double>(micros) / 1e6; }

class Page {
 public:
  Page& family(std::string name, std::string help, MetricType type) {
    families_.push_back({std::move(name), std::move(help), type, {}});
    return *this;
  }
  Page& add(double value, Labels labels = {}) {
    ClientMetric metric;
    metric.label = std::move(labels);
    (families_.back().type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
    families_.back().metric.push_back(std::move(metric));
    return *this;
  }
  Page& add(std::uint64_t value, Labels labels = {}) { return add(static_cast<double>(value), std::move(labels)); }
  Page& add(const DurationCounts& durations, Labels labels = {}) {
    ClientMetric metric;
    metric.label = std::move(labels);
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < kDurationBounds.size(); ++i) {
      below += durations.buckets[i];
      metric.histogram.bucket.push_back({below, seconds(kDurationBounds[i])});
    }
    metric.histogram.sample_count = durations.count();
    metric.histogram.sample_sum = seconds(durations.micros);
    families_.back().metric.push_back(std::move(metric));
    return *this;
  }
  Page& counter(std::string name, std::string help, std::uint64_t value) {
    return family(std::move(name), std::move(help), MetricType::Counter).add(value);
  }
  Page& gauge(std::string name, std::string help, double value) {
    return family(std::move(name), std::move(help), MetricType::Gauge).add(value);
  }
  std::string text() const { return prometheus::TextSerializer().prometheus::Serializer::Serialize(families_); }

 private:
  std::vector<MetricFamily> families_;
};

std::string_view dialect_name(Dialect dialect) {
  switch (dialect) {
    case Dialect::kAwsKms:
      return "kms";
    case Dialect::kAwsIam:
      return "iam";
    case Dialect::kAwsSts:
      return "sts";
    case Dialect::kKagimori:
      return "kagimori";
  }
  return {};
}

Labels labels_of(const OperationCounts& counts) {
  const std::string_view operation = counts.operation.empty() ? "none" : counts.operation;
  return {{"dialect", std::string(dialect_name(counts.dialect))}, {"operation", std::string(operation)}};
}

void add_requests(Page& page, const WorkerSample& workers) {
  page.family("kagimori_requests_total",
              "Requests answered, by operation (none: it named none, or its sender was not identified) and result.",
              MetricType::Counter);
  for (const OperationCounts& counts : workers.operations) {
    for (const auto& [result, count] : counts.results) {
      Labels labels = labels_of(counts);
      labels.push_back({"result", std::string(result)});
      page.add(count, std::move(labels));
    }
  }
  page.family("kagimori_request_duration_seconds", "From the arrival of a whole request to its answer.",
              MetricType::Histogram);
  for (const OperationCounts& counts : workers.operations) page.add(counts.durations, labels_of(counts));
}

void add_connections(Page& page, const WorkerSample& workers) {
  page.counter("kagimori_connections_accepted_total", "Connections accepted.", workers.connections.accepted);
  page.gauge("kagimori_connections_open", "Connections open now.", static_cast<double>(workers.connections.open));
  page.family("kagimori_tls_handshakes_total", "TLS handshakes completed.", MetricType::Counter)
      .add(workers.connections.full_handshakes, {{"kind", "full"}})
      .add(workers.connections.resumed_handshakes, {{"kind", "resumed"}});
  page.family("kagimori_rejections_total",
              "What was refused before it was a request: connections and malformed HTTP, by HTTP status (0: none).",
              MetricType::Counter);
  for (const auto& [why, count] : workers.rejected) {
    page.add(count, {{"status", std::to_string(why.first)}, {"reason", std::string(why.second)}});
  }
}

void add_cache(Page& page, const WorkerSample& workers) {
  page.family("kagimori_cache_lookups_total", "Lookups of keys, aliases, identities and grants in the workers' caches.",
              MetricType::Counter)
      .add(workers.cache_hits, {{"result", "hit"}})
      .add(workers.cache_misses, {{"result", "miss"}});
  page.gauge("kagimori_cache_entries", "Entries of the workers' caches.", static_cast<double>(workers.cache_entries));
}

void add_store(Page& page, const MetricsSample& sample) {
  page.family("kagimori_store_read_duration_seconds", "Read transactions of the store.", MetricType::Histogram)
      .add(sample.store_reads);
  page.family("kagimori_store_commit_duration_seconds", "From queueing a change to its being on disk, or its failure.",
              MetricType::Histogram)
      .add(sample.store_commits);
  page.counter("kagimori_store_failed_commits_total",
               "Changes that the store refused, for a conflict (then they are tried again) or an error.",
               sample.failed_commits);
}

void add_audit(Page& page, const MetricsSample& sample) {
  page.counter("kagimori_audit_events_total", "Events in the audit log since it began.", sample.audit_events);
  page.gauge("kagimori_audit_unsigned_events", "Events that are not under a signed checkpoint yet.",
             static_cast<double>(sample.audit_events - std::min(sample.audit_events, sample.audit_signed_events)));
  page.gauge("kagimori_audit_checkpoint_timestamp_seconds",
             "When the newest checkpoint was signed; 0: not since the start.", seconds(sample.audit_signed_at.micros));
  page.gauge("kagimori_audit_writable", "1 while the audit log can be written; without it requests are refused.",
             sample.audit_writable ? 1 : 0);
}

void add_due(Page& page, std::string name, std::string help, const std::array<std::uint64_t, kDueDays.size()>& counts) {
  page.family(std::move(name), std::move(help), MetricType::Gauge);
  for (std::size_t i = 0; i < kDueDays.size(); ++i) {
    page.add(counts[i], {{"within_days", std::to_string(kDueDays[i])}});
  }
}

void add_crypto(Page& page, const WorkerMetrics::CryptoTimes& times) {
  page.family("kagimori_crypto_seconds_total", "Time that cryptography has taken, by where it was done.",
              MetricType::Counter);
  for (std::size_t i = 0; i < times.size(); ++i) {
    page.add(std::chrono::duration<double>(times.at(i).time).count(), {{"work", std::string(kCryptoWorkNames.at(i))}});
  }
  page.family("kagimori_crypto_operations_total", "Cryptographic operations, by where they were done.",
              MetricType::Counter);
  for (std::size_t i = 0; i < times.size(); ++i) {
    page.add(times.at(i).operations, {{"work", std::string(kCryptoWorkNames.at(i))}});
  }
}

void add_sinks(Page& page, const MetricsSample& sample) {
  using Counts = audit::SinkCounts;
  const auto add = [&](std::string name, std::string help, MetricType type, std::uint64_t Counts::* value) {
    page.family(std::move(name), std::move(help), type);
    for (const auto& [sink, counts] : sample.sinks) page.add(counts.*value, {{"sink", sink}});
  };
  add("kagimori_audit_sink_events_total", "Events delivered to a sink of the audit log.", MetricType::Counter,
      &Counts::delivered);
  add("kagimori_audit_sink_failures_total", "Deliveries that failed, and are tried again.", MetricType::Counter,
      &Counts::failures);
  add("kagimori_audit_sink_skipped_events_total", "Events that a sink lacks, because it was too far behind.",
      MetricType::Counter, &Counts::skipped);
  add("kagimori_audit_sink_behind_events", "Events that a sink has not come to yet.", MetricType::Gauge,
      &Counts::behind);
}

void add_keys(Page& page, const MetricsSample& sample) {
  page.family("kagimori_alarms_total", "Alarms raised, by the name of their event in the audit log.",
              MetricType::Counter);
  for (const auto& [name, count] : sample.alarms) page.add(count, {{"alarm", std::string(name)}});
  page.counter("kagimori_key_uses_forgotten_total",
               "Uses of keys that were not counted, because the store could not be written for too long.",
               sample.forgotten_uses);
}

void add_census(Page& page, const KeyCensusResult& census) {
  page.family("kagimori_keys", "Keys of all accounts and Regions, by state and spec.", MetricType::Gauge);
  for (const auto& [kind, count] : census.keys) {
    page.add(count, {{"state", std::string(aws_key_state_name(kind.first))}, {"spec", std::string(kind.second)}});
  }
  add_due(page, "kagimori_key_deletions_due", "Keys whose material is destroyed within so many days.",
          census.deletions);
  add_due(page, "kagimori_key_rotations_due", "Keys that rotate within so many days.", census.rotations);
  page.gauge("kagimori_epochs", "Epochs of the accounts' keyrings.", static_cast<double>(census.epochs));
  page.gauge("kagimori_census_timestamp_seconds", "When keys and epochs were counted.", seconds(census.made.micros));
}

// The names that Prometheus's clients agree on.
void add_process(Page& page) {
  timespec cpu{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
  page.family("process_cpu_seconds_total", "User and system time of the process.", MetricType::Counter)
      .add(static_cast<double>(cpu.tv_sec) + static_cast<double>(cpu.tv_nsec) / 1e9);
  std::uint64_t size = 0, resident = 0;
  if (std::ifstream("/proc/self/statm") >> size >> resident) {
    page.gauge("process_resident_memory_bytes", "Resident memory.",
               static_cast<double>(resident) * static_cast<double>(::sysconf(_SC_PAGESIZE)));
  }
  page.family("kagimori_build_info", "1, with the version.", MetricType::Gauge)
      .add(1.0, {{"version", KAGIMORI_VERSION}});
}

}  // namespace

std::string metrics_page(const MetricsSample& sample) {
  Page page;
  add_requests(page, sample.workers);
  add_connections(page, sample.workers);
  add_cache(page, sample.workers);
  add_store(page, sample);
  add_audit(page, sample);
  add_crypto(page, sample.workers.crypto);
  if (!sample.sinks.empty()) add_sinks(page, sample);
  add_keys(page, sample);
  if (sample.census) add_census(page, *sample.census);
  add_process(page);
  return page.text();
}

}  // namespace kagimori
