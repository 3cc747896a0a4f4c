#include "audit/sequencer.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "audit/inbox.h"
#include "audit/pruning.h"
#include "audit/segment_reader.h"
#include "base/log.h"
#include "store/store_file.h"

namespace kagimori::audit {
namespace {

constexpr std::chrono::milliseconds kInterval{500};
constexpr std::chrono::seconds kBetweenRemembering{60};
constexpr std::size_t kMaxNote = std::size_t{64} << 10;

// Makes everything durable that was written to the file system of the folder.
Status sync_file_system(const std::filesystem::path& folder) {
  const UniqueFd file(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!file || ::syncfs(file.get()) != 0) return fail(file_error("synced", folder, errno));
  return {};
}

tl::unexpected<Error> not_the_log(const std::filesystem::path& folder, std::string_view what) {
  return fail(ErrorCode::kCorrupt,
              fmt::format("The audit log in {} is not what it was: {}. Put back the folder that belongs to this store "
                          "(`kagimori audit verify` tells what is missing), or begin a new log with `kagimori audit "
                          "restart`.",
                          folder.string(), what));
}

}  // namespace

Result<std::unique_ptr<Sequencer>> Sequencer::open(const Parts& parts) {
  std::unique_ptr<Sequencer> sequencer(new Sequencer(parts));
  TRY_ASSIGN(sequencer->crypto_, CryptoContext::create());
  std::optional<Checkpoint> known;
  {
    TRY_ASSIGN(const auto view, parts.store.read());
    TRY(sequencer->load_keys(*view));
    TRY_ASSIGN(known, read_known_checkpoint(*sequencer->crypto_, parts.keyrings, *view));
  }
  TRY(sequencer->check_history(known));
  return sequencer;
}

Status Sequencer::load_keys(ReadTransaction& view) {
  TRY_ASSIGN(std::vector<AuditKey> keys, read_log_keys(*crypto_, keyrings_, view));
  if (keys.empty()) return fail(ErrorCode::kNotFound, "The store has no key for the audit log.");
  TRY_ASSIGN(NoteSigner signer, open_log_key(*crypto_, keyrings_, keys.back()));
  signer_ = std::move(signer);
  keys_ = std::move(keys);
  return {};
}

// The public halves, for whoever copies the folder.
Status Sequencer::write_keys() {
  const LogFolder& folder = log_.folder();
  std::string changes;
  for (const AuditKey& key : keys_) {
    if (!key.introduction.empty()) changes += key.introduction + "\n";
  }
  TRY(replace_log_file(folder.public_key(), as_bytes(keys_.front().verifier + "\n"), Durable::kYes));
  return changes.empty() ? Status() : replace_log_file(folder.key_changes(), as_bytes(changes), Durable::kYes);
}

Result<Checkpoint> Sequencer::read_checkpoint() {
  const LogFolder& folder = log_.folder();
  const Result<std::string> note = read_log_file(folder.checkpoint(), kMaxNote);
  if (!note && note.error().code == ErrorCode::kNotFound) {
    return Checkpoint{keys_.back().origin, 0, empty_root(*crypto_)};
  }
  if (!note) return fail(note.error());
  const Result<SignedNote> parsed = parse_signed_note(*note);
  if (!parsed) return not_the_log(folder.path, "its checkpoint is damaged");
  TRY_ASSIGN(const std::vector<NoteVerifier> known, log_verifiers(*crypto_, keys_));
  const Result<const NoteVerifier*> signer = signer_of(*crypto_, *parsed, known);
  if (!signer || *signer == nullptr) return not_the_log(folder.path, "its checkpoint is not signed by the store's key");
  const Result<Checkpoint> checkpoint = parse_checkpoint(parsed->text);
  if (!checkpoint || checkpoint->origin != keys_.back().origin) {
    return not_the_log(folder.path, "its checkpoint is of another log");
  }
  latest_ = {*checkpoint, *note, {}};
  return *checkpoint;
}

Status Sequencer::check_history(const std::optional<Checkpoint>& known) {
  const std::filesystem::path& folder = log_.folder().path;
  TRY_ASSIGN(const Checkpoint signed_last, read_checkpoint());
  if (signed_last.size > log_.lines()) {
    return not_the_log(folder, fmt::format("it has {} events, but {} were signed", log_.lines(), signed_last.size));
  }
  to_match_ = signed_last;
  TRY(resume());
  if (!known) return {};
  remembered_ = *known;
  if (known->origin != signed_last.origin || known->size > signed_last.size) {
    return not_the_log(folder, fmt::format("the store knows of {} signed events, the folder of {}", known->size,
                                           known->origin == signed_last.origin ? signed_last.size : 0));
  }
  TileReader tiles(*crypto_, folder, tiles_.size());
  const Result<Hash> root = tree_root(*crypto_, tiles.source(), known->size);
  if (!root) return fail(root.error());
  if (*root != known->root)
    return not_the_log(folder, fmt::format("one of its first {} events was changed", known->size));
  return {};
}

// Hashes once more what follows the last whole segment before the checkpoint: tiles of that are on disk for certain.
Status Sequencer::resume() {
  const std::filesystem::path& folder = log_.folder().path;
  const Result<std::vector<Log::Extent>> extents = log_.extents(to_match_->size);
  if (!extents) return not_the_log(folder, "segments are missing");
  segment_ = extents->front().segment->first;
  TRY(tiles_.resume(*crypto_, segment_));
  for (const Log::Extent& extent : *extents) TRY(read_lines(extent));
  if (to_match_) return not_the_log(folder, "events at its end are not those that were signed");
  return tiles_.write();
}

Status Sequencer::read_lines(const Log::Extent& extent) {
  if (extent.segment->first < segment_) return {};
  if (extent.segment->first > segment_) {
    if (extent.segment->first != tiles_.size()) {
      return fail(ErrorCode::kCorrupt,
                  fmt::format("A segment of the audit log ends at event {}, the next begins at {}.", tiles_.size(),
                              extent.segment->first));
    }
    segment_ = extent.segment->first;
    position_ = 0;
    crossed_ = true;
  }
  const auto matches = [this] {
    if (to_match_ && tiles_.size() == to_match_->size && tiles_.root(*crypto_) == to_match_->root) to_match_.reset();
  };
  matches();
  // Read back from the file: what is signed is what the file says.
  SegmentReader reader(extent.segment->file.get(), position_, extent.bytes);
  std::string_view line;
  for (;;) {
    TRY_ASSIGN(const bool more, reader.next(line));
    if (!more) break;
    tiles_.append(*crypto_, leaf_hash(*crypto_, as_bytes(line)));
    position_ = reader.position();
    matches();
  }
  return {};
}

Status Sequencer::start() {
  const std::lock_guard lock(mutex_);
  TRY(write_keys());
  TRY(sequence());
  next_remember_ = std::chrono::steady_clock::now();
  thread_ = std::thread([this] { loop(); });
  return {};
}

Sequencer::~Sequencer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (!thread_.joinable()) return;
  thread_.join();
  turn();
  const std::lock_guard lock(mutex_);
  remember_newest();
}

