#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "engine/identity_snapshot.h"

namespace kagimori {

enum class Dialect : std::uint8_t { kAwsKms, kAwsIam, kAwsSts, kKagimori };
std::string_view event_source(Dialect dialect);  // kms.amazonaws.com, ...

// Which planes the listener of a request serves (design, section 8).
struct Planes {
  bool data = true;
  bool management = true;
};

// How a request came, before anybody knows from whom.
struct Origin {
  Dialect dialect = Dialect::kAwsKms;
  Planes planes;
  std::string source_address;
  std::string user_agent;
  std::string tls_version, tls_cipher;  // empty without TLS
  std::string request_id;
  std::string trace_id, parent_span_id;  // W3C Trace Context; empty where the client sent none
};

// Who asks, how and when. Made by Engine::authenticate, passed to every verb.
struct Caller {
  std::shared_ptr<const IdentitySnapshot> identity;
  Origin origin;
  std::string region;  // that the request was signed for
  Timestamp time;      // real time of arrival
};

}  // namespace kagimori
