#include "audit/proof_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "audit/checkpoint.h"
#include "base/encoding.h"

namespace kagimori::audit {
namespace {

constexpr std::string_view kHead = "c2sp.org/tlog-proof@v1\n";
constexpr std::string_view kExtra = "extra ";
constexpr std::string_view kIndex = "index ";
constexpr std::size_t kMaxHashes = 63;

tl::unexpected<Error> no_proof(std::string_view why) {
  return fail(ErrorCode::kValidation, fmt::format("This is no proof of an event (c2sp.org/tlog-proof): {}.", why));
}

}  // namespace

std::string format_proof(const ProofText& proof) {
  std::string text = fmt::format("{}{}{}\n", kHead, kIndex, proof.index);
  for (const Hash& hash : proof.hashes) text += base64_encode(hash) + "\n";
  return text + "\n" + proof.checkpoint;
}

Result<ProofText> parse_proof(std::string_view text) {
  if (!text.starts_with(kHead)) return no_proof("its first line is another one");
  text.remove_prefix(kHead.size());
  if (text.starts_with(kExtra)) take_line(text);
  const std::string_view index = take_line(text);
  if (!index.starts_with(kIndex)) return no_proof("it has no index");
  ProofText proof;
  const Result<std::uint64_t> number = parse_size(index.substr(kIndex.size()));
  if (!number) return no_proof("its index is no number");
  proof.index = *number;
  for (std::string_view line = take_line(text); !line.empty(); line = take_line(text)) {
    const Result<Bytes> bytes = base64_decode(line);
    if (!bytes || bytes->size() != sizeof(Hash)) return no_proof("a hash is not the base64 of 32 bytes");
    if (proof.hashes.size() == kMaxHashes) return no_proof("it has too many hashes");
    std::ranges::copy(*bytes, proof.hashes.emplace_back().begin());
  }
  proof.checkpoint = text;
  return proof;
}

}  // namespace kagimori::audit
