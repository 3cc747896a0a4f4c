#include "cli/audit_time.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "policy/condition_value.h"

namespace kagimori::cli {
namespace {

std::int64_t seconds_of(char unit) {
  switch (unit) {
    case 's':
      return 1;
    case 'm':
      return 60;
    case 'h':
      return 3'600;
    case 'd':
      return 86'400;
    case 'w':
      return 604'800;
    default:
      return 0;
  }
}

// At most so many of a unit that no date comes out before year 1.
constexpr std::int64_t kMaxCount = 100'000;

std::optional<Timestamp> ago(std::string_view text, Timestamp now) {
  const std::int64_t unit = text.empty() ? 0 : seconds_of(text.back());
  if (unit == 0) return std::nullopt;
  text.remove_suffix(1);
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || end != text.data() + text.size() || count < 0 || count > kMaxCount) return std::nullopt;
  return now.plus_seconds(-count * unit);
}

}  // namespace

Result<std::string> audit_time(std::string_view option, std::string_view text, Timestamp now) {
  if (text.empty()) return std::string();
  std::optional<Timestamp> time = ago(text, now);
  if (!time) time = parse_date(text);
  if (!time || time->micros < 0) {
    return fail(ErrorCode::kValidation,
                fmt::format("{} '{}' is no time: give a date (2026-11-22), a date and time (2026-11-22T09:51Z), or how "
                            "long ago it was (30m, 24h, 7d).",
                            option, text));
  }
  return to_iso8601_micros(*time);
}

}  // namespace kagimori::cli
