#include "seal/secret_file.h"

#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace kagimori {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxSize = std::size_t{64} << 10;

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  ~FileDescriptor() {
    if (fd_ >= 0) close(fd_);
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_;
};

tl::unexpected<Error> io_failure(const char* what, const fs::path& file) {
  return fail(ErrorCode::kIo, fmt::format("Cannot {} {}: {}.", what, file.native(), strerror(errno)));
}

fs::path new_name(const fs::path& file) { return fs::path(file).concat(".new"); }
fs::path old_name(const fs::path& file) { return fs::path(file).concat(".old"); }

Status sync_folder(const fs::path& file) {
  const fs::path folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
  const FileDescriptor fd(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd || fsync(fd.get()) != 0) return io_failure("write to disk the folder of", file);
  return {};
}

bool write_all(int fd, ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return true;
}

bool read_all(int fd, std::span<std::uint8_t> out) {
  while (!out.empty()) {
    const ssize_t got = read(fd, out.data(), out.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    out = out.subspan(static_cast<std::size_t>(got));
  }
  return true;
}

// Overwrites a file and removes its name. Not the file that `keep` names, should both be the same one.
Status erase_file(const fs::path& file, const fs::path& keep) {
  struct stat info{};
  if (lstat(file.c_str(), &info) != 0) {
    if (errno == ENOENT) return {};
    return io_failure("look at", file);
  }
  struct stat kept{};
  const bool same = lstat(keep.c_str(), &kept) == 0 && kept.st_dev == info.st_dev && kept.st_ino == info.st_ino;
  if (!same && S_ISREG(info.st_mode)) {
    const FileDescriptor fd(open(file.c_str(), O_WRONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
    if (!fd) return io_failure("overwrite", file);
    constexpr std::array<std::uint8_t, 4096> kZeros{};
    for (off_t left = info.st_size; left > 0;) {
      const std::size_t size = std::min(kZeros.size(), static_cast<std::size_t>(left));
      if (!write_all(fd.get(), ByteView(kZeros).first(size))) return io_failure("overwrite", file);
      left -= static_cast<off_t>(size);
    }
    if (fsync(fd.get()) != 0) return io_failure("overwrite", file);
  }
  if (unlink(file.c_str()) != 0) return io_failure("remove", file);
  return sync_folder(file);
}

// The content under the name for new files, on disk.
Status write_new(const fs::path& file, const SecretBytes& content) {
  const fs::path name = new_name(file);
  const FileDescriptor fd(open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd) return io_failure("make", name);
  // The umask may have taken bits away that the owner needs.
  if (fchmod(fd.get(), 0600) != 0 || !write_all(fd.get(), content.expose()) || fsync(fd.get()) != 0) {
    return io_failure("write", name);
  }
  return {};
}

// Links the file under its second name and moves the new one over it, so that the old bytes can be found again.
Status swap_files(const fs::path& file) {
  if (link(file.c_str(), old_name(file).c_str()) != 0) return io_failure("make a second name for", file);
  TRY(sync_folder(file));
  if (rename(new_name(file).c_str(), file.c_str()) != 0) return io_failure("replace", file);
  return sync_folder(file);
}

Status check_safety(const fs::path& file, const struct stat& info) {
  const auto unsafe = [&](std::string what) {
    return fail(ErrorCode::kBadConfiguration, fmt::format("The file {} {}", file.native(), what));
  };
  if (!S_ISREG(info.st_mode)) return unsafe("is not a regular file. Name the file itself.");
  if (info.st_uid != geteuid()) {
    return unsafe(fmt::format("belongs to user {}, but this process runs as user {}. Run it as the file's owner.",
                              info.st_uid, geteuid()));
  }
  if ((info.st_mode & 077) != 0) {
    return unsafe(fmt::format("can be used by others (mode {:04o}). If nobody can have read it, run: chmod 600 {}",
                              info.st_mode & 07777, file.native()));
  }
  if (info.st_size > static_cast<off_t>(kMaxSize)) return unsafe("is too large to be what it should be.");
  return {};
}

}  // namespace

Result<SecretBytes> read_secret_file(const fs::path& file) {
  const FileDescriptor fd(open(file.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd) {
    if (errno == ENOENT || errno == ENOTDIR) {
      return fail(ErrorCode::kNotFound, fmt::format("There is no file {}.", file.native()));
    }
    if (errno == ELOOP) {
      return fail(ErrorCode::kBadConfiguration,
                  fmt::format("The file {} is a symbolic link. Name the file itself.", file.native()));
    }
    return io_failure("open", file);
  }
  struct stat info{};
  if (fstat(fd.get(), &info) != 0) return io_failure("look at", file);
  TRY(check_safety(file, info));
  SecretBytes content(static_cast<std::size_t>(info.st_size));
  if (!read_all(fd.get(), content.expose_mutable())) return io_failure("read", file);
  return content;
}

Status create_secret_file(const fs::path& file, const SecretBytes& content) {
  struct stat info{};
  const auto exists = [&] {
    return fail(ErrorCode::kAlreadyExists, fmt::format("The file {} exists already; it is left alone.", file.native()));
  };
  if (lstat(file.c_str(), &info) == 0) return exists();
  TRY(erase_file(new_name(file), file));
  Status made = write_new(file, content);
  if (made && link(new_name(file).c_str(), file.c_str()) != 0) {
    made = errno == EEXIST ? Status(exists()) : Status(io_failure("make", file));
  }
  if (made) made = sync_folder(file);
  const Status erased = erase_file(new_name(file), file);
  return made ? erased : made;
}

Status replace_secret_file(const fs::path& file, const SecretBytes& content) {
  TRY(clear_secret_remains(file));
  Status done = write_new(file, content);
  if (done) done = swap_files(file);
  const Status cleared = clear_secret_remains(file);
  return done ? cleared : done;
}

Status clear_secret_remains(const fs::path& file) {
  TRY(erase_file(new_name(file), file));
  return erase_file(old_name(file), file);
}

}  // namespace kagimori
