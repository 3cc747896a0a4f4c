#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <functional>
#include <string>

#include "cli/audit_commands.h"
#include "cli/audit_search.h"
#include "cli/client_commands.h"
#include "cli/commands.h"

namespace kagimori::cli {

// Where the options of every command are read into, and the command that was chosen.
struct Arguments {
  InitOptions init;
  std::filesystem::path config, to, policy_file;
  RestoreOptions restore;
  ClientOptions client;
  ImportOptions import;
  KeyUsageOptions key_usage;
  KeyLimitOptions key_limit;
  VerifyAuditOptions verify_audit;
  ProveEventOptions prove_event;
  VerifyEventOptions verify_event;
  ConsistencyOptions consistency;
  SearchAuditOptions search_audit;
  ExportAuditOptions export_audit;
  VerifyExportOptions verify_export;
  std::string reason;
  bool no_expiry = false;  // there is nothing to tell: it is so without a date
  std::string account, account_name, account_id, user, path = "/", policy, access_key;

  std::function<Status()> command;
};

// A command that ends here: `run` is what it does.
CLI::App* add(CLI::App* parent, Arguments& arguments, const std::string& name, const std::string& what,
              std::function<Status()> run);
CLI::App* add_group(CLI::App* parent, const std::string& name, const std::string& what);
// An empty path would be the current folder.
std::string refuse_empty_path(const std::string& path);

// The commands of client_commands.h.
void add_client_commands(CLI::App* app, Arguments& arguments);

}  // namespace kagimori::cli
