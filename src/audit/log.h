#pragma once

#include <sys/types.h>

#include <atomic>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/result.h"

namespace kagimori::audit {

// When a line counts as written: in the kernel, or on disk.
enum class Durability { kWrite, kFsync };

// The append-only file of JSON lines: the one place that events go to. Any thread; each append is one write, so lines
// of different threads never mix. A file that was moved or deleted is noticed and made anew.
class Log {
 public:
  // Makes the file with mode 0600 if it is not there. A last line that a crash cut short is removed: nobody was
  // answered on its strength. kIo with the reason.
  static Result<std::unique_ptr<Log>> open(const std::filesystem::path& file, Durability durability);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  // The end of the file, at most `bytes` of it: what a restart needs to see which events arrived.
  Result<std::string> tail(std::size_t bytes) const;

  // Appends whole lines. kStorageFull or kIo when they can't be written; then none of them is there.
  Status append(std::string_view lines);

  // Finds out whether there is room for further lines, without writing any: it reserves the room. Does not wait for an
  // append under way, which will tell as well. A file system that can't reserve (EOPNOTSUPP) leaves it to the next
  // append to tell.
  Status check();
  // What the latest append or check found.
  bool is_writable() const { return writable_.load(std::memory_order_relaxed); }

 private:
  Log(std::filesystem::path file, Durability durability) : file_(std::move(file)), durability_(durability) {}
  Status reopen();
  Result<off_t> current_size();
  Status append_whole(std::string_view lines);
  Status reserve_room();
  Status write_lines(std::string_view lines);
  Status drop_torn_line();

  const std::filesystem::path file_;
  const Durability durability_;
  std::mutex mutex_;
  int descriptor_ = -1;
  std::atomic<bool> writable_{true};
};

}  // namespace kagimori::audit
