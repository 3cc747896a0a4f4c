#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace kagimori {

// What somebody should hear of although nothing failed: each is an event of its own (docs/audit.md, "Alarms") and a
// count in the metrics. Names are stored in logs: never change one.
enum class Alarm : std::uint8_t {
  kKeyUsedRecently,  // and now disabled, or to be deleted
  kUsageLimitNear,
};
inline constexpr std::array kAllAlarms = {Alarm::kKeyUsedRecently, Alarm::kUsageLimitNear};
std::string_view alarm_name(Alarm alarm);  // the event's name

// How often each was raised since the start. Any thread.
class AlarmCounts {
 public:
  void count(Alarm alarm) { counts_.at(static_cast<std::size_t>(alarm)).fetch_add(1, std::memory_order_relaxed); }
  std::uint64_t of(Alarm alarm) const {
    return counts_.at(static_cast<std::size_t>(alarm)).load(std::memory_order_relaxed);
  }

 private:
  std::array<std::atomic<std::uint64_t>, kAllAlarms.size()> counts_{};
};

}  // namespace kagimori
