#include "cli/json_output.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/clock.h"

namespace kagimori::cli {
namespace {

constexpr double kMicrosPerSecond = 1e6;

bool is_time(std::string_view name) {
  constexpr std::array<std::string_view, 5> kEnds = {"Date", "Time", "Timestamp", "Used", "Since"};
  return std::ranges::any_of(kEnds, [name](std::string_view end) { return name.ends_with(end); });
}

Timestamp time_of(const JsonValue& value) { return Timestamp{std::llround(value.number() * kMicrosPerSecond)}; }

void write_number(JsonWriter& json, const JsonValue& value) {
  if (is_time(value.name())) {
    json.string(to_iso8601(time_of(value)));
  } else {
    json.integer(value.integer());
  }
}

}  // namespace

void write_value(JsonWriter& json, const JsonValue& value) {
  switch (value.kind()) {
    case JsonValue::Kind::kNull:
      json.null();
      return;
    case JsonValue::Kind::kBool:
      json.boolean(value.boolean());
      return;
    case JsonValue::Kind::kInteger:
    case JsonValue::Kind::kNumber:
      write_number(json, value);
      return;
    case JsonValue::Kind::kString:
      json.string(value.string());
      return;
    case JsonValue::Kind::kArray:
      json.begin_array();
      for (const JsonValue& item : value) write_value(json, item);
      json.end_array();
      return;
    case JsonValue::Kind::kObject:
      json.begin_object();
      for (const JsonValue& member : value) {
        json.key(member.name());
        write_value(json, member);
      }
      json.end_object();
      return;
  }
}

std::string time_text(const JsonValue& object, std::string_view name, std::string_view nothing) {
  const JsonValue* const value = object.find(name);
  return value != nullptr ? to_iso8601(time_of(*value)) : std::string(nothing);
}

std::string count_text(const JsonValue& object, std::string_view name) {
  const JsonValue* const value = object.find(name);
  return std::to_string(value != nullptr ? value->integer() : 0);
}

}  // namespace kagimori::cli
