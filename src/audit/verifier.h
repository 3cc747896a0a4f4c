#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "audit/checkpoint.h"
#include "audit/signed_note.h"

namespace kagimori::audit {

// Checks a copy of a log's folder with nothing but the public key: every event against the signed checkpoint, every
// tile, and the history since an older checkpoint. Needs no store and no server.

struct VerifyOptions {
  std::filesystem::path folder;
  // One or more lines; without them the folder's own, which prove nothing against who wrote it.
  std::optional<std::string> public_key;
  std::optional<std::string> from;  // an older checkpoint, a signed note
};

// What is wrong with a log.
enum class Defect {
  kKey,         // the checkpoint, or a change of the key, is not signed by the given key
  kCheckpoint,  // the checkpoint is damaged or of another log
  kHistory,     // the log does not go on from the older checkpoint
  kChanged,     // an event is another one
  kRemoved,
  kInserted,
  kReordered,
  kTile,     // the events are right, but not the hashes beside them
  kPruning,  // the first events are gone, and no signed note says so
};
std::string_view defect_name(Defect defect);  // "changed"

struct Finding {
  Defect defect = Defect::kChanged;
  std::optional<std::uint64_t> event;  // the index of the first event that is concerned
  std::string sentence;
};

struct Verification {
  Checkpoint checkpoint;
  std::string key;                    // that signed it
  std::uint64_t events = 0;           // under the checkpoint, in the folder
  std::uint64_t pruned = 0;           // at the front, removed by the retention: proved by their hashes alone
  std::uint64_t unsigned_events = 0;  // after the checkpoint: nothing is known of them yet
  std::optional<Finding> finding;
};

// kNotFound, kIo and kValidation where there is nothing to check: no log in the folder, no key, no checkpoint given.
Result<Verification> verify_log(CryptoContext& crypto, const VerifyOptions& options);

// The keys that a log's checkpoints may be signed by: the given lines, and those that they introduce one after the
// other in the folder's notes.
Result<std::vector<NoteVerifier>> follow_keys(CryptoContext& crypto, std::string_view lines, std::string_view changes);
// Notes that follow each other in one file, each ended by an empty line after its signatures.
std::vector<std::string_view> split_notes(std::string_view file);

}  // namespace kagimori::audit
