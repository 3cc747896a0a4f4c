#include "net/http_date.h"

#include <stdio.h>
#include <time.h>

namespace kagimori {

std::string_view HttpDate::text() {
  const std::int64_t second = clock_.now().seconds();
  if (second != second_) {
    // Not strftime: its names of days and months follow the locale.
    static constexpr std::array<const char*, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr std::array<const char*, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const time_t time = second;
    tm utc{};
    gmtime_r(&time, &utc);
    const auto two = [](int value) { return static_cast<unsigned>(value) % 100; };
    snprintf(text_.data(), text_.size(), "%s, %02u %s %04u %02u:%02u:%02u GMT",
             kDays[static_cast<std::size_t>(utc.tm_wday)], two(utc.tm_mday),
             kMonths[static_cast<std::size_t>(utc.tm_mon)], static_cast<unsigned>(utc.tm_year + 1900) % 10'000,
             two(utc.tm_hour), two(utc.tm_min), two(utc.tm_sec));
    second_ = second;
  }
  return {text_.data(), kSize};
}

}  // namespace kagimori
