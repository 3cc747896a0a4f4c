#include "base/log.h"

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>

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

}  // namespace

void append_json_string(std::string& out, std::string_view value) {
  out.push_back('"');
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
  text_ = "{\"time\":\"" + to_iso8601_micros(SystemClock().now()) + "\",\"level\":\"";
  text_ += level_name(level);
  text_ += "\",\"message\":";
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
  // A full or closed stderr must not stop the service; there is nowhere left to say so.
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, text_.data(), text_.size());
}

}  // namespace kagimori
