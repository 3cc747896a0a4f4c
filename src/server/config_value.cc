#include "server/config_value.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <limits>
#include <optional>
#include <span>

namespace kagimori {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t size;
};
// Largest last.
constexpr std::array<Unit, 4> kByteUnits{{{"B", 1}, {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}}};
constexpr std::array<Unit, 4> kTimeUnits{{{"s", 1}, {"m", 60}, {"h", 3'600}, {"d", 86'400}}};

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::string shown(const SettingValue& value) {
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  if (const auto* number = std::get_if<std::int64_t>(&value)) return std::to_string(*number);
  if (const auto* text = std::get_if<std::string>(&value)) return fmt::format("\"{}\"", *text);
  return "a list";
}

tl::unexpected<Error> wants(std::string_view what, const SettingValue& value) {
  return fail(ErrorCode::kBadConfiguration, fmt::format("must be {}; it is {}.", what, shown(value)));
}

// A whole number and what follows it.
struct Quantity {
  std::int64_t number;
  std::string_view rest;
};
std::optional<Quantity> leading_number(std::string_view text) {
  text = trimmed(text);
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end == text.data()) return std::nullopt;
  return Quantity{number, trimmed(text.substr(static_cast<std::size_t>(end - text.data())))};
}

Result<std::int64_t> with_unit(const SettingValue& value, std::span<const Unit> units, std::string_view what) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) return *number;
  const auto* text = std::get_if<std::string>(&value);
  const auto quantity = text == nullptr ? std::nullopt : leading_number(*text);
  if (!quantity) return wants(what, value);
  if (quantity->rest.empty()) return quantity->number;
  for (const Unit& unit : units) {
    if (unit.name != quantity->rest) continue;
    const std::int64_t limit = std::numeric_limits<std::int64_t>::max() / unit.size;
    if (quantity->number > limit || quantity->number < -limit) return wants(what, value);
    return quantity->number * unit.size;
  }
  return wants(what, value);
}

}  // namespace

Result<bool> to_bool(const SettingValue& value) {
  if (const auto* flag = std::get_if<bool>(&value)) return *flag;
  if (const auto* text = std::get_if<std::string>(&value)) {
    if (*text == "true") return true;
    if (*text == "false") return false;
  }
  return wants("true or false", value);
}

Result<std::int64_t> to_count(const SettingValue& value) { return with_unit(value, {}, "a whole number"); }

Result<std::int64_t> to_byte_count(const SettingValue& value) {
  return with_unit(value, kByteUnits, "a size in bytes, such as 65536 or \"64 KiB\" (B, KiB, MiB, GiB)");
}

Result<std::int64_t> to_seconds(const SettingValue& value) {
  return with_unit(value, kTimeUnits, "a time in whole seconds, such as 90 or \"2m\" (s, m, h, d)");
}

Result<std::string> to_text(const SettingValue& value) {
  const auto* text = std::get_if<std::string>(&value);
  if (text == nullptr) return wants("a text in quotes", value);
  for (const char c : *text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      return fail(ErrorCode::kBadConfiguration, "must not hold control characters.");
    }
  }
  return *text;
}

Result<std::vector<std::string>> to_list(const SettingValue& value) {
  if (const auto* list = std::get_if<std::vector<std::string>>(&value)) return *list;
  const auto* text = std::get_if<std::string>(&value);
  if (text == nullptr) return wants("a list of texts, such as [\"a\", \"b\"]", value);
  std::vector<std::string> items;
  std::string_view rest = *text;
  while (!trimmed(rest).empty()) {
    const auto comma = rest.find(',');
    items.emplace_back(trimmed(rest.substr(0, comma)));
    rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
  }
  return items;
}

std::string format_quantity(std::int64_t number, OptionType type) {
  std::span<const Unit> units;
  if (type == OptionType::kBytes) units = kByteUnits;
  if (type == OptionType::kSeconds) units = kTimeUnits;
  for (auto unit = units.rbegin(); unit != units.rend(); ++unit) {
    if (unit->size == 1 || number == 0 || number % unit->size != 0) continue;
    return fmt::format("{}{}{}", number / unit->size, type == OptionType::kBytes ? " " : "", unit->name);
  }
  return std::to_string(number);
}

}  // namespace kagimori