void Sequencer::loop() {
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      wake_.wait_for(lock, kInterval, [this] { return stopping_; });
      if (stopping_) return;
    }
    turn();
  }
}

void Sequencer::turn() {
  const std::lock_guard lock(mutex_);
  take_in(log_);
  Status done = sequence();
  if (done && key_changed_.exchange(false)) {
    done = change_key();
    if (!done) key_changed_ = true;
  }
  if (!done && (!failed_ || failed_->message != done.error().message)) {
    LogLine(LogLevel::kError, "the audit log has no new checkpoint").field("reason", done.error().message);
  }
  if (done && failed_) LogLine(LogLevel::kInfo, "the audit log has checkpoints again");
  failed_ = done ? std::nullopt : std::optional(done.error());
  if (done && std::chrono::steady_clock::now() >= next_remember_) remember_newest();
}

void Sequencer::remember_newest() {
  next_remember_ = std::chrono::steady_clock::now() + kBetweenRemembering;
  if (latest_.checkpoint == remembered_) return;
  const Status remembered = save_known_checkpoint(*crypto_, keyrings_, store_, latest_.checkpoint);
  if (remembered) {
    remembered_ = latest_.checkpoint;
  } else {
    LogLine(LogLevel::kError, "the store does not know the newest checkpoint of the audit log")
        .field("reason", remembered.error().message);
  }
}

