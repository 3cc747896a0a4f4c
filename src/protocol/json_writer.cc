#include "protocol/json_writer.h"

#include <array>
#include <charconv>

#include "base/encoding.h"

namespace kagimori {
namespace {

void append_number(std::string& out, std::int64_t value) {
  std::array<char, 20> digits;  // "-9223372036854775808"
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), end);
}

// The letter behind the backslash, or 0 where only \u00xx will do.
char short_escape(char c) {
  switch (c) {
    case '"':
    case '\\':
      return c;
    case '\b':
      return 'b';
    case '\f':
      return 'f';
    case '\n':
      return 'n';
    case '\r':
      return 'r';
    case '\t':
      return 't';
    default:
      return 0;
  }
}

bool needs_escape(char c) { return static_cast<std::uint8_t>(c) < 0x20 || c == '"' || c == '\\'; }

void append_escape(std::string& out, char c) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  out.push_back('\\');
  if (const char letter = short_escape(c); letter != 0) {
    out.push_back(letter);
    return;
  }
  out.append("u00");
  out.push_back(kDigits[static_cast<std::uint8_t>(c) >> 4]);
  out.push_back(kDigits[static_cast<std::uint8_t>(c) & 0xf]);
}

void append_quoted(std::string& out, std::string_view text) {
  out.push_back('"');
  std::size_t done = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!needs_escape(text[i])) continue;
    out.append(text.substr(done, i - done));
    append_escape(out, text[i]);
    done = i + 1;
  }
  out.append(text.substr(done));
  out.push_back('"');
}

}  // namespace

void JsonWriter::separate() {
  if (comma_) out_.push_back(',');
  comma_ = true;
}

JsonWriter& JsonWriter::open(char bracket) {
  separate();
  out_.push_back(bracket);
  comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::close(char bracket) {
  out_.push_back(bracket);
  comma_ = true;
  return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
  separate();
  append_quoted(out_, name);
  out_.push_back(':');
  comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::null() { return raw("null"); }

JsonWriter& JsonWriter::boolean(bool value) { return raw(value ? "true" : "false"); }

JsonWriter& JsonWriter::integer(std::int64_t value) {
  separate();
  append_number(out_, value);
  return *this;
}

JsonWriter& JsonWriter::string(std::string_view value) {
  separate();
  append_quoted(out_, value);
  return *this;
}

JsonWriter& JsonWriter::base64(ByteView bytes) {
  separate();
  out_.push_back('"');
  base64_append(out_, bytes);
  out_.push_back('"');
  return *this;
}

JsonWriter& JsonWriter::timestamp(Timestamp t) {
  separate();
  std::int64_t millis = t.micros / 1'000;
  if (t.micros % 1'000 < 0) --millis;
  if (millis < 0) {
    out_.push_back('-');
    millis = -millis;
  }
  append_number(out_, millis / 1'000);
  auto fraction = static_cast<int>(millis % 1'000);
  if (fraction == 0) return *this;
  out_.push_back('.');
  for (int unit = 100; fraction != 0; unit /= 10) {
    out_.push_back(static_cast<char>('0' + fraction / unit));
    fraction %= unit;
  }
  return *this;
}

JsonWriter& JsonWriter::raw(std::string_view json) {
  separate();
  out_.append(json);
  return *this;
}

}  // namespace kagimori
