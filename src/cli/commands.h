#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "base/result.h"

namespace kagimori::cli {

// The commands that work on files (design, section 2). Each prints for people on stdout and returns an error whose
// sentence main() prints.

struct InitOptions {
  std::filesystem::path data = "var";
  std::optional<std::uint16_t> port;
  std::optional<std::string> region;
};
// Makes a store, its root key file, certificates, a first configuration and DIR/env; on existing data only what is
// missing or about to expire.
Status init(const InitOptions& options);

Status serve(const std::filesystem::path& config_file);
Status check_config(const std::filesystem::path& config_file);

}  // namespace kagimori::cli
