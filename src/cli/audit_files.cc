#include "cli/audit_files.h"

#include "audit/signed_note.h"
#include "audit/verifier.h"
#include "server/data_folder.h"

namespace kagimori::cli {

Result<audit::Checkpoint> checkpoint_in(std::string_view note) {
  TRY_ASSIGN(const audit::SignedNote parsed, audit::parse_signed_note(note));
  return audit::parse_checkpoint(parsed.text);
}

Result<FolderCheckpoint> checkpoint_of(const audit::LogFolder& folder) {
  FolderCheckpoint found;
  TRY_ASSIGN(found.note, read_small_file(folder.checkpoint()));
  TRY_ASSIGN(found.checkpoint, checkpoint_in(found.note));
  return found;
}

Result<ProofCheckpoint> proof_checkpoint(CryptoContext& crypto, std::string_view note,
                                         const std::filesystem::path& public_key) {
  TRY_ASSIGN(const std::string lines, read_small_file(public_key));
  TRY_ASSIGN(const auto keys, audit::follow_keys(crypto, lines, {}));
  TRY_ASSIGN(const audit::SignedNote parsed, audit::parse_signed_note(note));
  TRY_ASSIGN(const audit::NoteVerifier* const signer, audit::signer_of(crypto, parsed, keys));
  if (signer == nullptr) return fail(ErrorCode::kCorrupt, "The proof's checkpoint is not signed by the given key.");
  TRY_ASSIGN(audit::Checkpoint checkpoint, audit::parse_checkpoint(parsed.text));
  if (checkpoint.origin != signer->name()) {
    return fail(ErrorCode::kCorrupt, "The proof's checkpoint is of another log than the given key.");
  }
  return ProofCheckpoint{std::move(checkpoint), signer->line()};
}

}  // namespace kagimori::cli
