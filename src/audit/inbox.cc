#include "audit/inbox.h"

#include <algorithm>

#include "audit/event.h"
#include "base/log.h"
#include "store/store_file.h"

namespace kagimori::audit {
namespace {

constexpr std::string_view kSuffix = ".jsonl";
// More than can have been appended between an append and the removal of its file.
constexpr std::size_t kTail = std::size_t{1} << 20;

// What offline commands write and nobody else: the members are quoted, so no text in an event can look like them.
bool is_own_event(std::string_view line) {
  return line.starts_with("{\"eventVersion\":") && line.ends_with("}\n") &&
         std::count(line.begin(), line.end(), '\n') == 1 &&
         line.find(",\"eventSource\":\"kagimori\",") != std::string_view::npos &&
         line.find(",\"eventType\":\"AwsServiceEvent\",") != std::string_view::npos;
}

void set_aside(const std::filesystem::path& file) {
  std::filesystem::path aside = file;
  aside += ".refused";
  std::error_code ignored;
  std::filesystem::rename(file, aside, ignored);
  LogLine(LogLevel::kError, "a file in the audit log's inbox is no event of a command").field("file", aside.string());
}

void take_in_file(Log& log, const std::filesystem::path& file) {
  const Result<std::string> line = read_log_file(file, kMaxLine);
  if (line && !is_own_event(*line)) return set_aside(file);
  if (!line && line.error().code == ErrorCode::kCorrupt) return set_aside(file);
  if (!line) return;
  const Result<std::string> end = log.tail(kTail);
  if (!end) return;
  if (end->find(*line) == std::string::npos && !log.append(*line)) return;
  std::error_code ignored;  // it is taken in once, however often it is found
  std::filesystem::remove(file, ignored);
}

}  // namespace

Status leave_in_inbox(const LogFolder& folder, std::string_view name, ByteView line) {
  const std::filesystem::path file = folder.inbox() / (std::string(name) + std::string(kSuffix));
  return replace_log_file(file, line, Durable::kYes);
}

void take_in(Log& log) {
  std::error_code none;
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(log.folder().inbox(), none)) {
    if (entry.path().extension() == kSuffix) files.push_back(entry.path());
  }
  std::ranges::sort(files);
  for (const auto& file : files) take_in_file(log, file);
}

}  // namespace kagimori::audit
