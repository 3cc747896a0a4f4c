#include "store/store_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "store/store_file.h"

namespace kagimori {
namespace {

// The process id that stands in the file, or nothing when the last owner ended well.
std::string read_owner(int file) {
  char text[32];
  const ssize_t size = ::pread(file, text, sizeof text, 0);
  std::string owner(text, size > 0 ? static_cast<std::size_t>(size) : 0);
  owner.erase(std::ranges::find_if(owner, [](char c) { return c < '0' || c > '9'; }), owner.end());
  return owner;
}

Status write_owner(int file, const std::string& owner, const std::filesystem::path& path) {
  const auto size = static_cast<ssize_t>(owner.size());
  if (::ftruncate(file, 0) != 0 || ::pwrite(file, owner.data(), owner.size(), 0) != size || ::fsync(file) != 0)
    return fail(file_error("written", path, errno));
  return {};
}

tl::unexpected<Error> in_use(const std::filesystem::path& database, const std::string& owner) {
  const std::string who = owner.empty() ? "another process" : "process " + owner;
  return fail(ErrorCode::kIo,
              fmt::format("The store {} is in use by {}. Stop it, or choose another store.", database.string(), who));
}

}  // namespace

Result<std::unique_ptr<StoreLock>> StoreLock::acquire(const std::filesystem::path& database) {
  const std::filesystem::path path = database.string() + ".lock";
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0) return fail(file_error("opened", path, errno));
  std::unique_ptr<StoreLock> lock(new StoreLock(file, false));
  if (::fchmod(file, 0600) != 0) return fail(file_error("protected", path, errno));
  const std::string owner = read_owner(file);
  if (::flock(file, LOCK_EX | LOCK_NB) != 0)
    return errno == EWOULDBLOCK ? in_use(database, owner) : fail(file_error("locked", path, errno));
  struct stat status = {};
  lock->was_unclean_ = ::fstat(file, &status) == 0 && status.st_size > 0;
  TRY(write_owner(file, std::to_string(::getpid()) + "\n", path));
  TRY(sync_folder_of(path));
  return lock;
}

StoreLock::~StoreLock() { ::close(file_); }

Status StoreLock::mark_clean() {
  if (::ftruncate(file_, 0) != 0 || ::fsync(file_) != 0)
    return fail(ErrorCode::kIo, fmt::format("The store's lock file can't be written (error {}).", errno));
  return {};
}

}  // namespace kagimori
