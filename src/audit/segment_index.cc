#include "audit/segment_index.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "audit/segment_reader.h"

namespace kagimori::audit {
namespace {

constexpr std::string_view kMagic = "KAGIAIX1";
constexpr std::size_t kTime = 27;
constexpr std::size_t kSectionHead = 4 + sizeof(Sha256Digest);
constexpr std::size_t kHead = 8 + 8 + 4 + 2 * kTime + 3 * kSectionHead;
constexpr std::size_t kEntry = 8 + 4 + 4;

// LEB128: seven bits a byte, the lowest first.
void append_varint(std::string& out, std::uint32_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}

Result<std::uint32_t> take_varint(ByteReader& reader) {
  std::uint32_t value = 0;
  for (unsigned shift = 0; shift < 32; shift += 7) {
    TRY_ASSIGN(const std::uint8_t byte, reader.u8());
    value |= static_cast<std::uint32_t>(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) return value;
  }
  return fail(ErrorCode::kCorrupt);
}

std::uint64_t hash_of(CryptoContext& crypto, std::string_view kind_and_value) {
  const Sha256Digest digest = sha256(crypto, as_bytes(kind_and_value));
  std::uint64_t hash = 0;
  for (std::size_t i = 0; i < sizeof hash; ++i) hash = hash << 8 | digest[i];
  return hash;
}

// Those that only one event has, or a few, lie apart: they would make the others slow to read.
bool is_id(TermKind kind) { return kind == TermKind::kEvent || kind == TermKind::kRequest || kind == TermKind::kTrace; }

// The terms by their hashes, then their postings in the same order.
template <typename Postings>
Bytes section_of(std::vector<Postings> terms) {
  // The same segment gives the same index, also where two terms share a hash.
  std::ranges::sort(terms, {}, [](const Postings& postings) { return std::tie(postings.hash, postings.gaps); });
  ByteWriter out;
  out.count(terms.size());
  std::size_t offset = 0;
  for (const Postings& postings : terms) {
    out.u64(postings.hash).u32(static_cast<std::uint32_t>(offset)).u32(postings.count);
    offset += postings.gaps.size();
  }
  for (const Postings& postings : terms) out.raw(postings.gaps);
  return std::move(out).take();
}

void write_section_head(CryptoContext& crypto, ByteWriter& head, ByteView section) {
  head.u32(static_cast<std::uint32_t>(section.size())).raw(sha256(crypto, section));
}

}  // namespace

void SegmentIndexBuilder::add(const EventView& event, std::size_t bytes) {
  if (event.time.size() == kTime) {
    if (first_time_.empty() || event.time < first_time_) first_time_ = event.time;
    if (event.time > last_time_) last_time_ = event.time;
  }
  terms_.clear();
  append_terms(event, terms_);
  for (const TermView term : terms_) add_term(term);
  add_other(bytes);
}

void SegmentIndexBuilder::add_term(TermView term) {
  key_.assign(1, static_cast<char>(term.kind));
  key_ += term.value;
  if (is_id(term.kind)) {
    ids_.emplace_back().hash = hash_of(crypto_, key_);
    ids_.back().add(lines_);
    return;
  }
  Postings& postings = names_[key_];
  if (postings.count == 0) postings.hash = hash_of(crypto_, key_);
  postings.add(lines_);
}

void SegmentIndexBuilder::Postings::add(std::uint32_t line) {
  if (count > 0 && last == line) return;
  append_varint(gaps, line - last);
  last = line;
  ++count;
}

void SegmentIndexBuilder::add_other(std::size_t bytes) {
  append_varint(lengths_, static_cast<std::uint32_t>(bytes));
  bytes_ += bytes;
  ++lines_;
}

Bytes SegmentIndexBuilder::finish() && {
  first_time_.resize(kTime, '0');
  last_time_.resize(kTime, '0');
  std::vector<Postings> of_names;
  for (auto& [term, postings] : names_) of_names.push_back(std::move(postings));
  const Bytes names = section_of(std::move(of_names));
  const Bytes ids = section_of(std::move(ids_));
  ByteWriter out;
  out.raw(kMagic).u64(bytes_).u32(lines_).raw(first_time_).raw(last_time_);
  write_section_head(crypto_, out, names);
  write_section_head(crypto_, out, ids);
  write_section_head(crypto_, out, as_bytes(lengths_));
  const Sha256Digest digest = sha256(crypto_, out.bytes());
  out.raw(digest).raw(names).raw(ids).raw(lengths_);
  return std::move(out).take();
}

Result<SegmentIndex> SegmentIndex::open(CryptoContext& crypto, const LogFolder& folder, std::uint64_t first,
                                        std::uint64_t segment_bytes) {
  SegmentIndex index(crypto);
  TRY_ASSIGN(OpenFile opened, open_for_reading(folder.index(first)));
  index.file_ = std::move(opened.file);
  TRY(index.read_header(opened.bytes, segment_bytes));
  return index;
}

Status SegmentIndex::read_header(std::uint64_t file_bytes, std::uint64_t segment_bytes) {
  const auto damaged = [] { return fail(ErrorCode::kCorrupt, "An index of the audit log is damaged."); };
  if (file_bytes < kHead + sizeof(Sha256Digest)) return damaged();
  TRY_ASSIGN(const std::string head, read_segment(file_.get(), 0, kHead + sizeof(Sha256Digest)));
  const Sha256Digest digest = sha256(*crypto_, as_bytes(head).first(kHead));
  if (!std::ranges::equal(digest, as_bytes(head).subspan(kHead))) return damaged();
  ByteReader reader(as_bytes(head).first(kHead));
  TRY_ASSIGN(const ByteView magic, reader.take(kMagic.size()));
  TRY_ASSIGN(segment_bytes_, reader.u64());
  TRY_ASSIGN(lines_, reader.u32());
  TRY_ASSIGN(const ByteView first_time, reader.take(kTime));
  TRY_ASSIGN(const ByteView last_time, reader.take(kTime));
  first_time_ = as_text(first_time);
  last_time_ = as_text(last_time);
  std::uint64_t offset = head.size();
  for (Section* const section : {&names_, &ids_, &lengths_}) {
    TRY_ASSIGN(section->size, reader.u32());
    TRY_ASSIGN(const ByteView section_digest, reader.take(section->digest.size()));
    std::ranges::copy(section_digest, section->digest.begin());
    section->offset = offset;
    offset += section->size;
  }
  if (as_text(magic) != kMagic || segment_bytes_ != segment_bytes || offset != file_bytes) return damaged();
  return {};
}

Result<ByteView> SegmentIndex::read(Section& section) {
  if (!section.bytes.empty()) return ByteView(section.bytes);
  TRY_ASSIGN(const std::string text, read_segment(file_.get(), section.offset, section.size));
  if (sha256(*crypto_, as_bytes(text)) != section.digest) {
    return fail(ErrorCode::kCorrupt, "An index of the audit log is damaged.");
  }
  section.bytes = to_bytes(as_bytes(text));
  return ByteView(section.bytes);
}

Result<std::vector<std::uint32_t>> SegmentIndex::lines_with(const Term& term) {
  TRY_ASSIGN(const ByteView section, read(is_id(term.kind) ? ids_ : names_));
  ByteReader reader(section);
  TRY_ASSIGN(const std::uint32_t terms, reader.count(kEntry));
  TRY_ASSIGN(const ByteView entries, reader.take(std::size_t{terms} * kEntry));
  TRY_ASSIGN(const ByteView postings, reader.take(reader.remaining()));
  const std::uint64_t hash = hash_of(*crypto_, static_cast<char>(term.kind) + term.value);
  const auto hash_at = [&](std::size_t i) { return ByteReader(entries.subspan(i * kEntry)).u64().value_or(0); };
  std::size_t low = 0;
  for (std::size_t high = terms; low < high;) {
    const std::size_t middle = low + (high - low) / 2;
    if (hash_at(middle) < hash) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  std::vector<std::uint32_t> lines;
  for (; low < terms && hash_at(low) == hash; ++low) {
    ByteReader entry(entries.subspan(low * kEntry + 8, 8));
    TRY_ASSIGN(const std::uint32_t offset, entry.u32());
    TRY_ASSIGN(const std::uint32_t count, entry.u32());
    if (offset > postings.size()) return fail(ErrorCode::kCorrupt, "An index of the audit log is damaged.");
    ByteReader gaps(postings.subspan(offset));
    std::uint32_t line = 0;
    for (std::uint32_t i = 0; i < count; ++i) {
      TRY_ASSIGN(const std::uint32_t gap, take_varint(gaps));
      line += gap;
      if (line >= lines_) return fail(ErrorCode::kCorrupt, "An index of the audit log is damaged.");
      lines.push_back(line);
    }
  }
  std::ranges::sort(lines);
  lines.erase(std::unique(lines.begin(), lines.end()), lines.end());
  return lines;
}

Result<std::vector<std::uint64_t>> SegmentIndex::line_begins() {
  TRY_ASSIGN(const ByteView lengths, read(lengths_));
  ByteReader reader(lengths);
  std::vector<std::uint64_t> begins{0};
  for (std::uint32_t line = 0; line < lines_; ++line) {
    TRY_ASSIGN(const std::uint32_t length, take_varint(reader));
    if (length == 0) return fail(ErrorCode::kCorrupt, "An index of the audit log is damaged.");
    begins.push_back(begins.back() + length);
  }
  if (begins.back() != segment_bytes_) return fail(ErrorCode::kCorrupt, "An index of the audit log is damaged.");
  return begins;
}

}  // namespace kagimori::audit
