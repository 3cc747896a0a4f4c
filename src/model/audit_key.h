#pragma once

#include <cstdint>
#include <string>

#include "model/key.h"

namespace kagimori {

// A key that signs the checkpoints of the audit log (audit/log_key.h). Table kAuditKeys, by number.
struct AuditKey {
  std::uint32_t number = 1;
  std::string origin;        // of the log that it signs
  std::string verifier;      // the public half, as one line: C2SP signed-note
  std::string introduction;  // signed by the key before it; empty for the first key of a log
  Timestamp created;
  WrappedMaterial secret;  // empty once another key has taken its place
  bool operator==(const AuditKey&) const = default;
};

}  // namespace kagimori
