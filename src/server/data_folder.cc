#include "server/data_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "store/store_file.h"

namespace kagimori {
namespace {

constexpr std::uintmax_t kMaxFileSize = std::uintmax_t{1} << 20;

tl::unexpected<Error> file_error(std::string_view what, const std::filesystem::path& file) {
  return fail(ErrorCode::kIo, fmt::format("Cannot {} {}: {}.", what, file.string(), std::strerror(errno)));
}

Status write_all(int descriptor, std::string_view text, const std::filesystem::path& file) {
  while (!text.empty()) {
    const ssize_t written = write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return file_error("write", file);
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  if (fsync(descriptor) != 0) return file_error("sync", file);
  return {};
}

}  // namespace

Status write_private_file(const std::filesystem::path& file, std::string_view text) {
  std::string temporary = file.string() + ".XXXXXX";
  const int descriptor = mkostemp(temporary.data(), O_CLOEXEC);  // mode 0600 whatever the umask
  if (descriptor < 0) return file_error("write beside", file);
  const Status written = write_all(descriptor, text, file);
  close(descriptor);
  if (written && rename(temporary.c_str(), file.c_str()) == 0) return {};
  const Status failed = written ? file_error("replace", file) : written;
  unlink(temporary.c_str());
  return failed;
}

Result<std::string> read_small_file(const std::filesystem::path& file) {
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(file, error);
  if (error) return fail(ErrorCode::kIo, fmt::format("Cannot read {}: {}.", file.string(), error.message()));
  if (size > kMaxFileSize) {
    return fail(ErrorCode::kBadConfiguration,
                fmt::format("{} is not the file it should be: it is too large.", file.string()));
  }
  std::ifstream in(file, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(in)), {});
  if (!in.good() && !in.eof()) return fail(ErrorCode::kIo, fmt::format("Cannot read {}.", file.string()));
  return text;
}

}  // namespace kagimori
