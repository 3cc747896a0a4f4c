#include "audit/verifier.h"

#include <fmt/format.h>

#include <algorithm>

#include "audit/first_misfit.h"
#include "audit/log_key.h"
#include "audit/log_reader.h"
#include "audit/pruning.h"
#include "audit/tiles.h"
#include "store/store_file.h"

namespace kagimori::audit {
namespace {

constexpr std::size_t kMaxNote = std::size_t{64} << 10;
constexpr std::size_t kMaxNotes = std::size_t{16} << 20;

Finding finding(Defect defect, std::string sentence) { return {defect, std::nullopt, std::move(sentence)}; }

// A checkpoint with the key that signed it, or what is wrong with it.
struct CheckedNote {
  Checkpoint checkpoint;
  std::string key;
  std::optional<Finding> finding;
};

CheckedNote check_note(CryptoContext& crypto, std::string_view what, std::string_view note,
                       const std::vector<NoteVerifier>& keys) {
  CheckedNote checked;
  const auto bad = [&](Defect defect, std::string sentence) {
    checked.finding = finding(defect, std::move(sentence));
    return checked;
  };
  const Result<SignedNote> parsed = parse_signed_note(note);
  if (!parsed) return bad(Defect::kCheckpoint, fmt::format("The {} is damaged. {}", what, parsed.error().message));
  const Result<const NoteVerifier*> signer = signer_of(crypto, *parsed, keys);
  if (!signer) return bad(Defect::kKey, fmt::format("The {} is forged. {}", what, signer.error().message));
  if (*signer == nullptr) return bad(Defect::kKey, fmt::format("The {} is not signed by the log's key.", what));
  checked.key = (*signer)->line();
  const Result<Checkpoint> checkpoint = parse_checkpoint(parsed->text);
  if (!checkpoint) {
    return bad(Defect::kCheckpoint, fmt::format("The {} is damaged. {}", what, checkpoint.error().message));
  }
  checked.checkpoint = *checkpoint;
  if (checkpoint->origin != (*signer)->name()) {
    return bad(Defect::kCheckpoint, fmt::format("The {} is of another log, {}.", what, checkpoint->origin));
  }
  return checked;
}

// Goes through the folder once and finds what does not fit.
class LogCheck {
 public:
  LogCheck(CryptoContext& crypto, const LogFolder& folder, const Checkpoint& checkpoint,
           std::optional<Checkpoint> older, std::uint64_t pruned)
      : crypto_(crypto),
        folder_(folder),
        checkpoint_(checkpoint),
        older_(std::move(older)),
        pruned_(pruned),
        tiles_(crypto, folder.path, checkpoint.size) {}

  Status run(Verification& result) {
    TRY_ASSIGN(LogReader reader, LogReader::open(folder_));
    if (reader.first() > pruned_) {
      result.finding = Finding{Defect::kPruning, 0,
                               fmt::format("The events before {} are missing, and no note that is signed by the log's "
                                           "key says that they were removed.",
                                           reader.first())};
      return {};
    }
    result.pruned = std::min(reader.first(), checkpoint_.size);
    TRY(add_pruned(result.pruned));
    for (;;) {
      compare_roots();
      TRY_ASSIGN(const auto line, reader.next());
      if (!line) break;
      if (tree_.size() >= checkpoint_.size) {
        ++result.unsigned_events;
      } else {
        add(leaf_hash(crypto_, as_bytes(line->text)));
        ++result.events;
      }
    }
    return judge(result);
  }

 private:
  Status add_pruned(std::uint64_t count) {
    for (std::uint64_t index = 0; index < count / kTileWidth; ++index) {
      TRY_ASSIGN(const std::vector<Hash> hashes, tiles_.tile(0, index));
      for (const Hash& hash : hashes) add(hash);
    }
    return {};
  }

  void add(const Hash& leaf) {
    tree_.append(crypto_, leaf);
    // The hashes that lie in tiles, level by level.
    Hash hash = leaf;
    for (unsigned level = 0; level <= kMaxTileLevel; ++level) {
      std::vector<Hash>& edge = edges_[level];
      edge.push_back(hash);
      if (edge.size() < kTileWidth) return;
      compare_tile(level);
      hash = subtree_root(crypto_, edge);
      edge.clear();
      ++full_[level];
    }
  }

  void compare_tile(unsigned level) {
    if (bad_tile_ || edges_[level].empty()) return;
    const Result<std::vector<Hash>> tile = tiles_.tile(level, full_[level]);
    if (tile && *tile == edges_[level]) return;
    bad_tile_ = tile_path(level, full_[level], edges_[level].size());
    if (!tile) bad_tile_ = fmt::format("{} ({})", *bad_tile_, tile.error().message);
  }

  void compare_roots() {
    if (older_ && tree_.size() == older_->size) {
      is_older_right_ = tree_.root(crypto_) == older_->root;
      older_->size = UINT64_MAX;
    }
    if (!is_at_checkpoint_ && tree_.size() == checkpoint_.size) {
      is_at_checkpoint_ = true;
      is_right_ = tree_.root(crypto_) == checkpoint_.root;
      for (unsigned level = 0; level <= kMaxTileLevel; ++level) compare_tile(level);
    }
  }

  Status judge(Verification& result) {
    if (!is_right_) {
      TRY_ASSIGN(result.finding, first_misfit(crypto_, folder_, checkpoint_));
    } else if (!is_older_right_) {
      result.finding = finding(Defect::kHistory,
                               "The log is signed, but it is not the one of the older checkpoint: one of the events "
                               "before that was changed, and the log signed anew.");
    } else if (bad_tile_) {
      result.finding = finding(Defect::kTile, fmt::format("The events are right, but a tile is not: {}.", *bad_tile_));
    }
    return {};
  }

