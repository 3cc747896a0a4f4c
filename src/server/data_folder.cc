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
constexpr std::size_t kWriteBytes = std::size_t{1} << 20;
constexpr std::string_view kRandomName = ".XXXXXX";  // mkostemp(3) fills it in

tl::unexpected<Error> file_error(std::string_view what, const std::filesystem::path& file) {
  return fail(ErrorCode::kIo, fmt::format("Cannot {} {}: {}.", what, file.string(), std::strerror(errno)));
}

}  // namespace

PrivateFileWriter::PrivateFileWriter(const std::filesystem::path& file)
    : path_(file), temporary_(file.string() + std::string(kRandomName)) {}

Result<PrivateFileWriter> PrivateFileWriter::open(const std::filesystem::path& file) {
  PrivateFileWriter writer(file);
  writer.file_ = UniqueFd(::mkostemp(writer.temporary_.data(), O_CLOEXEC));  // mode 0600 whatever the umask
  if (!writer.file_) return file_error("write beside", file);
  return writer;
}

PrivateFileWriter::~PrivateFileWriter() {
  if (file_) ::unlink(temporary_.c_str());
}

Status PrivateFileWriter::write(std::string_view text) {
  buffer_ += text;
  return buffer_.size() < kWriteBytes ? Status() : flush();
}

Status PrivateFileWriter::flush() {
  for (std::string_view rest = buffer_; !rest.empty();) {
    const ssize_t written = ::write(file_.get(), rest.data(), rest.size());
    if (written < 0 && errno != EINTR) return file_error("write", path_);
    if (written > 0) rest.remove_prefix(static_cast<std::size_t>(written));
  }
  buffer_.clear();
  return {};
}

Status PrivateFileWriter::finish() {
  TRY(flush());
  if (::fsync(file_.get()) != 0) return file_error("sync", path_);
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) return file_error("replace", path_);
  file_.reset();
  return {};
}

Status write_private_file(const std::filesystem::path& file, std::string_view text) {
  TRY_ASSIGN(PrivateFileWriter writer, PrivateFileWriter::open(file));
  TRY(writer.write(text));
  return writer.finish();
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
