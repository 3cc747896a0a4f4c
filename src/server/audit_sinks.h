#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "audit/event_view.h"
#include "audit/sink_runner.h"
#include "base/clock.h"
#include "server/config.h"

namespace kagimori {

// Whether the event is an alarm (docs/audit.md, "Alarms").
bool is_alarm(const audit::EventView& event);
// Whether a sink of these events ("all", "changes", "alarms") is to have the line.
bool sink_wants(std::string_view events, std::string_view line);

// A sink as it is configured. kBadConfiguration when its files can't be read.
Result<std::unique_ptr<audit::Sink>> make_audit_sink(const AuditSinkConfig& config);

using AuditSinks = std::vector<std::unique_ptr<audit::SinkRunner>>;
// Delivers to all sinks of the configuration from here on.
Result<AuditSinks> start_audit_sinks(const Config& config, const Clock& now, audit::Log& log);

}  // namespace kagimori
