#pragma once

#include <atomic>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>

#include "net/ip_address.h"
#include "net/monotonic_clock.h"
#include "net/net_config.h"

namespace kagimori {

// One source of connections (IpAddress::source()), shared by the workers that serve it.
class Source {
 public:
  explicit Source(const IpAddress& address) : address_(address) {}

  // Counts a request; false if the source has used up its rate. A token bucket kept as one time (GCRA, ITU-T I.371), so
  // that no lock is needed. Any thread.
  bool take_request(const NetLimits& limits, MonotonicTime now);

 private:
  friend class SourceTable;
  const IpAddress address_;
  std::size_t connections_ = 0;                  // guarded by the table's mutex
  std::atomic<MonotonicDuration::rep> full_{0};  // when the bucket will be full again
};

// Who is connected, and how often. Any thread; its lock is taken when connections come and go, never for a request.
class SourceTable {
 public:
  explicit SourceTable(const NetLimits& limits) : limits_(limits) {}

  // Counts a connection; null if the source has as many as it may. Give it back with leave().
  Source* enter(const IpAddress& address, MonotonicTime now);
  void leave(Source& source);

 private:
  void forget_idle(MonotonicTime now);

  const NetLimits& limits_;
  std::mutex mutex_;  // guards the map and every Source::connections_
  std::map<IpAddress, std::unique_ptr<Source>> sources_;
  std::size_t forget_at_ = 1024;  // table size at which idle sources are swept out
};

}  // namespace kagimori
