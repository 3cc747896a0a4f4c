#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"

namespace kagimori {

// What stands behind an option in a file or in the environment, before it is known what the option wants. Values from
// the environment are always text.
using SettingValue = std::variant<bool, std::int64_t, std::string, std::vector<std::string>>;

// One option as somebody set it.
struct Setting {
  std::string name;    // "limits.body_bytes"; "listeners.1.address" for the first listener
  std::string origin;  // "kagimori.toml:12" or "KAGIMORI_LIMITS_BODY_BYTES", for messages
  SettingValue value;
};

// What an option wants.
enum class OptionType : std::uint8_t {
  kBool,     // true, false
  kCount,    // a whole number
  kBytes,    // a whole number, or text with a unit: "16 KiB"
  kSeconds,  // a whole number, or text with a unit: "2m"
  kText,     // any text without control characters
  kPath,     // a file or folder; relative to the configuration file's folder
  kChoice,   // one of a few words
  kList,     // a list of texts; separated by commas in the environment
};

// Each takes the value out of a setting, or fails with kBadConfiguration and a sentence that says what is wanted,
// without the option's name (the caller puts it in front).
Result<bool> to_bool(const SettingValue& value);
Result<std::int64_t> to_count(const SettingValue& value);
Result<std::int64_t> to_byte_count(const SettingValue& value);  // B, KiB, MiB, GiB
Result<std::int64_t> to_seconds(const SettingValue& value);     // s, m, h, d
Result<std::string> to_text(const SettingValue& value);
Result<std::vector<std::string>> to_list(const SettingValue& value);

// The number as a person would write it: "1 MiB", "20", "1d".
std::string format_quantity(std::int64_t number, OptionType type);

}  // namespace kagimori
