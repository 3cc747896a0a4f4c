#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"

namespace kagimori {

// Where everything of one installation lies. The root key file is never among it.
struct DataFolder {
  std::filesystem::path path;  // absolute

  std::filesystem::path config() const { return path / "kagimori.toml"; }
  std::filesystem::path store_folder() const { return path / "store"; }
  std::filesystem::path store() const { return store_folder() / "kagimori.db"; }
  // The store's id once more, so that a database of another store in its place is noticed.
  std::filesystem::path store_id() const { return store_folder() / "store-id"; }
  std::filesystem::path tls_folder() const { return path / "tls"; }
  std::filesystem::path ca_certificate() const { return tls_folder() / "ca.pem"; }
  std::filesystem::path ca_key() const { return tls_folder() / "ca.key"; }
  std::filesystem::path server_certificate() const { return tls_folder() / "server.pem"; }
  std::filesystem::path server_key() const { return tls_folder() / "server.key"; }
  std::filesystem::path audit_folder() const { return path / "audit"; }
  std::filesystem::path env() const { return path / "env"; }
  std::filesystem::path pid() const { return path / "server.pid"; }
};

// Writes a file with mode 0600 that is there as a whole or not at all: a temporary one beside it, until it is finished.
// What had the name before is replaced. kIo.
class PrivateFileWriter {
 public:
  static Result<PrivateFileWriter> open(const std::filesystem::path& file);
  PrivateFileWriter(PrivateFileWriter&& other) noexcept = default;
  PrivateFileWriter& operator=(PrivateFileWriter&&) = delete;
  ~PrivateFileWriter();

  Status write(std::string_view text);
  Status finish();

 private:
  explicit PrivateFileWriter(const std::filesystem::path& file);
  Status flush();

  std::filesystem::path path_;
  std::string temporary_;
  UniqueFd file_;
  std::string buffer_;
};

// The same at once.
Status write_private_file(const std::filesystem::path& file, std::string_view text);
// kIo when it can't be read, kBadConfiguration when it is larger than a megabyte.
Result<std::string> read_small_file(const std::filesystem::path& file);

}  // namespace kagimori
