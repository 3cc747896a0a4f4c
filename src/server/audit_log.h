#pragma once

#include <memory>
#include <string>

#include "audit/log.h"
#include "audit/segment_keeper.h"
#include "audit/sequencer.h"
#include "engine/offline_event.h"
#include "server/config.h"
#include "server/opened_store.h"

namespace kagimori {

// The audit log of a store, opened for a server. Members are destroyed in reverse order.
struct AuditLog {
  std::unique_ptr<audit::Log> log;
  std::unique_ptr<audit::Sequencer> sequencer;
  std::unique_ptr<audit::SegmentKeeper> keeper;  // once started
};

audit::LogOptions audit_log_options(const Config& config);

// The log in the configured folder, with the store's key for it; a store of an earlier release gets one here. kCorrupt
// when the folder is not the one that the store knows.
Result<AuditLog> open_audit_log(const Config& config, OpenedStore& opened);
// From here on checkpoints are signed and closed segments looked after.
Status start_audit_log(const Config& config, const Clock& now, const LifecycleClock& lifecycle, AuditLog& audit_log);

// Gives the store a key for a new log: its first, or one in place of the log that it knows of, whose folder is moved
// aside if it is there. The event, of that name and with these members, is the new log's first; it names the last
// checkpoint that was known of the old one. What it returns is the key's public half.
Result<std::string> begin_audit_log(const Config& config, OpenedStore& opened, std::string_view event,
                                    OfflineEventMembers members);

// As above, unless the store has a log already; the public half of the key that signs it.
Result<std::string> ensure_audit_log(const Config& config, OpenedStore& opened);

// Whether the configured folder holds the log that the store's key has signed, and all that the store knows of it.
Result<bool> has_its_audit_log(const Config& config, OpenedStore& opened);

}  // namespace kagimori
