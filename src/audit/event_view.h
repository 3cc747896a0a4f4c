#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/json.h"

namespace kagimori::audit {

// What a line of the log says, as far as people search for it and tables show it. Views are lent by the EventParser
// until its next line. Members that a line does not have are empty.
struct EventView {
  std::string_view time;  // 2026-11-22T09:51:18.123456Z: the order of texts is that of time
  std::string_view event_id, request_id, trace_id;
  std::string_view source, operation;  // kms.amazonaws.com, Encrypt
  std::string_view principal_type;     // Root, IAMUser, AssumedRole, Service
  std::string_view principal;          // ARN
  std::string_view role;               // ARN of the role that a session is of
  std::string_view account;            // that the event concerns
  std::string_view asked_key;          // as the request named it
  std::vector<std::string_view> keys;  // ARNs
  std::string_view error_code, error_message;
  std::string_view address;
  std::string_view user_agent;
};

// One a thread.
class EventParser {
 public:
  // kSerialization for a line that is no event.
  Result<EventView> parse(std::string_view line);

 private:
  JsonDocument document_;
  std::string padded_;
};

// What an event can be found by. The value is the one that is compared: a key's id where the event has its ARN.
enum class TermKind : char {
  kEvent = 'e',
  kRequest = 'r',
  kTrace = 't',
  kKey = 'k',
  kPrincipal = 'p',
  kOperation = 'o',
  kError = 'x',  // its code, or one of the two words below
  kAddress = 'a',
};
struct Term {
  TermKind kind = TermKind::kEvent;
  std::string value;
  bool operator==(const Term&) const = default;
};
inline constexpr std::string_view kFailed = "failed";  // whatever the error
inline constexpr std::string_view kDenied = "denied";  // for want of a permission

struct TermView {
  TermKind kind;
  std::string_view value;
};
// Every term of an event, in no order; some may come twice.
void append_terms(const EventView& event, std::vector<TermView>& terms);

// The term that an event has which concerns this key: an id, an ARN or an alias.
Term key_term(std::string_view key);

// "alice" of arn:aws:iam::100000000001:user/team/alice, "root" of an account's root user.
std::string_view name_of_principal(std::string_view arn);

}  // namespace kagimori::audit
