#pragma once

#include <string>
#include <string_view>

#include "protocol/json.h"
#include "protocol/json_writer.h"

namespace kagimori::cli {

// A server's answer for programs: its own members, and times as text (ISO 8601), as the AWS CLI prints them. Of numbers
// those are times whose member's name says so.
void write_value(JsonWriter& json, const JsonValue& value);

// A time member for people, to the second; `nothing` where it is not there.
std::string time_text(const JsonValue& object, std::string_view name, std::string_view nothing = "never");
std::string count_text(const JsonValue& object, std::string_view name);

}  // namespace kagimori::cli
