#include "protocol/json.h"

#include <simdjson.h>

#include <algorithm>
#include <bit>

#include "base/secret.h"

namespace kagimori {
namespace {

namespace dom = simdjson::dom;

static_assert(JsonDocument::kPadding >= simdjson::SIMDJSON_PADDING);

// Up to here duplicates are found by comparing each name with each; above, by sorting.
constexpr std::size_t kSmallObject = 16;
constexpr std::size_t kMinCapacity = 4'096;

tl::unexpected<Error> refuse(std::string sentence) { return fail(ErrorCode::kSerialization, std::move(sentence)); }

// simdjson from 3.11 on tells integers beyond 64 bits apart.
template <typename Code>
bool is_number_error(Code error) {
  if constexpr (requires { Code::BIGINT_ERROR; }) {
    if (error == Code::BIGINT_ERROR) return true;
  }
  return error == Code::NUMBER_ERROR;
}

std::string sentence_for(simdjson::error_code error) {
  if (is_number_error(error)) return "The request body holds a malformed number or one out of range.";
  switch (error) {
    case simdjson::EMPTY:
      return "The request body is empty; send a JSON document.";
    case simdjson::UTF8_ERROR:
      return "The request body is not valid UTF-8.";
    case simdjson::DEPTH_ERROR:
      return "The request body is nested too deeply.";
    case simdjson::STRING_ERROR:
    case simdjson::UNESCAPED_CHARS:
    case simdjson::UNCLOSED_STRING:
      return "The request body holds a malformed string.";
    default:
      return "The request body is not a valid JSON document.";
  }
}

}  // namespace

struct JsonDocument::Parser {
  dom::parser simd;
  std::size_t dirty_bytes = 0;  // size of the text whose strings may still be in simd.doc.string_buf

