#include "base/clock.h"

#include <fmt/format.h>
#include <time.h>

namespace kagimori {
namespace {

struct Parts {
  tm utc{};
  std::int64_t micros = 0;
};

Parts split(Timestamp t) {
  std::int64_t seconds = t.micros / 1'000'000;
  std::int64_t micros = t.micros % 1'000'000;
  if (micros < 0) {
    micros += 1'000'000;
    --seconds;
  }
  Parts parts;
  const time_t value = seconds;
  gmtime_r(&value, &parts.utc);
  parts.micros = micros;
  return parts;
}

}  // namespace

std::string to_iso8601(Timestamp t) {
  const tm utc = split(t).utc;
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday,
                     utc.tm_hour, utc.tm_min, utc.tm_sec);
}

std::string to_iso8601_micros(Timestamp t) {
  std::string text = to_iso8601(t);
  text.pop_back();
  return text + fmt::format(".{:06}Z", split(t).micros);
}

std::string to_iso_basic(Timestamp t) {
  const tm utc = split(t).utc;
  return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday, utc.tm_hour,
                     utc.tm_min, utc.tm_sec);
}

Timestamp SystemClock::now() const {
  timespec ts{};
  clock_gettime(CLOCK_REALTIME, &ts);
  return {static_cast<std::int64_t>(ts.tv_sec) * 1'000'000 + ts.tv_nsec / 1000};
}

}  // namespace kagimori
