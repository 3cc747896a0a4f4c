#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "audit/event_view.h"
#include "audit/sink.h"
#include "net/outgoing_stream.h"

namespace kagimori {

// A syslog message (RFC 5424) of facility "log audit" (13), in the framing of RFC 6587 with its length first: the event
// as it stands in the log, its time, and its name as MSGID. Severity: warning (4) for alarms, notice (5) for what was
// refused or failed, informational (6) else. `event` is null for a line that is none.
std::string syslog_frame(std::string_view host, std::string_view process, const audit::EventView* event, bool is_alarm,
                         std::string_view line);

// Over TCP or TLS (RFC 6587, RFC 5425). Syslog confirms nothing.
std::unique_ptr<audit::Sink> make_syslog_sink(OutgoingStreamOptions options);

}  // namespace kagimori
