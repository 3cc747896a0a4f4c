#include "audit/range_proof.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "audit/checkpoint.h"
#include "audit/signed_note.h"
#include "audit/tiles.h"
#include "base/encoding.h"

namespace kagimori::audit {
namespace {

constexpr std::string_view kHead = "kagimori/range-proof@v1\n";
constexpr std::size_t kMaxHashes = 63;  // on each side
constexpr std::size_t kMaxNote = std::size_t{64} << 10;

tl::unexpected<Error> no_proof(std::string_view why) {
  return fail(ErrorCode::kValidation, fmt::format("This is no proof of an export (kagimori/range-proof): {}.", why));
}

Result<std::uint64_t> take_number(std::string_view& text, std::string_view name) {
  const std::string_view line = take_line(text);
  if (!line.starts_with(name)) return no_proof(fmt::format("the line \"{}NUMBER\" is missing", name));
  const Result<std::uint64_t> number = parse_size(line.substr(name.size()));
  return number ? number : no_proof(fmt::format("what follows \"{}\" is no number", name));
}

}  // namespace

std::string format_range_proof(const RangeProof& proof) {
  std::string text = fmt::format("{}first {}\nevents {}\n", kHead, proof.first, proof.events);
  for (const Hash& hash : proof.before) text += base64_encode(hash) + "\n";
  for (const Hash& hash : proof.after) text += base64_encode(hash) + "\n";
  return text + "\n" + proof.checkpoint;
}

Result<RangeProof> parse_range_proof(std::string_view text) {
  if (!text.starts_with(kHead)) return no_proof("its first line is another one");
  text.remove_prefix(kHead.size());
  RangeProof proof;
  TRY_ASSIGN(proof.first, take_number(text, "first "));
  TRY_ASSIGN(proof.events, take_number(text, "events "));
  if (proof.events == 0 || proof.first + proof.events < proof.first) return no_proof("its range is none");
  const auto before = static_cast<std::size_t>(std::popcount(proof.first));
  for (std::string_view line = take_line(text); !line.empty(); line = take_line(text)) {
    const Result<Bytes> bytes = base64_decode(line);
    if (!bytes || bytes->size() != sizeof(Hash)) return no_proof("a hash is not the base64 of 32 bytes");
    std::vector<Hash>& hashes = proof.before.size() < before ? proof.before : proof.after;
    if (hashes.size() == kMaxHashes) return no_proof("it has too many hashes");
    std::ranges::copy(*bytes, hashes.emplace_back().begin());
  }
  if (proof.before.size() < before) return no_proof("it has too few hashes");
  proof.checkpoint = text;
  return proof;
}

Result<RangeProof> prove_range(CryptoContext& crypto, const LogFolder& folder, std::uint64_t first,
                               std::uint64_t events) {
  RangeProof proof{first, events, {}, {}, {}};
  TRY_ASSIGN(proof.checkpoint, read_log_file(folder.checkpoint(), kMaxNote));
  TRY_ASSIGN(const SignedNote note, parse_signed_note(proof.checkpoint));
  TRY_ASSIGN(const Checkpoint checkpoint, parse_checkpoint(note.text));
  if (events == 0 || first >= checkpoint.size || events > checkpoint.size - first) {
    return fail(ErrorCode::kNotFound,
                fmt::format("The checkpoint of the audit log is of its first {} events.", checkpoint.size));
  }
  TileReader tiles(crypto, folder.path, checkpoint.size);
  TRY_ASSIGN(proof.before, peaks_of(tiles.source(), first));
  TRY_ASSIGN(proof.after, consistency_proof(crypto, tiles.source(), first + events, checkpoint.size));
  return proof;
}

}  // namespace kagimori::audit
