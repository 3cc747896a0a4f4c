#pragma once

#include <functional>
#include <string>
#include <vector>

#include "server/config.h"

namespace kagimori {

// Where the server listens, once it does.
struct ServerReady {
  std::vector<std::string> addresses;  // "https://127.0.0.1:8443"
};

// The server from start to end: opens the store and the root of trust, starts workers and listeners, calls `ready`, and
// runs until SIGTERM or SIGINT; then it finishes what is under way and returns. SIGHUP reloads the certificate. Call it
// on the process's first thread, before any other exists.
Status run_server(const Config& config, const std::function<void(const ServerReady&)>& ready);

}  // namespace kagimori
