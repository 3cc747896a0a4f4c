#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace kagimori {

// One [[audit_sinks]] of the configuration: where events go besides the audit log.
struct AuditSinkConfig {
  std::string name;
  std::string type;                // "file", "syslog" or "webhook"
  std::string path;                // of a file; absolute once loaded
  std::string address;             // of a syslog server: HOST:PORT
  bool tls = true;                 // to that server
  std::string url;                 // of a webhook, https
  std::string authorization_file;  // what its header Authorization says; absolute once loaded, empty: none
  std::string ca_file;             // absolute once loaded; empty: the system's authorities alone
  std::string events = "all";      // or "changes", "alarms"
  std::uint64_t most_behind = 1'000'000;
};

// Checks what stands in it. kBadConfiguration.
Status check_audit_sink(const AuditSinkConfig& sink);

}  // namespace kagimori
