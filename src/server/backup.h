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
  std::string not_opened;     // why the copy was not opened with the root key; empty when it was
  std::size_t damaged = 0;    // findings in the records; known only when it was opened
  std::string first_finding;  // a sentence
};

// Copies the store of a configuration into one file (mode 0600) at one store revision, beside a server that may be
// running on it. The copy is read through, and where the root key file can be read, every record in it is checked; one
// with damaged records is kept all the same. A line in the audit log says that the copy was made; without that line
// there is no copy. kAlreadyExists rather than overwriting; kCorrupt when it is another store's than the data folder's.
Result<Backup> back_up_store(const Config& config, const std::filesystem::path& target);

}  // namespace kagimori