  // Makes room for a text of that size. Room grows in powers of two, or every text longer than all before would
  // allocate.
  Status reserve(std::size_t size);
  // Copies one value of simdjson's into `document` behind those it has; the children follow. `depth` counts the
  // containers around it.
  static Status append(JsonDocument& document, dom::element element, std::string_view name, std::size_t depth);
  static Status append_array(JsonDocument& document, dom::array array, std::size_t at, std::size_t depth);
  static Status append_object(JsonDocument& document, dom::object object, std::size_t at, std::size_t depth);
};

Status JsonDocument::Parser::reserve(std::size_t size) {
  if (simd.capacity() >= size && simd.doc.capacity() >= size && simd.doc.capacity() != 0) return {};
  const std::size_t capacity = std::bit_ceil(std::max(size, kMinCapacity));
  if (simd.allocate(capacity) == simdjson::SUCCESS && simd.doc.allocate(capacity) == simdjson::SUCCESS) return {};
  return fail(ErrorCode::kInternal, "There is no memory to parse the request body.");
}

Status JsonDocument::Parser::append(JsonDocument& document, dom::element element, std::string_view name,
                                    std::size_t depth) {
  const std::size_t at = document.nodes_.size();
  if (at >= document.limits_.max_nodes) return refuse("The request body holds too many values.");
  JsonValue& node = document.nodes_.emplace_back();
  node.name_ = name;
  switch (element.type()) {
    case dom::element_type::ARRAY:
      return append_array(document, element.get_array().value_unsafe(), at, depth);
    case dom::element_type::OBJECT:
      return append_object(document, element.get_object().value_unsafe(), at, depth);
    case dom::element_type::INT64:
      node.kind_ = JsonValue::Kind::kInteger;
      node.integer_ = element.get_int64().value_unsafe();
      break;
    case dom::element_type::UINT64:  // above INT64_MAX
      node.kind_ = JsonValue::Kind::kNumber;
      node.number_ = static_cast<double>(element.get_uint64().value_unsafe());
      break;
    case dom::element_type::DOUBLE:
      node.kind_ = JsonValue::Kind::kNumber;
      node.number_ = element.get_double().value_unsafe();
      break;
    case dom::element_type::STRING:
      node.kind_ = JsonValue::Kind::kString;
      node.string_ = element.get_string().value_unsafe();
      break;
    case dom::element_type::BOOL:
      node.kind_ = JsonValue::Kind::kBool;
      node.integer_ = element.get_bool().value_unsafe() ? 1 : 0;
      break;
    case dom::element_type::NULL_VALUE:
      break;
  }
  return {};
}

Status JsonDocument::Parser::append_array(JsonDocument& document, dom::array array, std::size_t at, std::size_t depth) {
  if (depth >= document.limits_.max_depth) return refuse(sentence_for(simdjson::DEPTH_ERROR));
  std::uint32_t children = 0;
  for (const dom::element item : array) {
    TRY(append(document, item, {}, depth + 1));
    ++children;
  }
  JsonValue& node = document.nodes_[at];
  node.kind_ = JsonValue::Kind::kArray;
  node.children_ = children;
  node.nodes_ = static_cast<std::uint32_t>(document.nodes_.size() - at);
  return {};
}

Status JsonDocument::Parser::append_object(JsonDocument& document, dom::object object, std::size_t at,
                                           std::size_t depth) {
  if (depth >= document.limits_.max_depth) return refuse(sentence_for(simdjson::DEPTH_ERROR));
  std::uint32_t children = 0;
  for (const dom::key_value_pair member : object) {
    TRY(append(document, member.value, member.key, depth + 1));
    ++children;
  }
  JsonValue& node = document.nodes_[at];
  node.kind_ = JsonValue::Kind::kObject;
  node.children_ = children;
  node.nodes_ = static_cast<std::uint32_t>(document.nodes_.size() - at);
  if (document.has_duplicates(node)) return refuse("The request body has an object with two members of the same name.");
  return {};
}

const JsonValue* JsonValue::find(std::string_view name) const {
  if (!is_object()) return nullptr;
  for (const JsonValue& member : *this) {
    if (member.name_ == name) return &member;
  }
  return nullptr;
}

JsonDocument::JsonDocument(JsonLimits limits) : parser_(std::make_unique<Parser>()), limits_(limits) {}

JsonDocument::~JsonDocument() { wipe(); }

bool JsonDocument::has_duplicates(const JsonValue& object) {
  if (object.size() <= kSmallObject) {
    for (auto member = object.begin(); member != object.end(); ++member) {
      for (auto other = object.begin(); other != member; ++other) {
        if (other->name() == member->name()) return true;
      }
    }
    return false;
  }
  names_.clear();
  for (const JsonValue& member : object) names_.push_back(member.name());
  std::sort(names_.begin(), names_.end());
  return std::adjacent_find(names_.begin(), names_.end()) != names_.end();
}

Result<const JsonValue*> JsonDocument::parse(ByteView body) {
  wipe();
  if (body.size() > limits_.max_bytes) return refuse("The request body is too large.");
  // simdjson from 3.2 on leaves a byte order mark aside, which has no place in JSON (RFC 8259 section 8.1).
  if (as_text(body).starts_with("\xef\xbb\xbf")) return refuse("The request body begins with a byte order mark.");
  TRY(parser_->reserve(body.size()));
  parser_->dirty_bytes = body.size();
  dom::element root;
  const simdjson::error_code error = parser_->simd.parse(body.data(), body.size(), false).get(root);
  if (error != simdjson::SUCCESS) return refuse(sentence_for(error));
  TRY(Parser::append(*this, root, {}, 0));
  return nodes_.data();
}

void JsonDocument::wipe() {
  nodes_.clear();
  names_.clear();
  const std::size_t dirty = std::exchange(parser_->dirty_bytes, 0);
  if (dirty == 0) return;
  // simdjson writes each string with a length of four bytes and a NUL, so `""` with its comma is the worst; it may
  // write a vector's width beyond the end. The buffer is sized by the same rule (simdjson document::allocate).
  const std::size_t written = 5 * dirty / 3 + simdjson::SIMDJSON_PADDING;
  secure_wipe({parser_->simd.doc.string_buf.get(), written});
}

}  // namespace kagimori
