#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "audit/event_view.h"
#include "audit/log_files.h"
#include "base/unique_fd.h"
#include "crypto/digest.h"

namespace kagimori::audit {

// What lies beside a closed segment so that searching need not read it: which lines have a term, and where each line is
// (docs/formats/audit-log.md, "Indexes"). It is made from the segment, proves nothing, and can be made again.

// Takes the lines of one segment in their order.
class SegmentIndexBuilder {
 public:
  explicit SegmentIndexBuilder(CryptoContext& crypto) : crypto_(crypto) {}

  // `bytes` with the line feed.
  void add(const EventView& event, std::size_t bytes);
  // A line that is no event: found by nothing.
  void add_other(std::size_t bytes);
  Bytes finish() &&;

 private:
  struct Postings {
    std::uint64_t hash = 0;  // of the term
    std::string gaps;        // varints: the first line, then how many further each next one is
    std::uint32_t count = 0;
    std::uint32_t last = 0;

    void add(std::uint32_t line);
  };
  void add_term(TermView term);

  CryptoContext& crypto_;
  std::unordered_map<std::string, Postings> names_;
  std::vector<Postings> ids_;  // one for each line; some share a hash
  std::string lengths_;
  std::uint64_t bytes_ = 0;
  std::uint32_t lines_ = 0;
  std::string first_time_, last_time_;
  std::vector<TermView> terms_;
  std::string key_;
};

// One thread.
class SegmentIndex {
 public:
  // kNotFound when there is none, kCorrupt when it is damaged or of a segment of another size: search the segment then.
  static Result<SegmentIndex> open(CryptoContext& crypto, const LogFolder& folder, std::uint64_t first,
                                   std::uint64_t segment_bytes);

  std::uint32_t lines() const { return lines_; }
  // The earliest and the latest time of its events.
  std::string_view first_time() const { return first_time_; }
  std::string_view last_time() const { return last_time_; }

  // The lines that have the term, counted from the segment's first, in order. A few of them may have another one: two
  // terms can share a hash. kCorrupt, kIo.
  Result<std::vector<std::uint32_t>> lines_with(const Term& term);
  // Where each line begins, and behind the last.
  Result<std::vector<std::uint64_t>> line_begins();

 private:
  struct Section {
    std::uint64_t offset = 0;
    std::uint32_t size = 0;
    Sha256Digest digest{};
    Bytes bytes;  // once read
  };
  explicit SegmentIndex(CryptoContext& crypto) : crypto_(&crypto) {}
  Status read_header(std::uint64_t file_bytes, std::uint64_t segment_bytes);
  Result<ByteView> read(Section& section);

  CryptoContext* crypto_;
  UniqueFd file_;
  std::uint32_t lines_ = 0;
  std::string first_time_, last_time_;
  std::uint64_t segment_bytes_ = 0;
  Section names_, ids_, lengths_;
};

}  // namespace kagimori::audit
