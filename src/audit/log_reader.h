#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "audit/log_files.h"
#include "audit/segment_reader.h"

namespace kagimori::audit {

// Reads the lines of a log's folder front to back, one segment after the other, as they lie there: whether they are the
// right ones is not looked at. One thread.
class LogReader {
 public:
  // From the segment on that has this line, or from the first. kNotFound when the folder has no segments.
  static Result<LogReader> open(const LogFolder& folder, std::uint64_t from_line = 0);

  struct Line {
    std::uint64_t index = 0;  // counted from the first segment's name
    std::string_view text;    // without its line feed; lent until the next call
  };
  // Nothing at the end. A last line without its line feed is not one.
  Result<std::optional<Line>> next();

  // The index of the first line that is there.
  std::uint64_t first() const { return firsts_.front(); }
  // What a segment's name says where it begins, if the line before says otherwise: the first such place.
  struct Misfit {
    std::uint64_t counted = 0;
    std::uint64_t named = 0;
  };
  const std::optional<Misfit>& misfit() const { return misfit_; }

 private:
  LogReader(LogFolder folder, std::vector<std::uint64_t> firsts)
      : folder_(std::move(folder)), firsts_(std::move(firsts)), index_(firsts_.front()) {}
  Status open_next();

  LogFolder folder_;
  std::vector<std::uint64_t> firsts_;
  std::size_t opened_ = 0;  // segments
  std::uint64_t index_;
  OpenFile file_;
  std::optional<SegmentReader> reader_;
  std::optional<Misfit> misfit_;
};

}  // namespace kagimori::audit
