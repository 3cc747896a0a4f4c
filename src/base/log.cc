#include "base/log.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <cstring>
#include <mutex>

#include "base/clock.h"
#include "base/encoding.h"

namespace kagimori {
namespace {

std::atomic<LogLevel> min_level{LogLevel::kInfo};

std::string_view level_name(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      break;
  }
  return "error";
}

// Whether JSON and people read the eight characters as they are: from space to tilde, but no quote and no backslash.
bool are_plain(const char* eight) {
  constexpr std::uint64_t kEach = 0x0101'0101'0101'0101;
  constexpr std::uint64_t kHigh = kEach * 0x80;
  std::uint64_t word = 0;
  std::memcpy(&word, eight, sizeof word);
  // The high bit of each byte that is 0, where no byte has it already.
  const auto zeros = [](std::uint64_t bytes) { return (bytes - kEach) & ~bytes; };
  const std::uint64_t control = word - kEach * 0x20;
  const std::uint64_t special =
      zeros(word ^ (kEach * '"')) | zeros(word ^ (kEach * '\\')) | zeros(word ^ (kEach * 0x7f));
  return ((word | control | special) & kHigh) == 0;
}

bool is_plain(char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; }

// How much of the text, from its front, is so.
std::size_t plain_part(std::string_view text) {
  std::size_t plain = 0;
  while (text.size() - plain >= 8 && are_plain(text.data() + plain)) plain += 8;
  while (plain < text.size() && is_plain(text[plain])) ++plain;
  return plain;
}

void append_escaped(std::string& out, std::string_view value) {
  for (const char c : value) {
    const auto byte = static_cast<std::uint8_t>(c);
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (byte < 0x20 || byte == 0x7f) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", byte);
    } else {
      out.push_back(c);
    }
  }
}

// Several threads write; what poll() promised to one must not be taken by another.
std::mutex writing;
std::size_t lost_lines = 0;  // guarded by `writing`

// At least this much fits into a pipe or socket that poll() says takes something (pipe(7)).
constexpr std::size_t kChunk = PIPE_BUF;

bool takes_more() {
  pollfd stderr_state{STDERR_FILENO, POLLOUT, 0};
  return poll(&stderr_state, 1, 0) == 1 && (stderr_state.revents & POLLOUT) != 0;
}

bool write_at_once(std::string_view text) {
  while (!text.empty()) {
    if (!takes_more()) return false;
    const std::string_view chunk = text.substr(0, kChunk);
    const ssize_t written = write(STDERR_FILENO, chunk.data(), chunk.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

// As many whole lines as fit into a chunk, at least one.
std::string_view next_lines(std::string_view lines) {
  std::size_t end = lines.substr(0, kChunk).rfind('\n');
  if (end == std::string_view::npos) end = lines.find('\n');
  return lines.substr(0, end == std::string_view::npos ? end : end + 1);
}

std::string time_and_level(LogLevel level) {
  return "{\"time\":\"" + to_iso8601_micros(SystemClock().now()) + "\",\"level\":\"" + std::string(level_name(level)) +
         "\",\"message\":";
}

}  // namespace

void write_log_lines(std::string_view lines) {
  const std::lock_guard lock(writing);
  while (!lines.empty()) {
    if (lost_lines > 0) {
      const std::string loss =
          time_and_level(LogLevel::kWarning) + "\"log lines were lost\"" + fmt::format(",\"count\":{}}}\n", lost_lines);
      if (!write_at_once(loss)) break;
      lost_lines = 0;
    }
    const std::string_view next = next_lines(lines);
    if (!write_at_once(next)) break;
    lines.remove_prefix(next.size());
  }
  lost_lines += static_cast<std::size_t>(std::count(lines.begin(), lines.end(), '\n'));
}

void append_json_string(std::string& out, std::string_view value) {
  out.push_back('"');
  const std::size_t plain = plain_part(value);
  out.append(value.substr(0, plain));
  value.remove_prefix(plain);
  if (is_valid_utf8(value)) {
    append_escaped(out, value);
  } else {
    for (const char c : value) {
      if (static_cast<std::uint8_t>(c) < 0x80) {
        append_escaped(out, {&c, 1});
      } else {
        out += "\xef\xbf\xbd";
      }
    }
  }
  out.push_back('"');
}

void set_log_level(LogLevel level) { min_level.store(level, std::memory_order_relaxed); }

LogLine::LogLine(LogLevel level, std::string_view message)
    : enabled_(level >= min_level.load(std::memory_order_relaxed)) {
  if (!enabled_) return;
  text_ = time_and_level(level);
  append_json_string(text_, message);
}

LogLine& LogLine::field(std::string_view name, std::string_view value) {
  if (!enabled_) return *this;
  text_.push_back(',');
  append_json_string(text_, name);
  text_.push_back(':');
  append_json_string(text_, value);
  return *this;
}

LogLine& LogLine::field(std::string_view name, std::int64_t value) {
  if (!enabled_) return *this;
  text_.push_back(',');
  append_json_string(text_, name);
  text_ += fmt::format(":{}", value);
  return *this;
}

LogLine::~LogLine() {
  if (!enabled_) return;
  text_ += "}\n";
  write_log_lines(text_);
}

}  // namespace kagimori
