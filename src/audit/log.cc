#include "audit/log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace kagimori::audit {
namespace {

// Some dozens of lines: what the workers may write between one check and the next.
constexpr off_t kRoom = off_t{64} << 10;

tl::unexpected<Error> io_error(const std::filesystem::path& file, std::string_view what) {
  const int error = errno;
  const bool full = error == ENOSPC || error == EDQUOT;
  return fail(full ? ErrorCode::kStorageFull : ErrorCode::kIo,
              fmt::format("The audit log {} {}: {}. Requests are refused until it can be written.", file.string(), what,
                          std::strerror(error)));
}

}  // namespace

Result<std::unique_ptr<Log>> Log::open(const std::filesystem::path& file, Durability durability) {
  std::unique_ptr<Log> log(new Log(file, durability));
  TRY(log->reopen());
  TRY(log->drop_torn_line());
  return log;
}

Result<std::string> Log::tail(std::size_t bytes) const {
  const int reader = ::open(file_.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (reader < 0) return io_error(file_, "cannot be read");
  struct stat info{};
  if (fstat(reader, &info) != 0 || !S_ISREG(info.st_mode)) {
    close(reader);
    return fail(
        ErrorCode::kIo,
        fmt::format("The audit log {} is not a regular file. Name a file or a path where none is.", file_.string()));
  }
  const off_t size = info.st_size;
  const off_t start = std::max<off_t>(0, size - static_cast<off_t>(bytes));
  std::string text(static_cast<std::size_t>(size - start), '\0');
  std::size_t filled = 0;
  while (filled < text.size()) {
    const ssize_t got = pread(reader, text.data() + filled, text.size() - filled, start + static_cast<off_t>(filled));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    filled += static_cast<std::size_t>(got);
  }
  close(reader);
  if (filled < text.size()) return io_error(file_, "cannot be read");
  return text;
}

Status Log::drop_torn_line() {
  constexpr std::size_t kLongestLine = std::size_t{1} << 20;
  TRY_ASSIGN(const std::string end, tail(kLongestLine));
  if (end.empty() || end.back() == '\n') return {};
  const std::size_t line_feed = end.rfind('\n');
  const std::size_t torn = end.size() - (line_feed == std::string::npos ? 0 : line_feed + 1);
  const off_t size = lseek(descriptor_, 0, SEEK_END);
  if (ftruncate(descriptor_, size - static_cast<off_t>(torn)) != 0) return io_error(file_, "cannot be cut back");
  return {};
}

Log::~Log() {
  if (descriptor_ >= 0) close(descriptor_);
}

Status Log::reopen() {
  if (descriptor_ >= 0) close(descriptor_);
  descriptor_ = ::open(file_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor_ < 0) return io_error(file_, "cannot be opened");
  return {};
}

Status Log::append(std::string_view lines) {
  const std::lock_guard lock(mutex_);
  Status appended = append_whole(lines);
  writable_.store(appended.has_value(), std::memory_order_relaxed);
  return appended;
}

Status Log::check() {
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock) return {};
  Status reserved = reserve_room();
  writable_.store(reserved.has_value(), std::memory_order_relaxed);
  return reserved;
}

// The size of the file that has the name now.
Result<off_t> Log::current_size() {
  struct stat open_file{};
  struct stat named_file{};
  const bool same = descriptor_ >= 0 && fstat(descriptor_, &open_file) == 0 && stat(file_.c_str(), &named_file) == 0 &&
                    open_file.st_ino == named_file.st_ino && open_file.st_dev == named_file.st_dev;
  if (!same) TRY(reopen());
  if (!same && fstat(descriptor_, &open_file) != 0) return io_error(file_, "cannot be read");
  return open_file.st_size;
}

Status Log::reserve_room() {
  TRY_ASSIGN(const off_t size, current_size());
  if (fallocate(descriptor_, FALLOC_FL_KEEP_SIZE, size, kRoom) == 0 || errno == EOPNOTSUPP) return {};
  return io_error(file_, "cannot be written");
}

Status Log::append_whole(std::string_view lines) {
  TRY_ASSIGN(const off_t size, current_size());
  Status written = write_lines(lines);
  if (written) return {};
  // Nothing of the batch may stay: the requests it speaks of are answered with an error.
  if (ftruncate(descriptor_, size) != 0) return io_error(file_, "cannot be cut back");
  return written;
}

Status Log::write_lines(std::string_view lines) {
  while (!lines.empty()) {
    const ssize_t written = write(descriptor_, lines.data(), lines.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return io_error(file_, "cannot be written");
    lines.remove_prefix(static_cast<std::size_t>(written));
  }
  if (durability_ == Durability::kFsync && fdatasync(descriptor_) != 0) return io_error(file_, "cannot be synced");
  return {};
}

}  // namespace kagimori::audit
