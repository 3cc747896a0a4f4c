#include "server/readiness.h"

#include <chrono>

#include "base/log.h"

namespace kagimori {
namespace {

constexpr std::chrono::seconds kBetweenChecks{1};

}  // namespace

std::string_view Readiness::obstacle() {
  if (!serving_) return "starting or stopping";
  check_audit_log();
  return log_.is_writable() ? "" : "the audit log can't be written";
}

void Readiness::check_audit_log() {
  // Whoever comes while another worker checks is told what was known before.
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock || clock_.now() < next_check_) return;
  next_check_ = clock_.now() + kBetweenChecks;
  const Status checked = log_.check();
  const bool writable = log_.is_writable();
  if (!checked && was_writable_) LogLine(LogLevel::kError, checked.error().message);
  if (writable && !was_writable_) LogLine(LogLevel::kInfo, "the audit log can be written again");
  was_writable_ = writable;
}

}  // namespace kagimori
