#include "audit/pruning.h"

#include <fmt/format.h>

#include "audit/checkpoint.h"

namespace kagimori::audit {
namespace {

std::string head_of(std::string_view origin) { return fmt::format("{}/pruned\n", origin); }

}  // namespace

std::string pruning_text(std::string_view origin, std::uint64_t events) {
  return fmt::format("{}{}\n", head_of(origin), events);
}

std::uint64_t pruned_events(CryptoContext& crypto, std::string_view note, const std::vector<NoteVerifier>& keys) {
  const Result<SignedNote> parsed = parse_signed_note(note);
  if (!parsed) return 0;
  const Result<const NoteVerifier*> signer = signer_of(crypto, *parsed, keys);
  if (!signer || *signer == nullptr) return 0;
  const std::string head = head_of((*signer)->name());
  std::string_view text = parsed->text;
  if (!text.starts_with(head) || !text.ends_with('\n')) return 0;
  text.remove_prefix(head.size());
  text.remove_suffix(1);
  return parse_size(text).value_or(0);
}

}  // namespace kagimori::audit
