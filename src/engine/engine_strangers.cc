#include "audit/event.h"
#include "base/log.h"
#include "engine/audit_error_code.h"
#include "engine/engine.h"
#include "protocol/json_writer.h"

namespace kagimori {
namespace {

std::string requests_json(const StrangerReport& report) {
  std::string text;
  JsonWriter json(text);
  json.begin_object();
  for (const auto& [what, count] : report.requests) json.member(what, static_cast<std::int64_t>(count));
  json.end_object();
  return text;
}

std::string quoted_time(Timestamp time) { return '"' + to_iso8601_micros(time) + '"'; }

void append_event(std::string& lines, const StrangerReport& report, Timestamp now, std::string_view event_id) {
  audit::Event event;
  event.time = now;
  event.event_id = event_id;
  event.source = "kagimori";
  event.name = "UnidentifiedRequests";
  event.user.type = "Unknown";
  event.source_address = report.source;
  event.additional_data = {{"firstTime", quoted_time(report.first)},
                           {"lastTime", quoted_time(report.last)},
                           {"requests", requests_json(report)}};
  if (report.source.empty()) event.additional_data.emplace_back("sources", std::to_string(report.sources));
  event.read_only = true;
  event.service_event = true;
  audit::append_json_line(lines, event);
}

}  // namespace

void Engine::note_stranger(std::string_view source, ErrorCode error) {
  strangers_.note(source, audit_error_code(error), parts_.clock.now());
}

void Engine::note_stranger(std::string_view source, std::string_view reason) {
  strangers_.note(source, reason, parts_.clock.now());
}

void Engine::tell_of_strangers(bool all) {
  const std::vector<StrangerReport> reports = strangers_.take(parts_.lifecycle_clock.now(), all);
  if (reports.empty()) return;
  std::string lines;
  {
    const std::lock_guard lock(system_mutex_);
    for (const StrangerReport& report : reports) {
      append_event(lines, report, parts_.clock.now(), make_uuid(*system_thread_.random));
    }
  }
  const Status written = parts_.log.append(lines);
  if (written) return;
  strangers_.put_back(reports);
  LogLine(LogLevel::kError, "unidentified requests are not in the audit log yet")
      .field("reason", written.error().message);
}

}  // namespace kagimori
