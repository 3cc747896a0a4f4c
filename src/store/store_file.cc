#include "store/store_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/bytes.h"
#include "store/sqlite_schema.h"

namespace kagimori {
namespace {

class File {
 public:
  File(const std::filesystem::path& path, int flags) : file_(::open(path.c_str(), flags | O_CLOEXEC, 0600)) {}
  ~File() {
    if (file_ >= 0) ::close(file_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  explicit operator bool() const { return file_ >= 0; }
  int get() const { return file_; }

 private:
  int file_;
};

// The SQLite file format, "The Database Header": fields that tell whose file it is and how long it must be.
struct Header {
  std::uint32_t page_size = 0;
  std::uint32_t pages = 0;
  std::uint32_t application_id = 0;
};
constexpr std::size_t kHeaderSize = 100;
constexpr std::string_view kMagic("SQLite format 3\0", 16);

std::uint32_t big_endian(ByteView bytes) {
  std::uint32_t value = 0;
  for (const std::uint8_t byte : bytes) value = value << 8 | byte;
  return value;
}

Header parse_header(ByteView bytes) {
  const std::uint32_t page_size = big_endian(bytes.subspan(16, 2));
  return {page_size == 1 ? 65536 : page_size, big_endian(bytes.subspan(28, 4)), big_endian(bytes.subspan(68, 4))};
}

tl::unexpected<Error> not_a_store(const std::filesystem::path& path, std::string_view why) {
  return fail(
      ErrorCode::kCorrupt,
      fmt::format("The file {} is not a Kagimori store: {}. Check the path, or restore a backup.", path.string(), why));
}

// After a crash the write-ahead log may hold the pages that the file still lacks; then SQLite decides.
bool has_log(const std::filesystem::path& path) {
  struct stat status = {};
  return ::stat((path.string() + "-wal").c_str(), &status) == 0 && status.st_size > 0;
}

}  // namespace

Error file_error(std::string_view done, const std::filesystem::path& path, int system_error) {
  const bool full = system_error == ENOSPC || system_error == EDQUOT;
  return {full ? ErrorCode::kStorageFull : ErrorCode::kIo,
          fmt::format("The file {} can't be {}: {}.", path.string(), done, std::strerror(system_error))};
}

bool is_there(const std::filesystem::path& path) {
  struct stat status = {};
  return ::lstat(path.c_str(), &status) == 0;
}

std::filesystem::path absolute_path(const std::filesystem::path& path) {
  std::error_code failed;
  std::filesystem::path absolute = std::filesystem::absolute(path, failed);
  return failed ? path : absolute;
}

Status make_private_folder(const std::filesystem::path& folder) {
  if (folder.has_parent_path() && !is_there(folder.parent_path())) {
    TRY(make_private_folder(folder.parent_path()));
  }
  if (::mkdir(folder.c_str(), 0700) == 0 || errno == EEXIST) return {};
  const int error = errno;
  return fail(ErrorCode::kIo, fmt::format("Cannot make the folder {}: {}.", folder.string(), std::strerror(error)));
}

Status create_private_file(const std::filesystem::path& path) {
  const File file(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW);
  if (!file && errno == EEXIST)
    return fail(ErrorCode::kAlreadyExists,
                fmt::format("There is already a file {}. Choose another name, or remove it first.", path.string()));
  if (!file) return fail(file_error("made", path, errno));
  if (::fchmod(file.get(), 0600) != 0) return fail(file_error("protected", path, errno));
  return {};
}

Status make_private(const std::filesystem::path& path) {
  struct stat status = {};
  if (::stat(path.c_str(), &status) != 0) return fail(file_error("looked at", path, errno));
  if ((status.st_mode & 0777) == 0600) return {};
  if (::chmod(path.c_str(), 0600) != 0) return fail(file_error("protected", path, errno));
  return {};
}

Status sync_file(const std::filesystem::path& path) {
  const File file(path, O_RDONLY);
  if (!file || ::fsync(file.get()) != 0) return fail(file_error("written to disk", path, errno));
  return {};
}

Status sync_folder_of(const std::filesystem::path& path) {
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
  const File file(folder, O_RDONLY | O_DIRECTORY);
  if (!file || ::fsync(file.get()) != 0) return fail(file_error("written to disk", folder, errno));
  return {};
}

Status publish_file(const std::filesystem::path& from, const std::filesystem::path& to) {
  TRY(sync_file(from));
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) != 0) {
    if (errno == EEXIST)
      return fail(ErrorCode::kAlreadyExists,
                  fmt::format("There is already a file {}. Choose another name, or remove it first.", to.string()));
    return fail(file_error("made", to, errno));
  }
  return sync_folder_of(to);
}

Status inspect_store_file(const std::filesystem::path& path) {
  const File file(path, O_RDONLY);
  if (!file && errno == ENOENT)
    return fail(ErrorCode::kNotFound,
                fmt::format("There is no store {}. Make one with `kagimori init`, or check the path.", path.string()));
  if (!file) return fail(file_error("opened", path, errno));
  struct stat status = {};
  if (::fstat(file.get(), &status) != 0) return fail(file_error("looked at", path, errno));
  if (!S_ISREG(status.st_mode)) return not_a_store(path, "it is not a regular file");
  if (status.st_size == 0) return not_a_store(path, "it is empty");

  std::array<std::uint8_t, kHeaderSize> bytes = {};
  const ssize_t size = ::pread(file.get(), bytes.data(), bytes.size(), 0);
  if (size < 0) return fail(file_error("read", path, errno));
  const std::string_view start = as_text(ByteView(bytes).first(static_cast<std::size_t>(size)));
  if (!start.starts_with(kMagic.substr(0, start.size())))
    return not_a_store(path, "its first bytes are not those of an SQLite database");
  if (start.size() < kHeaderSize) return not_a_store(path, "it ends within its header");
  const Header header = parse_header(bytes);
  if (header.application_id != kSqliteApplicationId)
    return not_a_store(path, "it is an SQLite database of another program");
  const std::uint64_t expected = std::uint64_t{header.page_size} * header.pages;
  if (static_cast<std::uint64_t>(status.st_size) < expected && !has_log(path))
    return fail(ErrorCode::kCorrupt, fmt::format("The store {} is truncated: it has {} of {} bytes. Restore a backup.",
                                                 path.string(), status.st_size, expected));
  return {};
}

}  // namespace kagimori
