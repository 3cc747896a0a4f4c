#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"

namespace kagimori {

struct ClientCredentials {
  std::string access_key_id;
  SecretBytes secret_access_key;  // text
  std::string session_token;      // empty for long-term credentials
};

// Where the server is and who asks.
struct ClientSettings {
  std::string endpoint;   // http://host[:port] or https://host[:port], without a path
  std::string host;       // as in the Host header: host, and the port where the endpoint names one
  std::string ca_bundle;  // a file; empty: the system's
  std::string region;
  ClientCredentials credentials;
};

// The value of an environment variable, nullopt when it is not set.
using Variables = std::function<std::optional<std::string>(const char* name)>;
Variables process_variables();

// From AWS_ENDPOINT_URL (or AWS_ENDPOINT_URL_KMS; `endpoint`, when not empty, wins), AWS_CA_BUNDLE, AWS_DEFAULT_REGION
// (or AWS_REGION; us-east-1), AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN. kBadConfiguration names
// what is missing or wrong, and DIR/env.
Result<ClientSettings> client_settings(const Variables& variables, std::string_view endpoint);

}  // namespace kagimori
