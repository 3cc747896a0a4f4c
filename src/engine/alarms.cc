#include "engine/alarms.h"

namespace kagimori {

bool AlarmGate::admits(Alarm alarm, std::string_view subject, Timestamp now) {
  const std::lock_guard lock(mutex_);
  const auto is_over = [now](const auto& said) { return said.second.plus_seconds(kQuietSeconds) <= now; };
  std::pair<Alarm, std::string> name{alarm, subject};
  const auto known = said_.find(name);
  if (known != said_.end()) {
    if (!is_over(*known)) return false;
    known->second = now;
    return true;
  }
  if (said_.size() >= kMaxKnown) std::erase_if(said_, is_over);
  if (said_.size() >= kMaxKnown) return false;
  said_.emplace(std::move(name), now);
  return true;
}

std::uint64_t DeniedRequests::note(std::string_view principal, Timestamp now) {
  const std::lock_guard lock(mutex_);
  if (now >= began_.plus_seconds(kPeriodSeconds) || now < began_) {
    began_ = now;
    counts_.clear();
  }
  const auto known = counts_.find(principal);
  if (known != counts_.end()) return ++known->second;
  if (counts_.size() >= kMaxPrincipals) return 0;
  counts_.emplace(principal, 1);
  return 1;
}

}  // namespace kagimori
