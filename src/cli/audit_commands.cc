#include "cli/audit_commands.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "audit/find_event.h"
#include "audit/proof_text.h"
#include "audit/tiles.h"
#include "audit/verifier.h"
#include "base/encoding.h"
#include "cli/audit_files.h"
#include "cli/output.h"
#include "protocol/json_writer.h"
#include "server/audit_log.h"
#include "server/config.h"
#include "server/data_folder.h"

namespace kagimori::cli {
namespace {

std::int64_t number(std::uint64_t value) { return static_cast<std::int64_t>(value); }

std::string json_of(const audit::Verification& result, bool key_was_given) {
  std::string text;
  JsonWriter json(text);
  json.begin_object().member("ok", !result.finding).member("origin", result.checkpoint.origin);
  json.member("size", number(result.checkpoint.size)).member("rootHash", ByteView(result.checkpoint.root));
  json.member("events", number(result.events)).member("pruned", number(result.pruned));
  json.member("unsigned", number(result.unsigned_events));
  json.member("key", result.key).member("keyWasGiven", key_was_given);
  if (result.finding) {
    json.member("defect", audit::defect_name(result.finding->defect)).key("event");
    result.finding->event ? json.integer(number(*result.finding->event)) : json.null();
    json.member("sentence", result.finding->sentence);
  }
  json.end_object();
  return text + "\n";
}

std::string text_of(const audit::Verification& result, bool key_was_given) {
  std::string text = fmt::format(
      "The audit log {}\n"
      "  events      {}, signed as one\n"
      "  root hash   {}\n"
      "  key         {}\n",
      result.checkpoint.origin, result.checkpoint.size, base64_encode(result.checkpoint.root), result.key);
  if (result.pruned > 0) {
    text += fmt::format("  removed     the first {}, by the log's retention; their hashes are there\n", result.pruned);
  }
  if (result.unsigned_events > 0) {
    text += fmt::format("  not signed  {} after the checkpoint: copied before the next one was made\n",
                        result.unsigned_events);
  }
  text += "Every event is the one that was signed, in its place.\n";
  if (!key_was_given) {
    text +=
        "The public key was the one that lies in the folder: whoever can write there could have put another one.\n"
        "For proof give the one that you have kept elsewhere, with --public-key.\n";
  }
  return text;
}

}  // namespace

Status verify_audit_log(const VerifyAuditOptions& options) {
  audit::VerifyOptions verify{options.folder, std::nullopt, std::nullopt};
  if (!options.public_key.empty()) {
    TRY_ASSIGN(verify.public_key, read_small_file(options.public_key));
  }
  if (!options.from.empty()) {
    TRY_ASSIGN(verify.from, read_small_file(options.from));
  }
  TRY_ASSIGN(const auto crypto, CryptoContext::create());
  TRY_ASSIGN(const audit::Verification result, audit::verify_log(*crypto, verify));
  const bool key_was_given = !options.public_key.empty();
  if (options.json) TRY(print(json_of(result, key_was_given)));
  if (result.finding) return fail(ErrorCode::kCorrupt, result.finding->sentence);
  return options.json ? Status() : print(text_of(result, key_was_given));
}

Status prove_event(const ProveEventOptions& options) {
  const audit::LogFolder folder{options.folder};
  TRY_ASSIGN(const FolderCheckpoint newest, checkpoint_of(folder));
  TRY_ASSIGN(const audit::FoundEvent event, audit::event_at(folder, options.index));
  if (event.index >= newest.checkpoint.size) {
    return fail(ErrorCode::kNotFound, fmt::format("Event {} is not under a checkpoint yet; the server signs one within "
                                                  "a second. Try again.",
                                                  event.index));
  }
  TRY_ASSIGN(const auto crypto, CryptoContext::create());
  audit::TileReader tiles(*crypto, folder.path, newest.checkpoint.size);
  audit::ProofText proof{event.index, {}, newest.note};
  TRY_ASSIGN(proof.hashes, audit::inclusion_proof(*crypto, tiles.source(), event.index, newest.checkpoint.size));
  const audit::Hash leaf = audit::leaf_hash(*crypto, as_bytes(event.line));
  if (!audit::verify_inclusion(*crypto, leaf, event.index, newest.checkpoint.size, proof.hashes,
                               newest.checkpoint.root)) {
    return fail(ErrorCode::kCorrupt, fmt::format("Event {} can't be proved: it was changed, or its hashes were. "
                                                 "`kagimori audit verify {}` tells more.",
                                                 event.index, folder.path.string()));
  }
  const std::string base = options.to.string();
  TRY(write_private_file(base + ".json", event.line + "\n"));
  TRY(write_private_file(base + ".tlog-proof", audit::format_proof(proof)));
  return print(
      fmt::format("Wrote event {} to {}.json, and its proof to {}.tlog-proof. Check it anywhere:\n"
                  "  kagimori audit verify-event --event {}.json --proof {}.tlog-proof --public-key KEY\n",
                  event.index, base, base, base, base));
}

Status verify_event(const VerifyEventOptions& options) {
  TRY_ASSIGN(const auto crypto, CryptoContext::create());
  TRY_ASSIGN(std::string event, read_small_file(options.event));
  if (event.ends_with('\n')) event.pop_back();
  TRY_ASSIGN(const std::string proof_file, read_small_file(options.proof));
  TRY_ASSIGN(const audit::ProofText proof, audit::parse_proof(proof_file));
  TRY_ASSIGN(const ProofCheckpoint signed_by, proof_checkpoint(*crypto, proof.checkpoint, options.public_key));
  const audit::Checkpoint& checkpoint = signed_by.checkpoint;
  const audit::Hash leaf = audit::leaf_hash(*crypto, as_bytes(event));
  if (!audit::verify_inclusion(*crypto, leaf, proof.index, checkpoint.size, proof.hashes, checkpoint.root)) {
    return fail(ErrorCode::kCorrupt, "The event is not the one that the proof is of, or the proof was changed.");
  }
  return print(fmt::format("The event is number {} of the log {}, signed with {}.\n", proof.index, checkpoint.origin,
                           signed_by.key));
}

Status print_audit_keys(const std::filesystem::path& folder_path) {
  const audit::LogFolder folder{folder_path};
  TRY_ASSIGN(const auto crypto, CryptoContext::create());
  TRY_ASSIGN(const std::string first, read_small_file(folder.public_key()));
  const Result<std::string> changes = read_small_file(folder.key_changes());
  TRY_ASSIGN(const auto keys, audit::follow_keys(*crypto, first, changes.value_or("")));
  std::string text;
  for (const audit::NoteVerifier& key : keys) text += key.line() + "\n";
  return print(text);
}

Status prove_consistency(const ConsistencyOptions& options) {
  const audit::LogFolder folder{options.folder};
  TRY_ASSIGN(const FolderCheckpoint newest, checkpoint_of(folder));
  TRY_ASSIGN(const auto crypto, CryptoContext::create());
  audit::TileReader tiles(*crypto, folder.path, newest.checkpoint.size);
  TRY_ASSIGN(const auto hashes,
             audit::consistency_proof(*crypto, tiles.source(), options.from, newest.checkpoint.size));
  std::string text = fmt::format("old {}\n", options.from);
  for (const audit::Hash& hash : hashes) text += base64_encode(hash) + "\n";
  return print(text + "\n" + newest.note);
}

Status restart_audit_log(const std::filesystem::path& config_file, const std::string& reason) {
  TRY_ASSIGN(const Config config, load_config(config_file, environment_of(environ)));
  TRY_ASSIGN(OpenedStore opened, open_store(config));
  TRY_ASSIGN(const std::string key, begin_audit_log(config, opened, "RestartAuditLog", {{"reason", reason}}));
  return print(
      fmt::format("The next start of the server begins a new audit log in {}. What was there is kept beside it.\n"
                  "  public key  {}\n"
                  "Its first event names the last checkpoint of the old log, and the reason.\n",
                  config.audit.folder, key));
}

}  // namespace kagimori::cli
