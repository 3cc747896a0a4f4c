#include "policy/json_tree.h"

#include <simdjson.h>

#include "base/encoding.h"

namespace kagimori {
namespace {

namespace ondemand = simdjson::ondemand;

tl::unexpected<Error> broken(simdjson::error_code code) {
  return fail(ErrorCode::kValidation,
              std::string("the document is not valid JSON (") + simdjson::error_message(code) + ")");
}

// An offset after the closing quote of the string that opens at `begin`; simdjson has already checked that it closes.
std::size_t end_of_string(std::string_view text, std::size_t begin) {
  std::size_t i = begin + 1;
  while (i < text.size() && text[i] != '"') i += text[i] == '\\' ? 2 : 1;
  return i + 1;
}

class TreeBuilder {
 public:
  explicit TreeBuilder(std::string_view text) : text_(text) {}

  Result<JsonNode> object(ondemand::object object, int depth) {
    JsonNode node;
    node.kind = JsonNode::Kind::kObject;
    for (auto field_result : object) {
      ondemand::field field;
      if (const auto error = std::move(field_result).get(field)) return broken(error);
      std::string_view name;
      if (const auto error = field.unescaped_key().get(name)) return broken(error);
      TRY(check_utf8(name));
      std::string owned(name);
      TRY_ASSIGN(JsonNode value, this->value(field.value(), depth + 1));
      node.members.push_back(JsonMember{std::move(owned), std::move(value)});
    }
    TRY(check_unique(node.members));
    return node;
  }

 private:
  Result<JsonNode> value(ondemand::value value, int depth) {
    if (depth > kMaxJsonDepth) return fail(ErrorCode::kValidation, "the document is nested too deeply");
    ondemand::json_type type{};
    if (const auto error = value.type().get(type)) return broken(error);
    switch (type) {
      case ondemand::json_type::object: {
        ondemand::object inner;
        if (const auto error = value.get_object().get(inner)) return broken(error);
        return object(inner, depth);
      }
      case ondemand::json_type::array:
        return array(value, depth);
      case ondemand::json_type::string:
        return string(value);
      case ondemand::json_type::number:
        return number(value);
      case ondemand::json_type::boolean: {
        bool flag = false;
        if (const auto error = value.get_bool().get(flag)) return broken(error);
        return scalar(JsonNode::Kind::kBoolean, flag ? "true" : "false");
      }
      case ondemand::json_type::null: {
        bool is_null = false;
        if (const auto error = value.is_null().get(is_null)) return broken(error);
        if (!is_null) return broken(simdjson::N_ATOM_ERROR);
        return scalar(JsonNode::Kind::kNull, {});
      }
    }
    return broken(simdjson::UNEXPECTED_ERROR);
  }

  Result<JsonNode> array(ondemand::value value, int depth) {
    ondemand::array items;
    if (const auto error = value.get_array().get(items)) return broken(error);
    JsonNode node;
    node.kind = JsonNode::Kind::kArray;
    for (auto item_result : items) {
      ondemand::value item;
      if (const auto error = std::move(item_result).get(item)) return broken(error);
      TRY_ASSIGN(JsonNode child, this->value(item, depth + 1));
      node.items.push_back(std::move(child));
    }
    return node;
  }

  Result<JsonNode> string(ondemand::value value) {
    const std::string_view token = value.raw_json_token();
    std::string_view decoded;
    if (const auto error = value.get_string().get(decoded)) return broken(error);
    TRY(check_utf8(decoded));
    JsonNode node = scalar(JsonNode::Kind::kString, decoded);
    node.begin = static_cast<std::size_t>(token.data() - text_.data());
    node.end = end_of_string(text_, node.begin);
    return node;
  }

  Result<JsonNode> number(ondemand::value value) {
    std::string_view token = value.raw_json_token();
    while (!token.empty() && std::string_view(" \t\r\n").find(token.back()) != std::string_view::npos) {
      token.remove_suffix(1);
    }
    double checked = 0;
    if (const auto error = value.get_double().get(checked)) return broken(error);
    return scalar(JsonNode::Kind::kNumber, token);
  }

  static JsonNode scalar(JsonNode::Kind kind, std::string_view text) {
    JsonNode node;
    node.kind = kind;
    node.text = text;
    return node;
  }

  // simdjson decodes a lone surrogate escape to bytes that are no UTF-8.
  static Status check_utf8(std::string_view decoded) {
    if (!is_valid_utf8(decoded)) return fail(ErrorCode::kValidation, "a string holds half of a surrogate pair");
    return {};
  }

  static Status check_unique(const std::vector<JsonMember>& members) {
    std::vector<std::string_view> names;
    names.reserve(members.size());
    for (const JsonMember& member : members) names.push_back(member.name);
    std::sort(names.begin(), names.end());
    const auto twice = std::adjacent_find(names.begin(), names.end());
    if (twice == names.end()) return {};
    return fail(ErrorCode::kValidation, "the member \"" + std::string(twice->substr(0, 64)) + "\" appears twice");
  }

  std::string_view text_;  // the padded copy that simdjson's views point into
};

}  // namespace

Result<JsonNode> parse_json_object(std::string_view text) {
  const simdjson::padded_string padded(text);
  ondemand::parser parser;
  ondemand::document document;
  if (const auto error = parser.iterate(padded).get(document)) return broken(error);
  ondemand::object top;
  if (const auto error = document.get_object().get(top)) return broken(error);
  TRY_ASSIGN(JsonNode node, TreeBuilder(std::string_view(padded.data(), padded.size())).object(top, 1));
  // Past the last token there is no location.
  if (document.current_location().error() != simdjson::OUT_OF_BOUNDS) {
    return fail(ErrorCode::kValidation, "the document goes on after its end");
  }
  return node;
}

}  // namespace kagimori
