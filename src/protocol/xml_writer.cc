#include "protocol/xml_writer.h"

#include <cstdint>

#include "base/encoding.h"

namespace kagimori {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD

// U+FFFE and U+FFFF, the only valid UTF-8 above U+001F that XML 1.0 forbids.
bool is_noncharacter(std::string_view character) { return character == "\xef\xbf\xbe" || character == "\xef\xbf\xbf"; }

// Bytes of the UTF-8 sequence that starts the text; 0 when none does.
std::size_t sequence_length(std::string_view text) {
  for (std::size_t length = 1; length <= 4 && length <= text.size(); ++length) {
    if (is_valid_utf8(text.substr(0, length))) return length;
  }
  return 0;
}

std::string_view escaped(char c) {
  switch (c) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '"':
      return "&quot;";
    case '\r':
      return "&#13;";  // a reader would turn a bare one into a line feed
    case '\t':
    case '\n':
      return {};
    default:
      return static_cast<std::uint8_t>(c) < 0x20 ? kReplacement : std::string_view{};
  }
}

void append_escaped(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = sequence_length(text);
    const std::string_view character = text.substr(0, length == 0 ? 1 : length);
    const std::string_view replacement = escaped(character.front());
    if (length == 0 || is_noncharacter(character)) {
      out.append(kReplacement);
    } else {
      out.append(replacement.empty() ? character : replacement);
    }
    text.remove_prefix(character.size());
  }
}

}  // namespace

XmlWriter& XmlWriter::begin(std::string_view name) {
  out_.append("<").append(name).append(">");
  return *this;
}

XmlWriter& XmlWriter::begin(std::string_view name, std::string_view xml_namespace) {
  out_.append("<").append(name).append(" xmlns=\"");
  append_escaped(out_, xml_namespace);
  out_.append("\">");
  return *this;
}

XmlWriter& XmlWriter::end(std::string_view name) {
  out_.append("</").append(name).append(">");
  return *this;
}

XmlWriter& XmlWriter::text(std::string_view text) {
  append_escaped(out_, text);
  return *this;
}

}  // namespace kagimori
