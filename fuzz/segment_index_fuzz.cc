// The index beside a segment, whose digests are right whatever it holds: a search finds lines of the segment or says
// that the index is damaged. And as it comes: then the digests say so.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <functional>

#include "audit/segment_index.h"
#include "store/temporary_store.h"

namespace {

using namespace kagimori;

void check(bool condition) {
  if (!condition) std::abort();
}

// The layout of docs/formats/audit-log.md, "Indexes", with sections cut from the input where its first bytes say.
Bytes index_of(CryptoContext& crypto, ByteView input, std::uint64_t segment_bytes) {
  const std::size_t lines = input[0];
  const ByteView rest = input.subspan(3);
  const ByteView names = rest.first(std::min<std::size_t>(rest.size(), input[1] * 4u));
  const ByteView ids = rest.subspan(names.size()).first(std::min<std::size_t>(rest.size() - names.size(), input[2]));
  const ByteView lengths = rest.subspan(names.size() + ids.size());
  ByteWriter head;
  head.raw("KAGIAIX1").u64(segment_bytes).u32(static_cast<std::uint32_t>(lines)).raw(std::string(54, '0'));
  for (const ByteView section : {names, ids, lengths}) {
    head.u32(static_cast<std::uint32_t>(section.size())).raw(sha256(crypto, section));
  }
  const Sha256Digest digest = sha256(crypto, head.bytes());
  head.raw(digest).raw(names).raw(ids).raw(lengths);
  return std::move(head).take();
}

void search(CryptoContext& crypto, const audit::LogFolder& folder, std::uint64_t segment_bytes) {
  auto index = audit::SegmentIndex::open(crypto, folder, 0, segment_bytes);
  if (!index) return;
  for (const audit::TermKind kind : {audit::TermKind::kKey, audit::TermKind::kEvent}) {
    const auto lines = index->lines_with({kind, "e300"});
    for (const std::uint32_t line : lines.value_or(std::vector<std::uint32_t>{})) check(line < index->lines());
  }
  const auto begins = index->line_begins();
  if (!begins) return;
  check(begins->size() == index->lines() + 1u && begins->back() == segment_bytes);
  check(std::ranges::adjacent_find(*begins, std::ranges::greater_equal()) == begins->end());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static CryptoContext* const crypto = (*CryptoContext::create()).release();
  static const auto* const store = new TemporaryStore();
  const audit::LogFolder folder{store->folder() / "audit"};
  if (size < 3) return 0;
  constexpr std::uint64_t kSegmentBytes = 62'316;  // of the golden index, which is a seed
  const ByteView input{data, size};
  check(audit::replace_log_file(folder.index(0), input, audit::Durable::kNo).has_value());
  search(*crypto, folder, kSegmentBytes);
  check(audit::replace_log_file(folder.index(0), index_of(*crypto, input, 5), audit::Durable::kNo).has_value());
  search(*crypto, folder, 5);
  return 0;
}
