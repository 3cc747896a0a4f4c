// What a verifier reads from a log's folder and from exports: notes, checkpoints, keys, proofs, rows, events. Whatever
// it is, it is parsed or refused as invalid; what parses has the text that it was parsed from, and nothing is signed by
// a key that never signed.
#include <cstdlib>

#include "audit/checkpoint.h"
#include "audit/event_csv.h"
#include "audit/proof_text.h"
#include "audit/pruning.h"
#include "audit/range_proof.h"
#include "audit/verifier.h"

namespace {

using namespace kagimori;

void check(bool condition) {
  if (!condition) std::abort();
}

std::vector<audit::NoteVerifier> make_key(CryptoContext& crypto) {
  const auto key = *PrivateKey::generate(crypto, KeyPairSpec::kEd25519);
  std::vector<audit::NoteVerifier> keys;
  keys.push_back(*audit::NoteVerifier::of(crypto, "log.example/fuzz", key));
  return keys;
}

void check_export(CryptoContext& crypto, std::string_view text) {
  static auto* const parser = new audit::EventParser();
  if (const auto proof = audit::parse_range_proof(text)) {
    const auto again = audit::parse_range_proof(audit::format_range_proof(*proof));
    check(again && again->before == proof->before && again->after == proof->after);
    audit::RangeCheck range(crypto, *proof);
    range.add({});
    check(!range.leads_to(proof->first + proof->events, audit::Hash{}));
  }
  if (const auto line = audit::event_of_csv_row(text)) static_cast<void>(parser->parse(*line));
  if (const auto event = parser->parse(text)) {
    std::string row;
    audit::append_csv_row(row, 1, *event, text);
    row.pop_back();
    const auto line = audit::event_of_csv_row(row);
    check(line && *line == text);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static CryptoContext* const crypto = (*CryptoContext::create()).release();
  static const auto* const keys = new std::vector<audit::NoteVerifier>(make_key(*crypto));
  const std::string_view text = as_text({data, size});
  if (const auto note = audit::parse_signed_note(text)) {
    const auto signer = audit::signer_of(*crypto, *note, *keys);
    check(!signer || *signer == nullptr);
    check(text.starts_with(note->text));
    if (const auto checkpoint = audit::parse_checkpoint(note->text)) {
      check(note->text.starts_with(audit::checkpoint_text(*checkpoint)));
    }
  }
  if (const auto proof = audit::parse_proof(text)) {
    const auto again = audit::parse_proof(audit::format_proof(*proof));
    check(again && again->index == proof->index && again->hashes == proof->hashes);
    const audit::Hash leaf = audit::leaf_hash(*crypto, {});
    check(!audit::verify_inclusion(*crypto, leaf, proof->index, proof->index + 2, proof->hashes, audit::Hash{}));
  }
  if (const auto key = audit::NoteVerifier::parse(*crypto, text)) check(key->line() == text);
  check(audit::pruned_events(*crypto, text, *keys) == 0);
  const auto followed = audit::follow_keys(*crypto, keys->front().line(), text);
  check(followed && followed->size() == 1);
  static_cast<void>(audit::follow_keys(*crypto, text, text));
  check_export(*crypto, text);
  return 0;
}
