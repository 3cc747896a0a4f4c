#include "audit/segment_reader.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "store/store_file.h"

namespace kagimori::audit {
namespace {

constexpr std::size_t kChunk = std::size_t{1} << 20;

// As many bytes as are there, up to the size of `out`.
Result<std::size_t> read_at(int file, std::uint64_t offset, std::span<char> out) {
  std::size_t filled = 0;
  while (filled < out.size()) {
    const ssize_t got = ::pread(file, out.data() + filled, out.size() - filled, static_cast<off_t>(offset + filled));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(ErrorCode::kIo, fmt::format("The audit log can't be read: {}.", std::strerror(errno)));
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  return filled;
}

}  // namespace

Result<bool> SegmentReader::next(std::string_view& line) {
  std::size_t line_feed = buffer_.find('\n', taken_);
  while (line_feed == std::string::npos) {
    if (buffer_.size() - taken_ >= kChunk) {
      line = std::string_view(buffer_).substr(taken_, kChunk);
      taken_ += kChunk;
      return true;
    }
    if (next_ == end_) return false;
    const std::size_t searched = buffer_.size() - taken_;
    TRY(refill());
    line_feed = buffer_.find('\n', taken_ + searched);
  }
  line = std::string_view(buffer_).substr(taken_, line_feed - taken_);
  taken_ = line_feed + 1;
  return true;
}

Status SegmentReader::refill() {
  buffer_.erase(0, taken_);
  taken_ = 0;
  const std::size_t kept = buffer_.size();
  const std::size_t wanted = static_cast<std::size_t>(std::min<std::uint64_t>(kChunk, end_ - next_));
  buffer_.resize(kept + wanted);
  TRY_ASSIGN(const std::size_t got, read_at(file_, next_, std::span(buffer_).subspan(kept)));
  if (got != wanted) return fail(ErrorCode::kCorrupt, "A segment was cut short while it was read.");
  next_ += wanted;
  return {};
}

Result<std::string> read_segment(int file, std::uint64_t begin, std::uint64_t size) {
  std::string text(size, '\0');
  TRY_ASSIGN(const std::size_t got, read_at(file, begin, text));
  if (got != size) return fail(ErrorCode::kCorrupt, "A segment of the audit log was cut short.");
  return text;
}

Result<std::uint64_t> count_lines_of(int file, std::uint64_t bytes) {
  std::uint64_t lines = 0;
  std::string chunk(kChunk, '\0');
  for (std::uint64_t offset = 0; offset < bytes;) {
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(kChunk, bytes - offset));
    TRY_ASSIGN(const std::size_t got, read_at(file, offset, std::span(chunk).first(wanted)));
    if (got == 0) return fail(ErrorCode::kCorrupt, "A segment of the audit log was cut short.");
    lines +=
        static_cast<std::uint64_t>(std::count(chunk.begin(), chunk.begin() + static_cast<std::ptrdiff_t>(got), '\n'));
    offset += got;
  }
  return lines;
}

Result<std::uint64_t> bytes_of_whole_lines(int file, std::uint64_t bytes) {
  while (bytes > 0) {
    const std::uint64_t begin = bytes - std::min<std::uint64_t>(bytes, kChunk);
    TRY_ASSIGN(const std::string end, read_segment(file, begin, bytes - begin));
    const std::size_t line_feed = end.rfind('\n');
    if (line_feed != std::string::npos) return begin + line_feed + 1;
    bytes = begin;
  }
  return 0;
}

Result<std::string> read_end_of_segment(const std::filesystem::path& file, std::size_t bytes) {
  TRY_ASSIGN(const OpenFile open, open_for_reading(file));
  const std::uint64_t begin = open.bytes - std::min<std::uint64_t>(open.bytes, bytes);
  TRY_ASSIGN(std::string text, read_segment(open.file.get(), begin, open.bytes - begin));
  if (begin > 0) text.erase(0, text.find('\n') + 1);
  return text;
}

Result<OpenFile> open_for_reading(const std::filesystem::path& file) {
  OpenFile open;
  open.file = UniqueFd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!open.file && errno == ENOENT) {
    return fail(ErrorCode::kNotFound, fmt::format("The file {} is missing.", file.string()));
  }
  if (!open.file) return fail(file_error("read", file, errno));
  struct stat info = {};
  if (::fstat(open.file.get(), &info) != 0) return fail(file_error("read", file, errno));
  if (!S_ISREG(info.st_mode)) return fail(ErrorCode::kCorrupt, fmt::format("{} is not a regular file.", file.string()));
  open.bytes = static_cast<std::uint64_t>(info.st_size);
  return open;
}

}  // namespace kagimori::audit
