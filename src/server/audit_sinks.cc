#include "server/audit_sinks.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "crypto/random.h"
#include "engine/alarms.h"
#include "engine/offline_event.h"
#include "net/curl_http.h"
#include "net/trusted_certificates.h"
#include "server/file_sink.h"
#include "server/syslog_sink.h"
#include "server/webhook_sink.h"

namespace kagimori {
namespace {

constexpr std::size_t kMaxAuthorization = 4'096;
constexpr std::string_view kCaOption = "audit_sinks.ca_file";

Result<std::string> read_authorization(const std::string& path) {
  if (path.empty()) return std::string();
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
  const bool printable = std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
  if (!text.empty() && text.size() <= kMaxAuthorization && printable) return text;
  return fail(ErrorCode::kBadConfiguration,
              fmt::format("audit_sinks.authorization_file: {} must hold one line, what the header Authorization is to "
                          "say, such as: Bearer 0123456789abcdef",
                          path));
}

}  // namespace

bool is_alarm(const audit::EventView& event) {
  return event.principal_type == "Service" && std::ranges::find(kAlarmNames, event.operation) != kAlarmNames.end();
}

bool sink_wants(std::string_view events, std::string_view line) {
  if (events == "all") return true;
  // No text of a caller looks like this: its quotes would be escaped.
  if (events == "changes" && line.find(R"("readOnly":false)") != std::string_view::npos) return true;
  thread_local audit::EventParser parser;
  const Result<audit::EventView> event = parser.parse(line);
  return event && is_alarm(*event);
}

Result<std::unique_ptr<audit::Sink>> make_audit_sink(const AuditSinkConfig& config) {
  if (config.type == "file") return make_file_sink(config.path);
  if (config.type == "syslog") {
    TRY_ASSIGN(std::string certificates, trusted_certificates(config.ca_file, kCaOption));
    OutgoingStreamOptions options;
    options.host_and_port = config.address;
    options.tls = config.tls;
    options.certificates = std::move(certificates);
    return make_syslog_sink(std::move(options));
  }
  TRY_ASSIGN(const std::string authorization, read_authorization(config.authorization_file));
  TRY_ASSIGN(auto http, make_curl_http({config.ca_file, std::string(kCaOption), {}}));
  return make_webhook_sink(std::move(http), config.url, authorization);
}

Result<AuditSinks> start_audit_sinks(const Config& config, const Clock& now, audit::Log& log) {
  AuditSinks sinks;
  for (const AuditSinkConfig& one : config.audit_sinks) {
    TRY_ASSIGN(std::unique_ptr<audit::Sink> sink, make_audit_sink(one));
    TRY_ASSIGN(std::shared_ptr<CryptoContext> crypto, CryptoContext::create());
    const auto skip_event = [crypto, &now](std::string_view name, std::uint64_t first, std::uint64_t count) {
      OpensslRandom random(*crypto);
      return std::string(as_text(
          offline_event(random, now.now(), "SkipSinkEvents", "", {{"sink", std::string(name)}},
                        {{"firstEventSkipped", std::to_string(first)}, {"eventsSkipped", std::to_string(count)}})));
    };
    const auto wants = [events = one.events](std::string_view line) { return sink_wants(events, line); };
    TRY_ASSIGN(auto runner,
               audit::SinkRunner::start({log, one.name, std::move(sink), wants, one.most_behind, skip_event}));
    sinks.push_back(std::move(runner));
  }
  return sinks;
}

}  // namespace kagimori
