#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/log_files.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace kagimori::audit {

// When a line counts as written: in the kernel, or on disk.
enum class Durability { kWrite, kFsync };

struct LogOptions {
  std::filesystem::path folder;
  Durability durability = Durability::kWrite;
  std::uint64_t segment_bytes = std::uint64_t{32} << 20;  // a segment that has them is followed by a new one
};

// The append-only segments of JSON lines: the one place that events go to. The n-th line ever written is the n-th leaf
// of the tree (audit/sequencer.h). A segment ends at a multiple of 256 lines and is named after its first.
// Any thread; each append is one write, so lines of different threads never mix.
class Log {
 public:
  // Makes folder and first segment, with modes 0700 and 0600, if they are not there. A last line that a crash cut short
  // is removed: nobody was answered on its strength. kIo with the reason.
  static Result<std::unique_ptr<Log>> open(const LogOptions& options);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  // The last whole lines, about `bytes` of them: what a restart needs to see which events arrived.
  Result<std::string> tail(std::size_t bytes) const;

  // Appends whole lines. kStorageFull or kIo when they can't be written; then none of them is there.
  Status append(std::string_view lines);

  // Finds out whether there is room for further lines, without writing any: it reserves the room. Does not wait for an
  // append under way, which will tell as well. A file system that can't reserve (EOPNOTSUPP) leaves it to the next
  // append to tell.
  Status check();
  // What the latest append or check found.
  bool is_writable() const { return writable_.load(std::memory_order_relaxed); }

  // --- For the sequencer ---

  // A segment in memory: the file as it was opened, whatever became of its name since.
  struct Segment {
    std::uint64_t first = 0;
    UniqueFd file;
  };
  struct Extent {
    std::shared_ptr<const Segment> segment;
    std::uint64_t bytes = 0;
  };
  // The segments from the one that holds this line on, with what was appended so far. kCorrupt when one is missing.
  Result<std::vector<Extent>> extents(std::uint64_t from_line) const;
  // Nobody asks for lines before this one any more, so older segments may be let go.
  void release(std::uint64_t before_line);
  std::uint64_t lines() const { return lines_.load(std::memory_order_relaxed); }

  // Looks whether the current segment still has its name. One that was deleted, moved or replaced is written anew from
  // what is open, so that nothing is lost; while its folder is gone, the log can't be written. One that somebody else
  // wrote to or cut breaks the log off. The reason why it can't be written is the error.
  Status keep_file();
  // From here on nothing is appended any more, for this reason: the log is not what it was.
  void break_off(const Error& reason);

  const LogFolder& folder() const { return folder_; }

 private:
  struct Current {
    std::shared_ptr<Segment> segment;
    std::uint64_t bytes = 0;
  };
  explicit Log(const LogOptions& options)
      : folder_{options.folder}, durability_(options.durability), segment_bytes_(options.segment_bytes) {}
  Status open_last();
  Result<std::shared_ptr<Segment>> open_segment(std::uint64_t first, int flags) const;
  Status drop_torn_line();
  Status append_whole(std::string_view lines, std::uint64_t count);
  Status append_across(std::string_view lines, std::uint64_t count, std::uint64_t before);
  Status write_current(std::string_view lines);
  Status begin_segment(std::uint64_t first);
  Status reserve_room();
  Status keep_current();
  bool has_its_name() const;
  bool has_its_size() const;
  Status write_anew();
  Error io_error(std::string_view what, int error) const;

  const LogFolder folder_;
  const Durability durability_;
  const std::uint64_t segment_bytes_;
  mutable std::mutex mutex_;
  Current current_;
  std::vector<Extent> closed_;   // segments that the sequencer may not have read to their end
  std::optional<Error> broken_;  // why nothing is appended any more
  bool is_astray_ = false;       // the current segment has no place under its name
  std::atomic<std::uint64_t> lines_{0};
  std::atomic<bool> writable_{true};
};

}  // namespace kagimori::audit
