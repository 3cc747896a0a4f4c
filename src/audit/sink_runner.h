#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "audit/background_thread.h"
#include "audit/line_follower.h"
#include "audit/sink.h"

namespace kagimori::audit {

struct SinkCounts {
  std::uint64_t delivered = 0, failures = 0, skipped = 0;  // events, deliveries, events; since the start
  std::uint64_t behind = 0;                                // events that it has not looked at yet
};

// Delivers the events of a log to a sink, in order, each at least once, on a thread of its own. The log is the spool:
// how far the sink has come lies in the log's folder (docs/formats/audit-log.md, "Sinks"), so a restart goes on from
// there, and a sink that hangs costs neither memory nor disk. One that is too far behind is moved on, and an event says
// so.
class SinkRunner {
 public:
  struct Parts {
    Log& log;
    std::string name;
    std::unique_ptr<Sink> sink;
    std::function<bool(std::string_view line)> wants;  // of the events
    std::uint64_t most_behind = 1'000'000;             // events
    // Makes the event, with its line feed, that so many events from this one on were not delivered.
    std::function<std::string(std::string_view sink, std::uint64_t first, std::uint64_t count)> skip_event;
  };
  // A sink of a new name, or whose position is damaged, begins with what is appended from now on. kIo.
  static Result<std::unique_ptr<SinkRunner>> start(Parts parts);

  const std::string& name() const { return parts_.name; }
  SinkCounts counts() const;

 private:
  SinkRunner(Parts parts, std::uint64_t next)
      : parts_(std::move(parts)), follower_(parts_.log, next), saved_(next), position_(next) {}
  void loop();
  // Reads some events and delivers them. False when there was nothing to do.
  Result<bool> turn();
  Status deliver(const LineFollower::Lines& lines);
  void fail_once(const Error& error);
  Status move_on();
  Status skip_to(std::uint64_t first, std::uint64_t next);
  Status save();
  Status write_position(std::uint64_t position) const;

  const Parts parts_;
  LineFollower follower_;
  std::uint64_t saved_;
  std::optional<std::uint64_t> unconfirmed_;  // where the last delivery began, if it may be lost
  std::chrono::steady_clock::time_point confirmed_at_;
  std::chrono::steady_clock::time_point next_save_;
  std::optional<std::string> failed_;  // so that it is said once
  std::atomic<std::uint64_t> position_, delivered_{0}, failures_{0}, skipped_{0};
  BackgroundThread thread_;  // last: it works on the others
};

}  // namespace kagimori::audit
