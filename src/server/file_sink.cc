#include "server/file_sink.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "base/unique_fd.h"
#include "store/store_file.h"

namespace kagimori {
namespace {

constexpr mode_t kMode = 0600;

class FileSink final : public audit::Sink {
 public:
  explicit FileSink(std::filesystem::path path) : path_(std::move(path)) {}

  Status deliver(std::span<const audit::SinkEvent> events) override {
    std::string lines;
    for (const audit::SinkEvent& event : events) lines.append(event.line) += '\n';
    TRY(open());
    struct stat before{};
    if (fstat(file_.get(), &before) != 0) return fail(file_error("read", path_, errno));
    const Status written = write(lines);
    // So that the events that were written do not come twice.
    if (!written && ftruncate(file_.get(), before.st_size) != 0) file_.reset();
    return written;
  }

 private:
  bool is_still_there() const {
    struct stat open_file{}, named{};
    return file_ && fstat(file_.get(), &open_file) == 0 && stat(path_.c_str(), &named) == 0 &&
           open_file.st_ino == named.st_ino && open_file.st_dev == named.st_dev;
  }

  Status open() {
    if (is_still_there()) return {};
    // Non-blocking, for a pipe that nobody reads would hold up the sink for ever.
    file_ = UniqueFd(::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, kMode));
    if (!file_) return fail(file_error("opened", path_, errno));
    struct stat info{};
    if (fstat(file_.get(), &info) == 0 && S_ISREG(info.st_mode)) return {};
    file_.reset();
    return fail(ErrorCode::kIo, path_.string() + " is no regular file.");
  }

  Status write(std::string_view lines) const {
    while (!lines.empty()) {
      const ssize_t written = ::write(file_.get(), lines.data(), lines.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return fail(file_error("written", path_, errno));
      lines.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
  }

  const std::filesystem::path path_;
  UniqueFd file_;
};

}  // namespace

std::unique_ptr<audit::Sink> make_file_sink(std::filesystem::path file) {
  return std::make_unique<FileSink>(std::move(file));
}

}  // namespace kagimori
