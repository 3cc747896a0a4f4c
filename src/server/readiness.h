#pragma once

#include <atomic>
#include <mutex>
#include <string_view>

#include "audit/log.h"
#include "net/monotonic_clock.h"

namespace kagimori {

// Whether requests can be served now: what /readyz tells. Any thread.
class Readiness {
 public:
  Readiness(audit::Log& log, const MonotonicClock& clock) : log_(log), clock_(clock) {}

  // False until everything has started, and again once the server stops.
  void set_serving(bool serving) { serving_ = serving; }

  // What is in the way, in words that anybody may read; empty when nothing is. Asks the audit log itself, so that
  // neither an idle server nor one that gets no requests because of this answer is wrong for longer than a second; and
  // not more often, since anybody may ask. The server's own log has the reason.
  std::string_view obstacle();

 private:
  void check_audit_log();

  audit::Log& log_;
  const MonotonicClock& clock_;
  std::atomic<bool> serving_{false};
  std::mutex mutex_;
  MonotonicTime next_check_;  // guarded by mutex_
  bool was_writable_ = true;  // at the last check; guarded by mutex_
};

}  // namespace kagimori
