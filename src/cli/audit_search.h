#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/result.h"

namespace kagimori::cli {

// Looking through an audit log, as the commands in audit_commands.h on its folder or on a copy.

// Empty members ask for nothing. Times: "2026-11-22", "2026-11-22T09:51Z", or how long ago: "30m", "24h", "7d", "2w".
struct SearchAuditOptions {
  std::filesystem::path folder;
  std::string key;        // id, ARN or alias
  std::string principal;  // ARN, or the last part of it
  std::string operation, address, event_id, request_id, trace_id;
  std::string result;  // ok, failed, denied or an error's code
  std::string from, to;
  std::uint64_t limit = 50;  // 0: all
  bool oldest_first = false;
  bool scan = false;
  bool json = false;
};
Status search_audit_log(const SearchAuditOptions& options);

// The events from one time to another with the proof that they are all of them: FILE and FILE.range-proof.
struct ExportAuditOptions {
  std::filesystem::path folder, output;
  std::string from, to;
  std::string format;  // jsonl or csv; empty: what the file's name says
};
Status export_audit_log(const ExportAuditOptions& options);

struct VerifyExportOptions {
  std::filesystem::path file, proof, public_key;
};
Status verify_audit_export(const VerifyExportOptions& options);

}  // namespace kagimori::cli
