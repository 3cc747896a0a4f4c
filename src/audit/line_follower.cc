#include "audit/line_follower.h"

#include <algorithm>

#include "audit/segment_reader.h"

namespace kagimori::audit {

void LineFollower::go_to(std::uint64_t line) {
  next_ = line;
  found_ = false;
}

Status LineFollower::skip_lines(std::uint64_t count) {
  TRY_ASSIGN(const OpenFile opened, open_for_reading(log_.folder().segment(segment_)));
  SegmentReader reader(opened.file.get(), 0, opened.bytes);
  std::string_view line;
  for (std::uint64_t i = 0; i < count; ++i) {
    TRY_ASSIGN(const bool more, reader.next(line));
    if (!more) return fail(ErrorCode::kCorrupt, "A segment of the audit log is shorter than it was.");
  }
  position_ = reader.position();
  return {};
}

Status LineFollower::find_segment() {
  TRY_ASSIGN(const std::vector<std::uint64_t> firsts, list_segments(log_.folder()));
  if (firsts.empty()) return fail(ErrorCode::kCorrupt, "The audit log has no segments.");
  next_ = std::max(next_, firsts.front());
  segment_ = *std::prev(std::ranges::upper_bound(firsts, next_));
  TRY(skip_lines(next_ - segment_));
  found_ = true;
  return {};
}

Result<LineFollower::Lines> LineFollower::read(std::size_t count, std::size_t bytes) {
  Lines read;
  read.first = next_;
  const std::uint64_t end = log_.lines();
  if (next_ >= end) return read;
  if (!found_) TRY(find_segment());
  // By its name each time: a segment that was deleted is written anew under it.
  Result<OpenFile> opened = open_for_reading(log_.folder().segment(segment_));
  if (!opened || opened->bytes <= position_) {  // it was removed, or has come to its end
    TRY(find_segment());
    opened = open_for_reading(log_.folder().segment(segment_));
  }
  TRY(opened);
  read.first = next_;
  SegmentReader reader(opened->file.get(), position_, opened->bytes);
  std::size_t taken = 0;
  std::string_view line;
  while (read.lines.size() < count && taken < bytes && next_ < end) {
    TRY_ASSIGN(const bool more, reader.next(line));
    if (!more) break;
    taken += line.size();
    read.lines.emplace_back(line);
    ++next_;
    position_ = reader.position();
  }
  return read;
}

}  // namespace kagimori::audit
