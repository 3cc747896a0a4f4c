#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>

#include "audit/log.h"
#include "store/store.h"

namespace kagimori {

// Brings the events of committed changes from the store's outbox to the audit log. An event is durable with its change;
// here it reaches the log once, in the order of the commits, also when the log can't be written for a while or the
// server was killed in between. Any thread.
class EventOutbox {
 public:
  EventOutbox(Store& store, audit::Log& log) : store_(store), log_(log) {}

  // At start: writes what a crash left in the outbox and the log does not have yet.
  Status recover();
  // The event of a change that has just been committed. Called in the order of the commits.
  void committed(std::uint64_t store_revision, std::string_view line);
  // Whether every event so far is in the log; tries again if not. The log's error otherwise: then nothing more may be
  // changed, since the log must tell of it.
  Status ready();

 private:
  Status write_backlog();

  Store& store_;
  audit::Log& log_;
  std::atomic<bool> blocked_{false};
  std::mutex mutex_;
  std::string backlog_;  // lines that the log did not take yet
  std::uint64_t newest_ = 0;
};

}  // namespace kagimori
