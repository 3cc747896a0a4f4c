#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace kagimori::audit {

// Where everything lies in the folder of an audit log (docs/formats/audit-log.md).
struct LogFolder {
  std::filesystem::path path;

  std::filesystem::path segments() const { return path / "segments"; }
  std::filesystem::path segment(std::uint64_t first) const;
  // Of the closed segment that begins with this line.
  std::filesystem::path index(std::uint64_t first) const;
  std::filesystem::path checkpoint() const { return path / "checkpoint"; }
  std::filesystem::path public_key() const { return path / "log.vkey"; }
  std::filesystem::path key_changes() const { return path / "key-changes"; }
  std::filesystem::path pruned() const { return path / "pruned"; }
  std::filesystem::path inbox() const { return path / "inbox"; }
  // How far this sink has come.
  std::filesystem::path sink(std::string_view name) const { return path / "sinks" / name; }
};

// The indexes that the segments' names give, in order. Other files are left aside. Empty when the folder is not there.
Result<std::vector<std::uint64_t>> list_segments(const LogFolder& folder);

// The whole file. kNotFound, kIo, or kCorrupt when it is larger than `limit` bytes or no regular file.
Result<std::string> read_log_file(const std::filesystem::path& file, std::size_t limit);
// Replaces the file in one step: a temporary file beside it, made durable if asked for, then renamed. Makes the folder.
enum class Durable : bool { kNo, kYes };
Status replace_log_file(const std::filesystem::path& file, ByteView bytes, Durable durable);

}  // namespace kagimori::audit
