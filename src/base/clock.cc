#include "base/clock.h"

#include <fmt/format.h>
#include <time.h>

#include <chrono>

namespace kagimori {
namespace {

struct Parts {
  std::int64_t year = 0;
  unsigned month = 0, day = 0, hour = 0, minute = 0, second = 0, micros = 0;
};

// Not gmtime_r: that takes a lock that all threads share, and every audit event has a time.
Parts split(Timestamp t) {
  using std::chrono::floor;
  const std::chrono::sys_time<std::chrono::microseconds> time{std::chrono::microseconds(t.micros)};
  const auto day = floor<std::chrono::days>(time);
  const std::chrono::hh_mm_ss of_day{time - day};
  const auto count = [](auto duration) { return static_cast<unsigned>(duration.count()); };
  Parts parts;
  // The calendar repeats every 400 years, and std::chrono's ends in 32767.
  constexpr std::int64_t kEraDays = 146'097;
  const std::int64_t days = day.time_since_epoch().count();
  const std::int64_t era = (days >= 0 ? days : days - kEraDays + 1) / kEraDays;
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{days - era * kEraDays}}};
  parts.year = int{date.year()} + era * 400;
  parts.month = unsigned{date.month()};
  parts.day = unsigned{date.day()};
  parts.hour = count(of_day.hours());
  parts.minute = count(of_day.minutes());
  parts.second = count(of_day.seconds());
  parts.micros = count(of_day.subseconds());
  return parts;
}

void append_digits(std::string& out, unsigned value, int digits) {
  const std::size_t begin = out.size();
  out.resize(begin + static_cast<std::size_t>(digits), '0');
  for (auto digit = out.rbegin(); value > 0; ++digit, value /= 10) *digit = static_cast<char>('0' + value % 10);
}

// "2026-11-22T09:51:18" with the given separators.
std::string date_and_time(const Parts& parts, std::string_view in_date, std::string_view in_time) {
  std::string text;
  text.reserve(32);
  if (parts.year >= 0 && parts.year <= 9999) {
    append_digits(text, static_cast<unsigned>(parts.year), 4);
  } else {
    text += fmt::format("{:04}", parts.year);
  }
  append_digits(text.append(in_date), parts.month, 2);
  append_digits(text.append(in_date), parts.day, 2);
  append_digits(text.append("T"), parts.hour, 2);
  append_digits(text.append(in_time), parts.minute, 2);
  append_digits(text.append(in_time), parts.second, 2);
  return text;
}

}  // namespace

std::string to_iso8601(Timestamp t) { return date_and_time(split(t), "-", ":") + "Z"; }

std::string to_iso8601_micros(Timestamp t) {
  const Parts parts = split(t);
  std::string text = date_and_time(parts, "-", ":");
  append_digits(text.append("."), parts.micros, 6);
  return text.append("Z");
}

std::string to_iso_basic(Timestamp t) { return date_and_time(split(t), "", "") + "Z"; }

Timestamp SystemClock::now() const {
  timespec ts{};
  clock_gettime(CLOCK_REALTIME, &ts);
  return {static_cast<std::int64_t>(ts.tv_sec) * 1'000'000 + ts.tv_nsec / 1000};
}

}  // namespace kagimori
