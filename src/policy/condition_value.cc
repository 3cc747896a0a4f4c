#include "policy/condition_value.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstring>

#include "policy/ascii.h"

namespace kagimori {
namespace {

// Takes characters off the front of a date; every step fails for good once one has failed.
class DateCursor {
 public:
  explicit DateCursor(std::string_view text) : rest_(text) {}

  int digits(std::size_t count) {
    int value = 0;
    if (rest_.size() < count) ok_ = false;
    for (std::size_t i = 0; ok_ && i < count; ++i) {
      ok_ = is_ascii_digit(rest_[i]);
      value = value * 10 + (rest_[i] - '0');
    }
    if (ok_) rest_.remove_prefix(count);
    return ok_ ? value : 0;
  }
  bool next_is(char c) {
    if (!ok_ || !rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void expect(char c) { ok_ = next_is(c); }
  void require(bool condition) { ok_ = ok_ && condition; }
  // Microseconds of a fraction after its point; further digits are read and dropped.
  std::int64_t fraction() {
    std::int64_t micros = 0;
    std::int64_t unit = 100'000;
    require(!rest_.empty() && is_ascii_digit(rest_.front()));
    while (ok_ && !rest_.empty() && is_ascii_digit(rest_.front())) {
      micros += (rest_.front() - '0') * unit;
      unit /= 10;
      rest_.remove_prefix(1);
    }
    return micros;
  }
  bool at_end() const { return ok_ && rest_.empty(); }
  bool ok() const { return ok_; }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

// Seconds that local time is ahead of UTC: "Z", "+02:00"; a date without a zone is UTC.
std::int64_t parse_zone(DateCursor& cursor) {
  if (cursor.at_end() || cursor.next_is('Z')) return 0;
  const bool behind = cursor.next_is('-');
  if (!behind) cursor.expect('+');
  const int hours = cursor.digits(2);
  cursor.expect(':');
  const int minutes = cursor.digits(2);
  cursor.require(hours < 24 && minutes < 60);
  const std::int64_t offset = hours * 3600 + minutes * 60;
  return behind ? -offset : offset;
}

std::int64_t parse_time_of_day(DateCursor& cursor) {
  const int hours = cursor.digits(2);
  cursor.expect(':');
  const int minutes = cursor.digits(2);
  int seconds = 0;
  std::int64_t micros = 0;
  if (cursor.next_is(':')) {
    seconds = cursor.digits(2);
    if (cursor.next_is('.')) micros = cursor.fraction();
  }
  cursor.require(hours < 24 && minutes < 60 && seconds < 60);
  return (hours * 3600 + minutes * 60 + seconds - parse_zone(cursor)) * std::int64_t{1'000'000} + micros;
}

std::optional<Timestamp> parse_iso8601(std::string_view text) {
  DateCursor cursor(text);
  const int year = cursor.digits(4);
  cursor.expect('-');
  const auto month = static_cast<unsigned>(cursor.digits(2));
  const bool has_day = cursor.next_is('-');
  const unsigned day = has_day ? static_cast<unsigned>(cursor.digits(2)) : 1;
  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{month}, std::chrono::day{day}};
  cursor.require(date.ok());
  std::int64_t micros = 0;
  if (has_day && cursor.next_is('T')) micros = parse_time_of_day(cursor);
  if (!cursor.at_end()) return std::nullopt;
  const std::int64_t days = std::chrono::sys_days{date}.time_since_epoch().count();
  return Timestamp{days * 86'400 * 1'000'000 + micros};
}

std::optional<Timestamp> parse_epoch(std::string_view text) {
  constexpr std::int64_t kMaxSeconds = 253'402'300'799;  // the end of year 9999
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  if (seconds > kMaxSeconds || seconds < -kMaxSeconds) return std::nullopt;
  return Timestamp::from_seconds(seconds);
}

constexpr std::array<std::uint8_t, 12> kMappedPrefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

void unwrap_mapped(AddressRange& network) {
  if (!network.v6 || network.prefix_bits < 96) return;
  if (!std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), network.address.begin())) return;
  std::copy(network.address.begin() + 12, network.address.end(), network.address.begin());
  std::fill(network.address.begin() + 4, network.address.end(), std::uint8_t{0});
  network.v6 = false;
  network.prefix_bits = static_cast<std::uint8_t>(network.prefix_bits - 96);
}

std::uint8_t kept_bits(std::size_t byte, unsigned prefix_bits) {
  const std::size_t first = byte * 8;
  if (prefix_bits >= first + 8) return 0xff;
  if (prefix_bits <= first) return 0;
  return static_cast<std::uint8_t>(0xff00u >> (prefix_bits - first));
}

}  // namespace

std::optional<double> parse_number(std::string_view text) {
  if (text.empty() || !(is_ascii_digit(text.front()) || text.front() == '-')) return std::nullopt;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::optional<Timestamp> parse_date(std::string_view text) {
  if (const auto epoch = parse_epoch(text)) return epoch;
  return parse_iso8601(text);
}

std::optional<bool> parse_bool(std::string_view text) {
  if (ascii_equal_ignoring_case(text, "true")) return true;
  if (ascii_equal_ignoring_case(text, "false")) return false;
  return std::nullopt;
}

std::optional<AddressRange> AddressRange::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string_view address = text.substr(0, slash);
  std::array<char, INET6_ADDRSTRLEN> terminated{};
  if (address.size() >= terminated.size() || address.find('\0') != std::string_view::npos) return std::nullopt;
  std::copy(address.begin(), address.end(), terminated.begin());

  AddressRange network;
  network.v6 = address.find(':') != std::string_view::npos;
  if (inet_pton(network.v6 ? AF_INET6 : AF_INET, terminated.data(), network.address.data()) != 1) return std::nullopt;
  const std::uint8_t all_bits = network.v6 ? 128 : 32;
  network.prefix_bits = all_bits;
  if (slash != std::string_view::npos) {
    const std::string_view prefix = text.substr(slash + 1);
    const auto [end, error] = std::from_chars(prefix.data(), prefix.data() + prefix.size(), network.prefix_bits);
    if (error != std::errc{} || end != prefix.data() + prefix.size() || network.prefix_bits > all_bits) {
      return std::nullopt;
    }
  }
  unwrap_mapped(network);
  for (std::size_t i = 0; i < network.address.size(); ++i) {
    network.address[i] = static_cast<std::uint8_t>(network.address[i] & kept_bits(i, network.prefix_bits));
  }
  return network;
}

bool AddressRange::contains(const AddressRange& other) const {
  if (v6 != other.v6 || other.prefix_bits < prefix_bits) return false;
  for (std::size_t i = 0; i < address.size(); ++i) {
    if (address[i] != (other.address[i] & kept_bits(i, prefix_bits))) return false;
  }
  return true;
}

}  // namespace kagimori
