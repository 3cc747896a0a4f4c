#pragma once

#include <filesystem>
#include <memory>

#include "base/result.h"

namespace kagimori {

// Keeps two servers off the same data, and remembers whether the last one ended well: a file `<store>.lock` beside the
// database, locked with flock(2) and holding the owner's process id for as long as it runs. The kernel drops the lock
// with the process, the id stays behind: that is how a crash is told from a clean end. The file itself is never
// removed, so that nobody can lock a file that is no longer there. Any thread; children made by fork share the lock.
class StoreLock {
 public:
  // kIo: "The store ... is in use by process N.", or the file can't be made.
  static Result<std::unique_ptr<StoreLock>> acquire(const std::filesystem::path& database);
  ~StoreLock();
  StoreLock(const StoreLock&) = delete;
  StoreLock& operator=(const StoreLock&) = delete;

  bool was_unclean() const { return was_unclean_; }
  // Notes that all is on disk and closed; without it the next owner finds the store unclean.
  Status mark_clean();

 private:
  StoreLock(int file, bool was_unclean) : file_(file), was_unclean_(was_unclean) {}

  int file_;
  bool was_unclean_;
};

}  // namespace kagimori
