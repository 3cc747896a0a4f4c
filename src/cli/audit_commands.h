#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "base/result.h"

namespace kagimori::cli {

// The commands that work on the folder of an audit log, or on a copy of it, without store, server or root key; all but
// `restart`, which begins a new one. As those in commands.h otherwise.

struct VerifyAuditOptions {
  std::filesystem::path folder, public_key, from;
  bool json = false;
};
Status verify_audit_log(const VerifyAuditOptions& options);

struct ProveEventOptions {
  std::filesystem::path folder, to;
  std::uint64_t index = 0;
};
// Writes the event to TO.json and its proof to TO.tlog-proof.
Status prove_event(const ProveEventOptions& options);

struct VerifyEventOptions {
  std::filesystem::path event, proof, public_key;
};
Status verify_event(const VerifyEventOptions& options);

// Prints the public keys of the log, the oldest first.
Status print_audit_keys(const std::filesystem::path& folder_path);

struct ConsistencyOptions {
  std::filesystem::path folder;
  std::uint64_t from = 0;
};
Status prove_consistency(const ConsistencyOptions& options);

Status restart_audit_log(const std::filesystem::path& config_file, const std::string& reason);

}  // namespace kagimori::cli
