#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "base/result.h"
#include "server/data_folder.h"
#include "server/restore.h"

namespace kagimori::cli {

// The commands that work on files (design, section 2). Each prints for people on stdout and returns an error whose
// sentence main() prints. All but `backup` and `check_config` refuse while a server holds the store.

struct InitOptions {
  std::filesystem::path data = "var";
  std::optional<std::uint16_t> port;
  std::optional<std::string> region;
};
// Makes a store, its root key file, certificates, a first configuration and DIR/env; on existing data only what is
// missing or about to expire.
Status init(const InitOptions& options);

struct PreparedFolder {
  DataFolder folder;
  Config config;
};
// The part of init that comes before the store: the folder, its configuration and its certificates.
Result<PreparedFolder> prepare_data_folder(const InitOptions& options);

Status serve(const std::filesystem::path& config_file);
Status check_config(const std::filesystem::path& config_file);

// A new root key; the old one, and with it every older copy of the key file, opens the store no more.
Status rotate_root_key(const std::filesystem::path& config_file);
// A new access key for the root user of an account, by who holds the root key file.
Status recover_root_user(const std::filesystem::path& config_file, const std::string& account);

Status back_up(const std::filesystem::path& config_file, const std::filesystem::path& target);
Status restore(const std::filesystem::path& config_file, const RestoreOptions& options);
// The same into a folder that may be new: it gets what init gives it, except a store of its own.
Status restore_into(const InitOptions& folder, const RestoreOptions& options);
Status check_store_file(const std::filesystem::path& config_file);

}  // namespace kagimori::cli
