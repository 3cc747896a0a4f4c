#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "net/http_message.h"

namespace kagimori::aws {

// How one ErrorCode looks on the wire of AWS's JSON 1.1 protocol (KMS) and of its Query protocol (IAM, STS): the one
// table. KMS answers 400 for every client fault (AWS KMS API reference, "Common Errors").
struct WireError {
  std::string_view json_type;  // "NotFoundException"
  int json_status = 400;
  std::string_view query_code;  // "NoSuchEntity"
  int query_status = 400;
};
const WireError& wire_error(ErrorCode code);
// The error that is named so in the JSON protocol, else in the Query protocol.
std::optional<ErrorCode> error_code_of(std::string_view wire_name);

HttpResponse json_success(std::string body, std::string_view request_id);
HttpResponse json_error(const Error& error, std::string_view request_id);
HttpResponse xml_success(std::string body, std::string_view request_id);
HttpResponse xml_error(const Error& error, std::string_view request_id, std::string_view xml_namespace);
// The Query protocol for who accepts JSON (STS).
HttpResponse query_json_success(std::string body, std::string_view request_id);
HttpResponse query_json_error(const Error& error, std::string_view request_id);

}  // namespace kagimori::aws
