#include "audit/event_view.h"

#include <algorithm>

namespace kagimori::audit {
namespace {

std::string_view text_of(const JsonValue& object, std::string_view name) {
  const JsonValue* const member = object.find(name);
  return member == nullptr ? std::string_view() : member->string();
}

void read_identity(const JsonValue& identity, EventView& event) {
  event.principal_type = text_of(identity, "type");
  event.principal = text_of(identity, "arn");
  const JsonValue* const session = identity.find("sessionContext");
  const JsonValue* const issuer = session == nullptr ? nullptr : session->find("sessionIssuer");
  if (issuer != nullptr) event.role = text_of(*issuer, "arn");
}

// A key's id, or "alias/NAME".
std::string_view short_key(std::string_view key) {
  for (const std::string_view kind : {":key/", ":alias/"}) {
    const std::size_t at = key.find(kind);
    if (at != std::string_view::npos) return key.substr(kind == ":key/" ? at + kind.size() : at + 1);
  }
  return key;
}

bool is_denial(std::string_view error_code) { return error_code.starts_with("AccessDenied"); }

}  // namespace

Result<EventView> EventParser::parse(std::string_view line) {
  padded_.assign(line);
  padded_.append(JsonDocument::kPadding, '\0');
  TRY_ASSIGN(const JsonValue* const root, document_.parse(as_bytes(padded_).first(line.size())));
  if (!root->is_object()) return fail(ErrorCode::kSerialization, "The line is no event.");
  EventView event;
  event.time = text_of(*root, "eventTime");
  event.event_id = text_of(*root, "eventID");
  event.request_id = text_of(*root, "requestID");
  event.source = text_of(*root, "eventSource");
  event.operation = text_of(*root, "eventName");
  event.account = text_of(*root, "recipientAccountId");
  event.error_code = text_of(*root, "errorCode");
  event.error_message = text_of(*root, "errorMessage");
  event.address = text_of(*root, "sourceIPAddress");
  event.user_agent = text_of(*root, "userAgent");
  if (const JsonValue* const identity = root->find("userIdentity")) read_identity(*identity, event);
  if (const JsonValue* const request = root->find("requestParameters")) event.asked_key = text_of(*request, "keyId");
  if (const JsonValue* const more = root->find("additionalEventData")) event.trace_id = text_of(*more, "traceId");
  if (const JsonValue* const resources = root->find("resources")) {
    for (const JsonValue& resource : *resources) event.keys.push_back(text_of(resource, "ARN"));
  }
  return event;
}

void append_terms(const EventView& event, std::vector<TermView>& terms) {
  const auto add = [&terms](TermKind kind, std::string_view value) {
    if (!value.empty()) terms.push_back({kind, value});
  };
  add(TermKind::kEvent, event.event_id);
  add(TermKind::kRequest, event.request_id);
  add(TermKind::kTrace, event.trace_id);
  for (const std::string_view key : event.keys) add(TermKind::kKey, short_key(key));
  add(TermKind::kKey, short_key(event.asked_key));
  for (const std::string_view principal : {event.principal, event.role}) {
    add(TermKind::kPrincipal, principal);
    add(TermKind::kPrincipal, name_of_principal(principal));
  }
  add(TermKind::kOperation, event.operation);
  add(TermKind::kError, event.error_code);
  if (!event.error_code.empty()) add(TermKind::kError, kFailed);
  if (is_denial(event.error_code)) add(TermKind::kError, kDenied);
  add(TermKind::kAddress, event.address);
}

Term key_term(std::string_view key) { return {TermKind::kKey, std::string(short_key(key))}; }

std::string_view name_of_principal(std::string_view arn) {
  const std::size_t end = arn.find_last_of(":/");
  return end == std::string_view::npos ? arn : arn.substr(end + 1);
}

}  // namespace kagimori::audit
