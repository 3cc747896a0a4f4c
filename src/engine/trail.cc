#include "engine/trail.h"

#include "base/log.h"
#include "engine/audit_error_code.h"

namespace kagimori {
namespace {

std::string quoted(std::string_view text) {
  std::string json;
  append_json_string(json, text);
  return json;
}

}  // namespace

std::string_view event_source(Dialect dialect) {
  switch (dialect) {
    case Dialect::kAwsKms:
      return "kms.amazonaws.com";
    case Dialect::kAwsIam:
      return "iam.amazonaws.com";
    case Dialect::kAwsSts:
      return "sts.amazonaws.com";
    case Dialect::kKagimori:
      break;
  }
  return "kagimori";
}

Trail& Trail::parameter(std::string_view name, std::string_view text) {
  parameters_.emplace_back(name, quoted(text));
  return *this;
}

Trail& Trail::parameter_json(std::string_view name, std::string json) {
  parameters_.emplace_back(name, std::move(json));
  return *this;
}

Trail& Trail::response(std::string_view name, std::string_view text) {
  response_.emplace_back(name, quoted(text));
  return *this;
}

Trail& Trail::additional(std::string_view name, std::string_view text) {
  if (text.empty()) return *this;
  additional_.emplace_back(name, quoted(text));
  return *this;
}

Trail& Trail::additional_json(std::string_view name, std::string json) {
  additional_.emplace_back(name, std::move(json));
  return *this;
}

Trail& Trail::detail(std::string_view name, std::string_view text) {
  details_.emplace_back(name, quoted(text));
  return *this;
}

Trail& Trail::resource(std::string_view arn) {
  for (const std::string& known : resources_) {
    if (known == arn) return *this;
  }
  resources_.emplace_back(arn);
  return *this;
}

Trail& Trail::used(UsedKey key) {
  used_keys_.push_back(std::move(key));
  return *this;
}

Trail& Trail::opened_with(std::uint32_t version) {
  used_keys_.front().version = version;
  return *this;
}

Trail& Trail::region(std::string_view name) {
  region_ = name;
  return *this;
}

Trail& Trail::by_service() {
  by_service_ = true;
  return *this;
}

Trail& Trail::service_event() {
  service_event_ = true;
  return *this;
}

Trail& Trail::unusable_key(std::string_view key_arn, std::string_view why) {
  unusable_key_ = {std::string(key_arn), why};
  return *this;
}

void Trail::reset() {
  unusable_key_.reset();
  used_keys_.clear();
  parameters_.clear();
  response_.clear();
  additional_.clear();
  details_.clear();
  resources_.clear();
  region_.clear();
  by_service_ = false;
  service_event_ = false;
}

audit::Event Trail::event(const Caller& caller, const Error* error, std::string_view event_id) const {
  audit::Event event;
  event.time = caller.time;
  event.event_id = event_id;
  if (!service_event_) event.request_id = caller.origin.request_id;
  event.source = event_source(caller.origin.dialect);
  event.name = operation_.name;
  event.region = region_.empty() ? caller.region : region_;
  if (by_service_) {
    event.user = {"Service", "kagimori", "", "", "", ""};
    event.source_address = "kagimori";
  } else if (caller.identity != nullptr) {
    const IdentitySnapshot& who = *caller.identity;
    event.account = who.account();
    const std::string_view type = who.is_root() ? "Root" : who.is_role_session() ? "AssumedRole" : "IAMUser";
    event.user = {type, who.user_id(), who.arn, who.account(), who.access_key.access_key_id, who.user_name};
    if (who.session) {
      const IdentitySession& session = *who.session;
      event.session = {session.record.created, session.record.source_identity,
                       who.unique_id(),        session.role_arn,
                       who.account(),          session.role_name};
    }
  }
  if (!by_service_) {
    event.source_address = caller.origin.source_address;
    event.user_agent = caller.origin.user_agent;
    event.tls_version = caller.origin.tls_version;
    event.tls_cipher = caller.origin.tls_cipher;
  }
  if (error != nullptr) {
    event.error_code = audit_error_code(error->code);
    event.error_message = error->message;
  } else {
    event.response_elements = response_;
  }
  event.request_parameters = parameters_;
  event.additional_data = additional_;
  event.service_event_details = details_;
  if (!by_service_ && !caller.origin.trace_id.empty()) {
    event.additional_data.emplace_back("traceId", quoted(std::string_view(caller.origin.trace_id)));
    event.additional_data.emplace_back("parentSpanId", quoted(std::string_view(caller.origin.parent_span_id)));
  }
  event.resources = resources_;
  event.read_only = operation_.read_only;
  event.service_event = service_event_;
  return event;
}

}  // namespace kagimori
