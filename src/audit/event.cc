#include "audit/event.h"

#include "base/log.h"

namespace kagimori::audit {
namespace {

class Line {
 public:
  explicit Line(std::string& out) : out_(out) {}

  Line& text(std::string_view name, std::string_view value) {
    if (value.empty()) return *this;
    key(name);
    append_json_string(out_, value);
    return *this;
  }
  Line& raw(std::string_view name, std::string_view json) {
    key(name);
    out_ += json;
    return *this;
  }
  Line& object(std::string_view name, const std::vector<std::pair<std::string_view, std::string>>& members) {
    if (members.empty()) return raw(name, "null");
    begin(name);
    for (const auto& [member, json] : members) raw(member, json);
    return end();
  }
  Line& begin(std::string_view name) {
    key(name);
    out_.push_back('{');
    first_ = true;
    return *this;
  }
  Line& end() {
    out_.push_back('}');
    first_ = false;
    return *this;
  }

 private:
  void key(std::string_view name) {
    if (!first_) out_.push_back(',');
    first_ = false;
    out_.push_back('"');
    out_ += name;
    out_ += "\":";
  }

  std::string& out_;
  bool first_ = true;
};

// arn:partition:service:region:ACCOUNT:resource
std::string_view account_of_arn(std::string_view arn) {
  for (int colon = 0; colon < 4; ++colon) arn.remove_prefix(std::min(arn.find(':'), arn.size() - 1) + 1);
  return arn.substr(0, arn.find(':'));
}

void append_resources(std::string& out, const Event& event) {
  out += "[";
  for (const std::string& arn : event.resources) {
    if (out.back() != '[') out.push_back(',');
    out += R"({"accountId":)";
    append_json_string(out, account_of_arn(arn));
    out += R"(,"type":"AWS::KMS::Key","ARN":)";
    append_json_string(out, arn);
    out.push_back('}');
  }
  out += "]";
}

void append_session(Line& line, const SessionContext& session) {
  line.begin("sessionContext");
  if (!session.role_arn.empty()) {
    line.begin("sessionIssuer")
        .text("type", "Role")
        .text("principalId", session.role_id)
        .text("arn", session.role_arn)
        .text("accountId", session.role_account)
        .text("userName", session.role_name)
        .end();
  }
  line.begin("attributes").text("creationDate", to_iso8601(session.created)).text("mfaAuthenticated", "false").end();
  line.text("sourceIdentity", session.source_identity).end();
}

void append_whole(std::string& out, const Event& event) {
  out.push_back('{');
  Line line(out);
  line.text("eventVersion", "1.11").begin("userIdentity");
  line.text("type", event.user.type)
      .text("principalId", event.user.principal_id)
      .text("arn", event.user.arn)
      .text("accountId", event.user.account)
      .text("accessKeyId", event.user.access_key_id)
      .text("userName", event.user.user_name);
  if (event.session) append_session(line, *event.session);
  line.end();
  line.text("eventTime", to_iso8601_micros(event.time))
      .text("eventSource", event.source)
      .text("eventName", event.name)
      .text("awsRegion", event.region)
      .text("sourceIPAddress", event.source_address)
      .text("userAgent", event.user_agent)
      .text("errorCode", event.error_code)
      .text("errorMessage", event.error_message)
      .object("requestParameters", event.request_parameters)
      .object("responseElements", event.response_elements);
  if (!event.additional_data.empty()) line.object("additionalEventData", event.additional_data);
  line.text("requestID", event.request_id)
      .text("eventID", event.event_id)
      .raw("readOnly", event.read_only ? "true" : "false");
  if (!event.resources.empty()) {
    line.raw("resources", "");
    append_resources(out, event);
  }
  if (!event.service_event_details.empty()) line.object("serviceEventDetails", event.service_event_details);
  line.text("eventType", event.service_event ? "AwsServiceEvent" : "AwsApiCall")
      .raw("managementEvent", "true")
      .text("eventCategory", "Management")
      // What the clock did concerns the account whose key it was.
      .text("recipientAccountId", event.account.empty() && !event.resources.empty()
                                      ? account_of_arn(event.resources.front())
                                      : event.account);
  if (!event.tls_version.empty()) {
    line.begin("tlsDetails").text("tlsVersion", event.tls_version).text("cipherSuite", event.tls_cipher).end();
  }
  out += "}\n";
}

// Long enough for every text that people write.
constexpr std::size_t kMaxText = 1'024;

// Not within a character.
std::string_view cut(std::string_view text) {
  if (text.size() <= kMaxText) return text;
  std::size_t end = kMaxText;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end);
}

void omit(std::vector<std::pair<std::string_view, std::string>>& members) {
  if (members.empty()) return;
  std::size_t size = 0;
  for (const auto& [name, json] : members) size += name.size() + json.size() + 4;
  members = {{"omitted", "true"},
             {"originalSize", std::to_string(size)},
             {"reason", "\"The event would have been too long.\""}};
}

}  // namespace

void append_json_line(std::string& out, const Event& event) {
  const std::size_t begin = out.size();
  append_whole(out, event);
  if (out.size() - begin <= kMaxLine) return;
  out.resize(begin);
  Event shorter = event;
  omit(shorter.request_parameters);
  omit(shorter.response_elements);
  omit(shorter.additional_data);
  omit(shorter.service_event_details);
  shorter.user_agent = cut(event.user_agent);
  shorter.error_message = cut(event.error_message);
  append_whole(out, shorter);
}

}  // namespace kagimori::audit