  CryptoContext& crypto_;
  const LogFolder& folder_;
  const Checkpoint& checkpoint_;
  std::optional<Checkpoint> older_;
  const std::uint64_t pruned_;
  TileReader tiles_;
  GrowingTree tree_;
  std::array<std::vector<Hash>, kMaxTileLevel + 1> edges_;
  std::array<std::uint64_t, kMaxTileLevel + 1> full_{};
  std::optional<std::string> bad_tile_;
  bool is_older_right_ = true;
  bool is_at_checkpoint_ = false;
  bool is_right_ = false;
};

Result<std::string> key_lines(const VerifyOptions& options, const LogFolder& folder) {
  if (options.public_key) return *options.public_key;
  return read_log_file(folder.public_key(), kMaxNote);
}

Result<std::string> read_or_empty(const std::filesystem::path& file) {
  Result<std::string> text = read_log_file(file, kMaxNotes);
  if (!text && text.error().code == ErrorCode::kNotFound) return std::string();
  return text;
}

std::optional<Finding> check_older(const Checkpoint& older, const Checkpoint& checkpoint) {
  if (older.origin != checkpoint.origin) {
    return finding(Defect::kHistory, fmt::format("The older checkpoint is of another log, {}.", older.origin));
  }
  if (older.size <= checkpoint.size) return std::nullopt;
  return Finding{Defect::kHistory, checkpoint.size,
                 fmt::format("The log ends at event {}, but the older checkpoint had {} events: it was cut short.",
                             checkpoint.size, older.size)};
}

}  // namespace

std::string_view defect_name(Defect defect) {
  switch (defect) {
    case Defect::kKey:
      return "key";
    case Defect::kCheckpoint:
      return "checkpoint";
    case Defect::kHistory:
      return "history";
    case Defect::kChanged:
      return "changed";
    case Defect::kRemoved:
      return "removed";
    case Defect::kInserted:
      return "inserted";
    case Defect::kReordered:
      return "reordered";
    case Defect::kTile:
      return "tile";
    case Defect::kPruning:
      return "pruning";
  }
  return {};
}

std::vector<std::string_view> split_notes(std::string_view file) {
  std::vector<std::string_view> notes;
  while (!file.empty()) {
    // The first empty line ends the text, the second the signatures.
    const std::size_t text = file.find("\n\n");
    const std::size_t end = text == std::string_view::npos ? text : file.find("\n\n", text + 2);
    const std::size_t size = end == std::string_view::npos ? file.size() : end + 1;
    notes.push_back(file.substr(0, size));
    file.remove_prefix(std::min(file.size(), size + 1));
  }
  return notes;
}

Result<std::vector<NoteVerifier>> follow_keys(CryptoContext& crypto, std::string_view lines, std::string_view changes) {
  std::vector<NoteVerifier> keys;
  while (!lines.empty()) {
    const std::string_view line = take_line(lines);
    if (line.empty()) continue;
    TRY_ASSIGN(NoteVerifier key, NoteVerifier::parse(crypto, line));
    keys.push_back(std::move(key));
  }
  if (keys.empty()) return fail(ErrorCode::kValidation, "No public key of an audit log was given.");
  for (const std::string_view note : split_notes(changes)) {
    const Result<SignedNote> parsed = parse_signed_note(note);
    if (!parsed) continue;
    const Result<const NoteVerifier*> signer = signer_of(crypto, *parsed, keys);
    if (!signer || *signer == nullptr) continue;  // by a key from before the given one, or by a forger: no key is won
    const Result<KeyChange> change = parse_key_change(parsed->text);
    if (!change || change->origin != (*signer)->name()) continue;
    TRY_ASSIGN(NoteVerifier key, NoteVerifier::parse(crypto, change->verifier));
    keys.push_back(std::move(key));
  }
  return keys;
}

Result<Verification> verify_log(CryptoContext& crypto, const VerifyOptions& options) {
  const LogFolder folder{options.folder};
  if (!is_there(folder.segments())) {
    return fail(ErrorCode::kNotFound,
                fmt::format("{} has no segments of an audit log. Give the log's folder: `audit` in "
                            "the data folder, unless audit.folder names another.",
                            folder.path.string()));
  }
  TRY_ASSIGN(const std::string lines, key_lines(options, folder));
  TRY_ASSIGN(const std::string changes, read_or_empty(folder.key_changes()));
  TRY_ASSIGN(const std::vector<NoteVerifier> keys, follow_keys(crypto, lines, changes));
  TRY_ASSIGN(const std::string note, read_log_file(folder.checkpoint(), kMaxNote));
  Verification result;
  const CheckedNote newest = check_note(crypto, "checkpoint", note, keys);
  result.checkpoint = newest.checkpoint;
  result.key = newest.key;
  result.finding = newest.finding;
  if (result.finding) return result;
  std::optional<Checkpoint> older;
  if (options.from) {
    const CheckedNote from = check_note(crypto, "older checkpoint", *options.from, keys);
    result.finding = from.finding ? from.finding : check_older(from.checkpoint, newest.checkpoint);
    if (result.finding) return result;
    older = from.checkpoint;
  }
  TRY_ASSIGN(const std::string pruning, read_or_empty(folder.pruned()));
  const std::uint64_t pruned = pruned_events(crypto, pruning, keys);
  TRY(LogCheck(crypto, folder, result.checkpoint, older, pruned).run(result));
  return result;
}

}  // namespace kagimori::audit
