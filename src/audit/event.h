#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace kagimori::audit {

// Who did it, as CloudTrail's userIdentity says it.
struct UserIdentity {
  std::string_view type;  // Root, IAMUser, or Service (the clock, recovery on files)
  std::string_view principal_id, arn, account, access_key_id, user_name;
};

// What temporary credentials add to it, as CloudTrail's sessionContext says it. A user's have no role.
struct SessionContext {
  Timestamp created;
  std::string_view source_identity;
  std::string_view role_id, role_arn, role_account, role_name;
};

// One thing that happened: a request of an identified caller, allowed or denied, or a change made by the clock. The
// form is CloudTrail's record (facts: AWS CloudTrail user guide, "CloudTrail record contents"). Only what is listed
// here can reach the log: there is no place for plaintext, key material, signatures or credentials. Views are lent for
// to_json_line.
struct Event {
  Timestamp time;
  std::string_view event_id;    // UUID
  std::string_view request_id;  // UUID; equals the x-amzn-RequestId of the answer
  std::string_view source;      // kms.amazonaws.com, iam.amazonaws.com, sts.amazonaws.com, kagimori
  std::string_view name;        // the operation
  std::string_view region, account;
  UserIdentity user;
  std::optional<SessionContext> session;
  std::string_view source_address, user_agent;
  std::string_view error_code, error_message;  // empty on success
  // Lower-camel-case members of requestParameters / responseElements / additionalEventData / serviceEventDetails;
  // values are JSON text already.
  std::vector<std::pair<std::string_view, std::string>> request_parameters;
  std::vector<std::pair<std::string_view, std::string>> response_elements;
  std::vector<std::pair<std::string_view, std::string>> additional_data;
  std::vector<std::pair<std::string_view, std::string>> service_event_details;
  std::vector<std::string> resources;  // key ARNs
  bool read_only = false;
  bool service_event = false;  // AwsServiceEvent: the clock did it
  std::string_view tls_version, tls_cipher;
};

// No line of the log is longer, with its line feed: what a transparency log takes (C2SP tlog-tiles: 65,535 bytes).
inline constexpr std::size_t kMaxLine = std::size_t{64} << 10;

// Appends one line of JSON with its line feed. Where it would be too long, the members of the request and of the answer
// are left out, and say so as CloudTrail's do ("omitted"), and texts are cut.
void append_json_line(std::string& out, const Event& event);

}  // namespace kagimori::audit
