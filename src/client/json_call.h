#pragma once

#include <string_view>

#include "client/connection.h"
#include "protocol/json.h"

namespace kagimori {

// The answer of one operation of JSON 1.1, while it is looked at. Wiped with everything that it was parsed into.
struct JsonDocumentOfAnswer {
  ~JsonDocumentOfAnswer() { json.wipe(); }
  ServiceAnswer answer;
  JsonDocument json{JsonLimits{std::size_t{16} << 20, 64, 1'000'000}};
  const JsonValue* root = nullptr;
};

// Calls `target` ("TrentService.DescribeKey"). Errors: Connection's, and refusal()'s.
Status call_json(Connection& connection, std::string_view target, std::string_view body,
                 JsonDocumentOfAnswer& document);
// A text member; empty if it is not there.
std::string_view json_text(const JsonValue& object, std::string_view name);

}  // namespace kagimori
