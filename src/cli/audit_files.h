#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "audit/checkpoint.h"
#include "audit/log_files.h"
#include "crypto/context.h"

namespace kagimori::cli {

// What the commands on audit logs read from files.

// The checkpoint in a signed note; whose signature it has is not looked at.
Result<audit::Checkpoint> checkpoint_in(std::string_view note);

// The newest checkpoint of a folder, with its note as it lies there.
struct FolderCheckpoint {
  std::string note;
  audit::Checkpoint checkpoint;
};
Result<FolderCheckpoint> checkpoint_of(const audit::LogFolder& folder);

// The checkpoint that a proof leads to, once its signature by a key of the file has been checked. kCorrupt otherwise.
struct ProofCheckpoint {
  audit::Checkpoint checkpoint;
  std::string key;  // that signed it
};
Result<ProofCheckpoint> proof_checkpoint(CryptoContext& crypto, std::string_view note,
                                         const std::filesystem::path& public_key);

}  // namespace kagimori::cli
