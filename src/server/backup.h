#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "server/config.h"

namespace kagimori {

struct Backup {
  std::string store_id;
  std::uint64_t revision = 0;  // of the store, at which the copy is consistent
  std::uintmax_t bytes = 0;
  std::string not_opened;  // why the copy was not opened with the root key; empty when it was
};

// Copies the store of a configuration into one file (mode 0600) at one store revision, beside a server that may be
// running on it. The copy is read through, and opened with the root key where its file can be read. A line in the
// audit log says that the copy was made; without that line there is no copy. kAlreadyExists rather than overwriting.
Result<Backup> back_up_store(const Config& config, const std::filesystem::path& target);

}  // namespace kagimori
