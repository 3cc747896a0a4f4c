#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"

namespace kagimori {

// What somebody should hear of although nothing failed: each is an event of its own (docs/audit.md, "Alarms") and a
// count in the metrics. Names are stored in logs and numbers in the store: never change one.
enum class Alarm : std::uint8_t {
  kKeyUsedRecently = 0,  // and now disabled, or to be deleted
  kUsageLimitNear = 1,
  kKeyDeletionDue = 2,
  kKeyMaterialExpiryDue = 3,
  kKeyRotationDue = 4,
  kKeyRotationFailed = 5,
  kFirstUseByPrincipal = 6,
  kUnusableKeyUsed = 7,  // pending deletion, or compromised
  kManyDeniedRequests = 8,
  kCheckpointLate = 9,
  kDiskLow = 10,
};
inline constexpr std::array<std::string_view, 11> kAlarmNames = {
    "KeyUsedRecently",      "UsageLimitNear",  "KeyDeletionDue",
    "KeyMaterialExpiryDue", "KeyRotationDue",  "KeyRotationFailed",
    "FirstUseByPrincipal",  "UnusableKeyUsed", "ManyDeniedRequests",
    "CheckpointLate",       "DiskLow"};
// The event's name.
constexpr std::string_view alarm_name(Alarm alarm) { return kAlarmNames.at(static_cast<std::size_t>(alarm)); }

// How often each was raised since the start. Any thread.
class AlarmCounts {
 public:
  void count(Alarm alarm) { counts_.at(static_cast<std::size_t>(alarm)).fetch_add(1, std::memory_order_relaxed); }
  std::uint64_t of(Alarm alarm) const {
    return counts_.at(static_cast<std::size_t>(alarm)).load(std::memory_order_relaxed);
  }

 private:
  std::array<std::atomic<std::uint64_t>, kAlarmNames.size()> counts_{};
};

// Lets through what has not been said in the last hour, so that what goes on and on does not fill the log. Any thread.
class AlarmGate {
 public:
  static constexpr std::int64_t kQuietSeconds = 3'600;
  static constexpr std::size_t kMaxKnown = 10'000;  // beyond that, nothing more in this hour

  bool admits(Alarm alarm, std::string_view subject, Timestamp now);

 private:
  std::mutex mutex_;
  std::map<std::pair<Alarm, std::string>, Timestamp> said_;
};

// Counts the refusals of each principal in a minute. Any thread.
class DeniedRequests {
 public:
  static constexpr std::int64_t kPeriodSeconds = 60;
  static constexpr std::size_t kMaxPrincipals = 10'000;  // in a minute

  // How many there have been of the principal in this minute; 0 for those who are too many to count.
  std::uint64_t note(std::string_view principal, Timestamp now);

 private:
  std::mutex mutex_;
  Timestamp began_;
  std::map<std::string, std::uint64_t, std::less<>> counts_;
};

}  // namespace kagimori
