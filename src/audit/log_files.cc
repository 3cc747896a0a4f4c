#include "audit/log_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include "audit/checkpoint.h"
#include "base/unique_fd.h"
#include "store/store_file.h"

namespace kagimori::audit {
namespace {

constexpr std::size_t kDigits = 20;
constexpr std::string_view kSuffix = ".jsonl";

std::optional<std::uint64_t> first_of(const std::string& name) {
  if (name.size() != kDigits + kSuffix.size() || !name.ends_with(kSuffix)) return std::nullopt;
  std::string_view digits(name.data(), kDigits);
  digits.remove_prefix(std::min(digits.find_first_not_of('0'), kDigits - 1));
  const Result<std::uint64_t> first = parse_size(digits);
  return first ? std::optional(*first) : std::nullopt;
}

Status write_all(int file, ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return fail(ErrorCode::kIo);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return {};
}

}  // namespace

std::filesystem::path LogFolder::segment(std::uint64_t first) const {
  return segments() / fmt::format("{:020}{}", first, kSuffix);
}

std::filesystem::path LogFolder::index(std::uint64_t first) const {
  return path / "index" / fmt::format("{:020}.idx", first);
}

Result<std::vector<std::uint64_t>> list_segments(const LogFolder& folder) {
  std::vector<std::uint64_t> firsts;
  std::error_code error;
  std::filesystem::directory_iterator entry(folder.segments(), error);
  if (error == std::errc::no_such_file_or_directory) return firsts;
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    if (const auto first = first_of(entry->path().filename().string())) firsts.push_back(*first);
  }
  if (error) return fail(file_error("read", folder.segments(), error.value()));
  std::ranges::sort(firsts);
  return firsts;
}

Result<std::string> read_log_file(const std::filesystem::path& file, std::size_t limit) {
  const UniqueFd reader(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!reader && errno == ENOENT) {
    return fail(ErrorCode::kNotFound, fmt::format("The file {} is missing.", file.string()));
  }
  if (!reader) return fail(file_error("read", file, errno));
  struct stat info = {};
  if (::fstat(reader.get(), &info) != 0) return fail(file_error("read", file, errno));
  if (!S_ISREG(info.st_mode) || static_cast<std::size_t>(info.st_size) > limit) {
    return fail(ErrorCode::kCorrupt,
                fmt::format("{} is not a regular file of at most {} bytes.", file.string(), limit));
  }
  std::string text(static_cast<std::size_t>(info.st_size), '\0');
  std::size_t filled = 0;
  while (filled < text.size()) {
    const ssize_t got = ::pread(reader.get(), text.data() + filled, text.size() - filled, static_cast<off_t>(filled));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(file_error("read", file, errno));
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  text.resize(filled);
  return text;
}

Status replace_log_file(const std::filesystem::path& file, ByteView bytes, Durable durable) {
  std::filesystem::path temporary = file;
  temporary += ".new";
  int made = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (made < 0 && errno == ENOENT) {
    std::error_code ignored;  // opening the file tells
    std::filesystem::create_directories(file.parent_path(), ignored);
    made = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  }
  const UniqueFd writer(made);
  if (!writer || !write_all(writer.get(), bytes) || (durable == Durable::kYes && ::fdatasync(writer.get()) != 0) ||
      ::rename(temporary.c_str(), file.c_str()) != 0) {
    const int error = errno;
    ::unlink(temporary.c_str());
    return fail(file_error("written", file, error));
  }
  return durable == Durable::kYes ? sync_folder_of(file) : Status();
}

}  // namespace kagimori::audit
