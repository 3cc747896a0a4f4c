#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace kagimori {

struct JsonMember;

// A JSON text as a tree that remembers where its strings stood, so that a policy can be shown with a principal replaced
// and every other byte as it was written. Owns its strings.
struct JsonNode {
  enum class Kind : std::uint8_t { kNull, kBoolean, kNumber, kString, kArray, kObject };

  Kind kind = Kind::kNull;
  std::string text;       // string: decoded; number: as written; boolean: "true" or "false"
  std::size_t begin = 0;  // string: offset of the opening quote
  std::size_t end = 0;    // string: offset after the closing quote
  std::vector<JsonNode> items;
  std::vector<JsonMember> members;

  bool is(Kind k) const { return kind == k; }
};

struct JsonMember {
  std::string name;
  JsonNode value;
};

constexpr int kMaxJsonDepth = 16;

// RFC 8259 with an object at the top. kValidation, with a message that starts in lower case, for anything else: broken
// JSON or UTF-8, a member that appears twice, more than kMaxJsonDepth levels, bytes after the end.
Result<JsonNode> parse_json_object(std::string_view text);

}  // namespace kagimori
