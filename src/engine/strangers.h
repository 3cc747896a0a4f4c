#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace kagimori {

// What a source that nobody identified has sent, from the first time to the last.
struct StrangerReport {
  std::string source;                                               // an address; empty: of several
  std::uint64_t sources = 1;                                        // as far as they were counted
  Timestamp first, last;                                            // real time
  std::map<std::string_view, std::uint64_t, std::less<>> requests;  // by what is wrong with them: literals
};

// Failed authentications and malformed requests, by source: the audit log is told once a minute, and of so many sources
// in a minute, an hour and a day that nobody can fill it without a credential; of the others it is told together. Any
// thread.
class Strangers {
 public:
  static constexpr std::int64_t kPeriodSeconds = 60;
  static constexpr std::size_t kReportsPerMinute = 60, kReportsPerHour = 600, kReportsPerDay = 3'000;
  static constexpr std::size_t kMaxSources = 1'000;  // remembered at a time

  // `what` is a literal.
  void note(std::string_view source, std::string_view what, Timestamp now);
  // What was noted since the last time; nothing before the period is over, unless all is wanted. `lifecycle_now` is
  // what the periods are counted in.
  std::vector<StrangerReport> take(Timestamp lifecycle_now, bool all);
  // Could not be told: it will be with the next.
  void put_back(const std::vector<StrangerReport>& reports);

 private:
  // A span of time in which so many reports may be made.
  struct Window {
    std::int64_t seconds;
    std::size_t most;
    Timestamp began;
    std::size_t made = 0;

    std::size_t left(Timestamp now);
  };
  StrangerReport& report_of(std::string_view source, Timestamp now);
  void add_to_rest(const StrangerReport& report);

  std::mutex mutex_;
  std::map<std::string, StrangerReport, std::less<>> sources_;
  std::optional<StrangerReport> rest_;
  Window hour_{3'600, kReportsPerHour, {}};
  Window day_{86'400, kReportsPerDay, {}};
  Timestamp taken_;  // lifecycle time
};

}  // namespace kagimori
