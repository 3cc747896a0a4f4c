#include "audit/log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "audit/segment_reader.h"
#include "audit/tiles.h"
#include "base/log.h"
#include "store/store_file.h"

namespace kagimori::audit {
namespace {

// Some dozens of lines: what the workers may write between one check and the next.
constexpr off_t kRoom = off_t{64} << 10;

bool is_full(int error) { return error == ENOSPC || error == EDQUOT; }

// Lines are long: to look for their ends is much faster than to look at every character.
std::uint64_t count_lines(std::string_view text) {
  std::uint64_t lines = 0;
  for (std::size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n', end + 1)) ++lines;
  return lines;
}

// The size of the first `count` lines.
std::size_t bytes_of_lines(std::string_view text, std::uint64_t count) {
  std::size_t end = 0;
  for (; count > 0; --count) end = text.find('\n', end) + 1;
  return end;
}

}  // namespace

Error Log::io_error(std::string_view what, int error) const {
  return {is_full(error) ? ErrorCode::kStorageFull : ErrorCode::kIo,
          fmt::format("The audit log {} {}: {}. Requests are refused until it can be written.", folder_.path.string(),
                      what, std::strerror(error))};
}

Result<std::unique_ptr<Log>> Log::open(const LogOptions& options) {
  std::unique_ptr<Log> log(new Log(options));
  TRY(make_private_folder(log->folder_.segments()));
  TRY(log->open_last());
  return log;
}

Log::~Log() = default;

Status Log::open_last() {
  TRY_ASSIGN(const std::vector<std::uint64_t> firsts, list_segments(folder_));
  if (firsts.empty()) return begin_segment(0);
  TRY_ASSIGN(current_.segment, open_segment(firsts.back(), 0));
  TRY(drop_torn_line());
  TRY_ASSIGN(const std::uint64_t lines, count_lines_of(current_.segment->file.get(), current_.bytes));
  lines_ = firsts.back() + lines;
  return {};
}

Result<std::shared_ptr<Log::Segment>> Log::open_segment(std::uint64_t first, int flags) const {
  auto segment = std::make_shared<Segment>();
  segment->first = first;
  segment->file =
      UniqueFd(::open(folder_.segment(first).c_str(), O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW | flags, 0600));
  if (!segment->file) return fail(io_error("cannot be opened", errno));
  return segment;
}

Status Log::drop_torn_line() {
  const int file = current_.segment->file.get();
  struct stat info = {};
  if (::fstat(file, &info) != 0) return fail(io_error("cannot be read", errno));
  if (!S_ISREG(info.st_mode)) {
    return fail(ErrorCode::kIo, fmt::format("{} is not a regular file. Move it away.",
                                            folder_.segment(current_.segment->first).string()));
  }
  TRY_ASSIGN(current_.bytes, bytes_of_whole_lines(file, static_cast<std::uint64_t>(info.st_size)));
  if (static_cast<std::uint64_t>(info.st_size) == current_.bytes) return {};
  if (::ftruncate(file, static_cast<off_t>(current_.bytes)) != 0) return fail(io_error("cannot be cut back", errno));
  return {};
}

Status Log::begin_segment(std::uint64_t first) {
  TRY_ASSIGN(auto next, open_segment(first, O_CREAT | O_EXCL));
  if (const Status named = sync_folder_of(folder_.segment(first)); !named) {
    ::unlink(folder_.segment(first).c_str());
    return named;
  }
  if (current_.segment != nullptr) closed_.push_back({current_.segment, current_.bytes});
  current_ = {std::move(next), 0};
  return {};
}

Result<std::string> Log::tail(std::size_t bytes) const {
  TRY_ASSIGN(const std::vector<std::uint64_t> firsts, list_segments(folder_));
  std::string text;
  for (auto first = firsts.rbegin(); first != firsts.rend() && text.size() < bytes; ++first) {
    TRY_ASSIGN(const std::string end, read_end_of_segment(folder_.segment(*first), bytes - text.size()));
    text.insert(0, end);
  }
  return text;
}

Status Log::append(std::string_view lines) {
  const std::uint64_t count = count_lines(lines);
  const std::lock_guard lock(mutex_);
  Status appended = broken_ ? Status(fail(*broken_)) : append_whole(lines, count);
  if (appended) lines_.fetch_add(count, std::memory_order_relaxed);
  writable_.store(appended.has_value(), std::memory_order_relaxed);
  return appended;
}

Status Log::append_whole(std::string_view lines, std::uint64_t count) {
  if (is_astray_) return fail(io_error("is gone", ENOENT));
  if (current_.bytes < segment_bytes_) return write_current(lines);
  const std::uint64_t before = (kTileWidth - lines_ % kTileWidth) % kTileWidth;  // lines that still go to this segment
  return count < before ? write_current(lines) : append_across(lines, count, before);
}

// A batch that ends one segment and begins the next. Nothing of it may stay when a part can't be written.
Status Log::append_across(std::string_view lines, std::uint64_t count, std::uint64_t before) {
  const std::size_t cut = bytes_of_lines(lines, before);
  const Current old = current_;
  TRY(write_current(lines.substr(0, cut)));
  Status written = begin_segment(lines_ + before);
  const bool begun = written.has_value();
  if (written && count > before) written = write_current(lines.substr(cut));
  if (written) return {};
  if (begun) {
    ::unlink(folder_.segment(lines_ + before).c_str());
    closed_.pop_back();
  }
  current_ = old;
  if (::ftruncate(old.segment->file.get(), static_cast<off_t>(old.bytes)) != 0) {
    return fail(io_error("cannot be cut back", errno));
  }
  return written;
}

Status Log::write_current(std::string_view lines) {
  const int file = current_.segment->file.get();
  int error = 0;
  for (std::string_view rest = lines; !rest.empty() && error == 0;) {
    const ssize_t written = ::write(file, rest.data(), rest.size());
    if (written >= 0) rest.remove_prefix(static_cast<std::size_t>(written));
    if (written < 0 && errno != EINTR) error = errno;
  }
  if (error == 0 && durability_ == Durability::kFsync && ::fdatasync(file) != 0) error = errno;
  if (error == 0) {
    current_.bytes += lines.size();
    return {};
  }
  // Nothing of the batch may stay: the requests it speaks of are answered with an error.
  if (::ftruncate(file, static_cast<off_t>(current_.bytes)) != 0) return fail(io_error("cannot be cut back", errno));
  return fail(io_error("cannot be written", error));
}

Status Log::check() {
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock) return {};
  TRY(keep_current());
  Status reserved = reserve_room();
  writable_.store(reserved.has_value(), std::memory_order_relaxed);
  return reserved;
}

Status Log::reserve_room() {
  if (broken_) return fail(*broken_);
  if (is_astray_) return fail(io_error("is gone", ENOENT));
  const int file = current_.segment->file.get();
  if (::fallocate(file, FALLOC_FL_KEEP_SIZE, static_cast<off_t>(current_.bytes), kRoom) == 0 || errno == EOPNOTSUPP) {
    return {};
  }
  return fail(io_error("cannot be written", errno));
}

Result<std::vector<Log::Extent>> Log::extents(std::uint64_t from_line) const {
  const std::lock_guard lock(mutex_);
  std::vector<Extent> found = closed_;
  found.push_back({current_.segment, current_.bytes});
  // Only at start are there older ones to be opened: later they stay open until they are released.
  std::vector<std::uint64_t> firsts;
  if (found.front().segment->first > from_line) {
    TRY_ASSIGN(firsts, list_segments(folder_));
  }
  for (auto first = firsts.rbegin(); first != firsts.rend() && found.front().segment->first > from_line; ++first) {
    if (*first >= found.front().segment->first) continue;
    TRY_ASSIGN(const auto segment, open_segment(*first, 0));
    struct stat info = {};
    if (::fstat(segment->file.get(), &info) != 0) return fail(io_error("cannot be read", errno));
    found.insert(found.begin(), Extent{segment, static_cast<std::uint64_t>(info.st_size)});
  }
  while (found.size() > 1 && found[1].segment->first <= from_line) found.erase(found.begin());
  if (found.front().segment->first > from_line) {
    return fail(ErrorCode::kCorrupt,
                fmt::format("The audit log {} lacks the segment with event {}.", folder_.path.string(), from_line));
  }
  return found;
}

void Log::release(std::uint64_t before_line) {
  const std::lock_guard lock(mutex_);
  while (!closed_.empty() &&
         (closed_.size() > 1 ? closed_[1].segment->first : current_.segment->first) <= before_line) {
    closed_.erase(closed_.begin());
  }
}

bool Log::has_its_name() const {
  struct stat open_file = {};
  struct stat named_file = {};
  return ::fstat(current_.segment->file.get(), &open_file) == 0 &&
         ::stat(folder_.segment(current_.segment->first).c_str(), &named_file) == 0 &&
         open_file.st_ino == named_file.st_ino && open_file.st_dev == named_file.st_dev;
}

bool Log::has_its_size() const {
  struct stat info = {};
  return ::fstat(current_.segment->file.get(), &info) == 0 &&
         static_cast<std::uint64_t>(info.st_size) == current_.bytes;
}

Status Log::keep_file() {
  const std::lock_guard lock(mutex_);
  return keep_current();
}

Status Log::keep_current() {
  if (!broken_ && !has_its_size()) {
    broken_ = Error{ErrorCode::kCorrupt,
                    fmt::format("The segment {} of the audit log was changed by another program. Requests are refused "
                                "until it is as it was and the server is started again.",
                                folder_.segment(current_.segment->first).string())};
    writable_.store(false, std::memory_order_relaxed);
    LogLine(LogLevel::kError, broken_->message);
  }
  if (broken_) return fail(*broken_);
  const bool was_astray = is_astray_;
  is_astray_ = false;
  if (has_its_name()) return {};
  const std::string name = folder_.segment(current_.segment->first).string();
  const Status anew = write_anew();
  if (anew) {
    LogLine(LogLevel::kWarning, "a segment of the audit log was deleted, moved or replaced; it was written anew")
        .field("file", name);
    return {};
  }
  is_astray_ = true;
  writable_.store(false, std::memory_order_relaxed);
  if (!was_astray) {
    LogLine(LogLevel::kError, "a segment of the audit log is gone and can't be written anew; requests are refused")
        .field("file", name)
        .field("reason", anew.error().message);
  }
  return fail(io_error("is gone", ENOENT));
}

// All of it is still open here.
Status Log::write_anew() {
  TRY_ASSIGN(const std::string text, read_segment(current_.segment->file.get(), 0, current_.bytes));
  std::error_code unknown;
  if (!std::filesystem::is_directory(folder_.segments(), unknown)) {
    return fail(file_error("found", folder_.segments(), ENOENT));
  }
  TRY(replace_log_file(folder_.segment(current_.segment->first), as_bytes(text), Durable::kYes));
  TRY_ASSIGN(const auto segment, open_segment(current_.segment->first, 0));
  current_.segment = segment;
  return {};
}

void Log::break_off(const Error& reason) {
  const std::lock_guard lock(mutex_);
  broken_ = reason;
  writable_.store(false, std::memory_order_relaxed);
}

}  // namespace kagimori::audit
