#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "server/config.h"

namespace kagimori {

struct RestoreOptions {
  std::filesystem::path from;      // a file that `kagimori backup` made
  bool replace = false;            // a store that is there
  std::filesystem::path key_file;  // that opens the backup, where the root key has been rotated since; else empty
  bool accept_damage = false;      // restore a backup though records in it are damaged
};
struct Restored {
  std::string store_id;
  std::uint64_t revision = 0;          // of the backup
  std::size_t keys_destroyed = 0;      // that the backup still held and that were destroyed since
  std::size_t tombstones_carried = 0;  // of keys that the backup never had
};

// Makes the backup the store of a configuration, in one step: until then nothing of the present store is changed, and
// a failure brings it back. Every tombstone of the present store and of the backup is made true first: what was
// destroyed stays destroyed. The server must be stopped (kIo, "in use by process N").
// kAlreadyExists when there is a store and `replace` is not set; kConflict when it is another store than the backup's,
// or an earlier restore was cut short; kCorrupt and others when one of the two can't be read, or a record of the backup
// is damaged or forged.
Result<Restored> restore_store(const Config& config, const RestoreOptions& options);

}  // namespace kagimori
