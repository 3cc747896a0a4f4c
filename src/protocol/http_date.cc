#include "protocol/http_date.h"

#include <array>
#include <chrono>

namespace kagimori {
namespace {

constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

// The digits at [at, at + size) as a number, or -1.
int digits(std::string_view text, std::size_t at, std::size_t size) {
  int value = 0;
  for (const char c : text.substr(at, size)) {
    if (c < '0' || c > '9') return -1;
    value = value * 10 + (c - '0');
  }
  return value;
}

struct TimeOfDay {
  int hour, minute, second;
};

std::optional<Timestamp> compose(std::chrono::year_month_day date, TimeOfDay time) {
  if (!date.ok() || date.year() < std::chrono::year{1970}) return std::nullopt;
  if (time.hour < 0 || time.hour > 23 || time.minute < 0 || time.minute > 59) return std::nullopt;
  if (time.second < 0 || time.second > 59) return std::nullopt;
  const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  return Timestamp::from_seconds(days * 86'400 + time.hour * 3'600 + time.minute * 60 + time.second);
}

// An invalid date (ok() is false) when a part is no number.
std::chrono::year_month_day make_date(int year, int month, int day) {
  if (year < 0 || month < 0 || day < 0) return {};
  return {std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
          std::chrono::day{static_cast<unsigned>(day)}};
}

int month_number(std::string_view name) {
  for (std::size_t i = 0; i < kMonths.size(); ++i) {
    if (kMonths[i] == name) return static_cast<int>(i) + 1;
  }
  return -1;
}

}  // namespace

std::optional<Timestamp> parse_iso_basic(std::string_view text) {
  if (text.size() != 16 || text[8] != 'T' || text[15] != 'Z') return std::nullopt;
  return compose(make_date(digits(text, 0, 4), digits(text, 4, 2), digits(text, 6, 2)),
                 {digits(text, 9, 2), digits(text, 11, 2), digits(text, 13, 2)});
}

std::optional<Timestamp> parse_http_date(std::string_view text) {
  constexpr std::string_view kShape = "___, __ ___ ____ __:__:__ ";
  if (text.size() < kShape.size()) return std::nullopt;
  const std::string_view zone = text.substr(kShape.size());
  if (zone != "GMT" && zone != "-0000" && zone != "+0000") return std::nullopt;
  for (std::size_t i = 0; i < kShape.size(); ++i) {
    if (kShape[i] != '_' && kShape[i] != text[i]) return std::nullopt;
  }
  const auto date = make_date(digits(text, 12, 4), month_number(text.substr(8, 3)), digits(text, 5, 2));
  if (!date.ok()) return std::nullopt;
  const std::chrono::weekday day{std::chrono::sys_days(date)};
  if (kDays[day.c_encoding()] != text.substr(0, 3)) return std::nullopt;
  return compose(date, {digits(text, 17, 2), digits(text, 20, 2), digits(text, 23, 2)});
}

}  // namespace kagimori
