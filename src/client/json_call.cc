#include "client/json_call.h"

#include "client/refusal.h"

namespace kagimori {

std::string_view json_text(const JsonValue& object, std::string_view name) {
  const JsonValue* const member = object.find(name);
  return member == nullptr ? std::string_view() : member->string();
}

Status call_json(Connection& connection, std::string_view target, std::string_view body,
                 JsonDocumentOfAnswer& document) {
  constexpr long kOk = 200;
  TRY_ASSIGN(document.answer, connection.post("kms", target, body));
  std::string& text = document.answer.body;
  const std::size_t size = text.size();
  text.resize(size + JsonDocument::kPadding);
  const auto parsed = document.json.parse(as_bytes(std::string_view(text).substr(0, size)));
  if (!parsed || !(*parsed)->is_object()) return fail(strange_answer(document.answer.status));
  document.root = *parsed;
  if (document.answer.status == kOk) return {};
  std::string_view code = json_text(*document.root, "__type");
  code.remove_prefix(code.rfind('#') == std::string_view::npos ? 0 : code.rfind('#') + 1);
  if (code.empty()) return fail(strange_answer(document.answer.status));
  const std::string_view message = json_text(*document.root, "message");
  return fail(refusal(code, message.empty() ? json_text(*document.root, "Message") : message));
}

}  // namespace kagimori