Status Sequencer::sequence() {
  TRY(log_.keep_file());
  const bool signed_all = log_.lines() == tiles_.size() && latest_.checkpoint.size == tiles_.size();
  if (signed_all && !latest_.note.empty()) return {};
  TRY_ASSIGN(const std::vector<Log::Extent> extents, log_.extents(tiles_.size()));
  for (const Log::Extent& extent : extents) {
    const Status read = read_lines(extent);
    if (read) continue;
    // What can't be read back can't be proved: going on would leave a gap that nobody sees.
    if (read.error().code == ErrorCode::kCorrupt) log_.break_off(read.error());
    return read;
  }
  for (const Log::Extent& extent : extents) {
    if (::fdatasync(extent.segment->file.get()) != 0) return fail(file_error("synced", log_.folder().path, errno));
  }
  return publish();
}

Status Sequencer::publish() {
  TRY(tiles_.write());
  if (crossed_) TRY(sync_file_system(log_.folder().path));
  crossed_ = false;
  Checkpoint checkpoint{keys_.back().origin, tiles_.size(), tiles_.root(*crypto_)};
  const std::string text = checkpoint_text(checkpoint);
  TRY_ASSIGN(std::string note, signer_->sign(*crypto_, text));
  // A signature that a fault has spoiled must not leave the house.
  TRY_ASSIGN(const SignedNote parsed, parse_signed_note(note));
  if (!signer_->verifier().accepts(*crypto_, text, parsed.signatures.front().signature)) {
    return fail(ErrorCode::kCrypto, "The checkpoint's signature does not verify.");
  }
  TRY(replace_log_file(log_.folder().checkpoint(), as_bytes(note), Durable::kYes));
  latest_ = {std::move(checkpoint), std::move(note), SystemClock().now()};
  log_.release(tiles_.size());
  return {};
}

SignedCheckpoint Sequencer::latest() const {
  const std::lock_guard lock(mutex_);
  return latest_;
}

Result<SignedCheckpoint> Sequencer::sign_now() {
  const std::lock_guard lock(mutex_);
  TRY(sequence());
  return latest_;
}

Result<InclusionProof> Sequencer::prove_inclusion(CryptoContext& crypto, std::uint64_t index) {
  TRY_ASSIGN(SignedCheckpoint now, sign_now());
  TileReader tiles(crypto, log_.folder().path, now.checkpoint.size);
  TRY_ASSIGN(std::vector<Hash> hashes, audit::inclusion_proof(crypto, tiles.source(), index, now.checkpoint.size));
  return InclusionProof{index, std::move(hashes), std::move(now)};
}

Result<ConsistencyProof> Sequencer::prove_consistency(CryptoContext& crypto, std::uint64_t old_size) {
  TRY_ASSIGN(SignedCheckpoint now, sign_now());
  TileReader tiles(crypto, log_.folder().path, now.checkpoint.size);
  TRY_ASSIGN(std::vector<Hash> hashes, audit::consistency_proof(crypto, tiles.source(), old_size, now.checkpoint.size));
  return ConsistencyProof{old_size, std::move(hashes), std::move(now)};
}

Status Sequencer::remove_before(std::uint64_t event) {
  const std::lock_guard lock(mutex_);
  TRY(sequence());
  const LogFolder& folder = log_.folder();
  TRY_ASSIGN(const std::vector<std::uint64_t> firsts, list_segments(folder));
  const auto kept = std::ranges::find(firsts, event);
  if (kept == firsts.end() || event > latest_.checkpoint.size) {
    return fail(ErrorCode::kValidation, fmt::format("No signed segment of the audit log begins at event {}.", event));
  }
  TRY_ASSIGN(const std::string note, signer_->sign(*crypto_, pruning_text(keys_.back().origin, event)));
  TRY(replace_log_file(folder.pruned(), as_bytes(note), Durable::kYes));
  for (auto first = firsts.begin(); first != kept; ++first) {
    for (const std::filesystem::path& file : {folder.segment(*first), folder.index(*first)}) {
      if (::unlink(file.c_str()) != 0 && errno != ENOENT) return fail(file_error("removed", file, errno));
    }
  }
  return sync_folder_of(folder.segment(event));
}

std::vector<std::string> Sequencer::verifiers() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> lines;
  for (const AuditKey& key : keys_) lines.push_back(key.verifier);
  return lines;
}

Status Sequencer::change_key() {
  {
    TRY_ASSIGN(const auto view, store_.read());
    TRY(load_keys(*view));
  }
  TRY(write_keys());
  return publish();
}

}  // namespace kagimori::audit
