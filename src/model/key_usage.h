#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "model/ids.h"

namespace kagimori {

// The last use of a key, in lifecycle time. Table kKeyUsages.
struct KeyLastUsage {
  RowId row;
  AccountId account;
  std::string operation;  // of AWS KMS: "Encrypt"
  Timestamp when;
  std::string event_id, request_id;  // of the audit event and the request
  bool operator==(const KeyLastUsage&) const = default;
};

// How often an operation has used a key, and on how much.
struct OperationUse {
  std::string operation;  // as IAM names the action, so "ReEncryptFrom" and "ReEncryptTo"
  std::uint64_t count = 0;
  std::uint64_t bytes = 0;  // that were given to the key, see docs/usage.md
  bool operator==(const OperationUse&) const = default;
};

// What one principal has done with one version of a key, in lifecycle time. Table kKeyUseCounts.
struct KeyUseCount {
  RowId row;
  AccountId account;  // of the key
  std::uint32_t version = 1;
  std::string principal;  // unique id of a user or role, or the account of a root user; empty: all others together
  std::string arn;        // of the principal, when it last used the key
  Timestamp first, last;
  std::vector<OperationUse> operations;  // sorted by name
  bool operator==(const KeyUseCount&) const = default;
};
// Adds uses of the same key, version and principal.
void add(KeyUseCount& total, const KeyUseCount& more);
// Of the operations that protect: what a usage limit is about (NIST SP 800-57 part 1, "originator usage").
bool protects(std::string_view operation);

// How much each version of a key may protect (KMIP 2.1, "Usage Limits"). Table kUsageLimits.
struct UsageLimit {
  RowId row;
  AccountId account;
  std::optional<std::uint64_t> maximum_uses, maximum_bytes;  // at least one of them
  std::uint16_t warning_percent = 80;
  bool rotates = false;  // when the warning is due, instead of it
  bool operator==(const UsageLimit&) const = default;
};

// How much of that has been given out to be used, so at least what was used. Table kUsageReservations.
struct UsageReservation {
  RowId row;
  AccountId account;
  std::uint32_t version = 1;
  std::uint64_t uses = 0, bytes = 0;
  bool warned = false;
  bool operator==(const UsageReservation&) const = default;
};

}  // namespace kagimori
