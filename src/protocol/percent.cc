#include "protocol/percent.h"

#include <array>
#include <cstdint>

namespace kagimori {
namespace {

constexpr std::string_view kHexDigits = "0123456789ABCDEF";

constexpr std::array<bool, 256> make_unreserved() {
  std::array<bool, 256> table{};
  for (int c = 'a'; c <= 'z'; ++c) table[static_cast<std::size_t>(c)] = true;
  for (int c = 'A'; c <= 'Z'; ++c) table[static_cast<std::size_t>(c)] = true;
  for (int c = '0'; c <= '9'; ++c) table[static_cast<std::size_t>(c)] = true;
  for (const char c : {'-', '.', '_', '~'}) table[static_cast<std::uint8_t>(c)] = true;
  return table;
}
constexpr auto kUnreserved = make_unreserved();

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_escape(std::string_view text, std::size_t at) {
  return at + 2 < text.size() && hex_value(text[at + 1]) >= 0 && hex_value(text[at + 2]) >= 0;
}

void encode_byte(std::string& out, std::uint8_t byte) {
  if (kUnreserved[byte]) {
    out.push_back(static_cast<char>(byte));
    return;
  }
  out.push_back('%');
  out.push_back(kHexDigits[byte >> 4]);
  out.push_back(kHexDigits[byte & 0xf]);
}

template <typename Sink>
void for_each_decoded(std::string_view text, Sink sink) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      sink(std::uint8_t{' '});
    } else if (text[i] == '%' && is_escape(text, i)) {
      sink(static_cast<std::uint8_t>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2])));
      i += 2;
    } else {
      sink(static_cast<std::uint8_t>(text[i]));
    }
  }
}

}  // namespace

void percent_encode(std::string& out, std::string_view text) {
  for (const char c : text) encode_byte(out, static_cast<std::uint8_t>(c));
}

bool has_whole_escapes(std::string_view text) {
  for (std::size_t i = text.find('%'); i != std::string_view::npos; i = text.find('%', i + 1)) {
    if (!is_escape(text, i)) return false;
  }
  return true;
}

void form_decode(std::string& out, std::string_view text) {
  for_each_decoded(text, [&](std::uint8_t byte) { out.push_back(static_cast<char>(byte)); });
}

void percent_normalise(std::string& out, std::string_view text) {
  for_each_decoded(text, [&](std::uint8_t byte) { encode_byte(out, byte); });
}

}  // namespace kagimori
