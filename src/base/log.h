#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace kagimori {

enum class LogLevel : std::uint8_t { kDebug, kInfo, kWarning, kError };

// One JSON object a line on stderr. Values are escaped here; what may be logged is the caller's duty: never a secret, a
// plaintext, a signature or a query string.
//   LogLine(LogLevel::kInfo, "listening").field("address", "127.0.0.1:8443");
// The line is written when the object dies. Any thread.
class LogLine {
 public:
  LogLine(LogLevel level, std::string_view message);
  ~LogLine();
  LogLine(const LogLine&) = delete;
  LogLine& operator=(const LogLine&) = delete;

  LogLine& field(std::string_view name, std::string_view value);
  LogLine& field(std::string_view name, std::int64_t value);

 private:
  bool enabled_;
  std::string text_;
};

void set_log_level(LogLevel level);
// Writes whole lines to stderr as far as it takes them at once: who reads them slowly, or not at all, loses lines and
// never stops the service. Once lines are taken again, one says how many were lost. Any thread.
void write_log_lines(std::string_view lines);
// Appends `value` as a quoted JSON string (RFC 8259); bytes that are not UTF-8 become U+FFFD.
void append_json_string(std::string& out, std::string_view value);

}  // namespace kagimori
