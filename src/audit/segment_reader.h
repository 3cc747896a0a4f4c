#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/unique_fd.h"

namespace kagimori::audit {

// Reads the lines of a segment front to back, a megabyte at a time. One thread.
class SegmentReader {
 public:
  // From an open file, up to `bytes`. The descriptor must outlive the reader.
  SegmentReader(int file, std::uint64_t begin, std::uint64_t end) : file_(file), next_(begin), end_(end) {}

  // The next line without its line feed, in `line`, which is lent until the next call. False at the end; a last line
  // without line feed is not one. What is longer than a megabyte, as no event is, comes in pieces of that size.
  // kCorrupt when the file has become shorter; kIo.
  Result<bool> next(std::string_view& line);
  // Where the line that comes next begins.
  std::uint64_t position() const { return next_ - (buffer_.size() - taken_); }

 private:
  Status refill();

  int file_;
  std::uint64_t next_;  // what is to be read from the file
  std::uint64_t end_;
  std::string buffer_;
  std::size_t taken_ = 0;
};

// All of it; kCorrupt when the file is shorter.
Result<std::string> read_segment(int file, std::uint64_t begin, std::uint64_t size);
Result<std::uint64_t> count_lines_of(int file, std::uint64_t bytes);
// The size without a last line that lacks its line feed.
Result<std::uint64_t> bytes_of_whole_lines(int file, std::uint64_t bytes);
// Whole lines at the end of the file, about `bytes` of them.
Result<std::string> read_end_of_segment(const std::filesystem::path& file, std::size_t bytes);

struct OpenFile {
  UniqueFd file;
  std::uint64_t bytes = 0;
};
// For reading. kNotFound, kIo; kCorrupt for what is no regular file.
Result<OpenFile> open_for_reading(const std::filesystem::path& file);

}  // namespace kagimori::audit
