#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "audit/log.h"

namespace kagimori::audit {

// Reads what is appended to a log, line by line, from any place that its segments still have. Its position is the
// number of the next line; nothing is ever held in memory but what was asked for. One thread; the log is written by
// others.
class LineFollower {
 public:
  LineFollower(const Log& log, std::uint64_t next) : log_(log), next_(next) {}

  std::uint64_t next() const { return next_; }
  void go_to(std::uint64_t line);

  struct Lines {
    std::uint64_t first = 0;         // greater than the position before, where segments were removed meanwhile
    std::vector<std::string> lines;  // without their line feeds
  };
  // At most `count` lines that follow, and about `bytes`; none while nothing has been appended. The position moves
  // along. kIo, kCorrupt.
  Result<Lines> read(std::size_t count, std::size_t bytes);

 private:
  // To the segment that has the next line, and where in it that is.
  Status find_segment();
  Status skip_lines(std::uint64_t count);

  const Log& log_;
  std::uint64_t next_;
  std::uint64_t segment_ = 0;   // the index of its first line
  std::uint64_t position_ = 0;  // of the next line in it
  bool found_ = false;
};

}  // namespace kagimori::audit
