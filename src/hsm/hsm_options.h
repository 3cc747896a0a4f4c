#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace kagimori {

// One token that serves as a cluster.
struct HsmClusterOptions {
  std::string id;           // "cluster-" and 11 to 16 of a-z, A-Z, 2-7
  std::string module;       // path of the PKCS #11 module
  std::string token_label;  // of the token, up to 32 bytes
  std::string user;         // who logs in: the PIN is "user:password" then; empty: it is the password alone
  Bytes trust_anchor;       // the cluster's certificate in DER
  std::vector<std::string> environment;    // "NAME=value": all that the module's process has
  std::size_t sessions = 4;                // processes, each with a session, that may be open at once
  std::chrono::milliseconds limit{2'000};  // for one operation; login and the making of a key have five times as long
};

}  // namespace kagimori
