#include "base/random.h"

#include <array>
#include <string_view>

namespace kagimori {

std::string make_uuid(RandomSource& random) {
  std::array<std::uint8_t, 16> raw{};
  random.fill_public(raw);
  raw[6] = static_cast<std::uint8_t>((raw[6] & 0x0f) | 0x40);
  raw[8] = static_cast<std::uint8_t>((raw[8] & 0x3f) | 0x80);
  constexpr std::string_view kHexDigits = "0123456789abcdef";
  std::string text(36, '-');
  std::size_t at = 0;
  for (const std::uint8_t byte : raw) {
    if (at == 8 || at == 13 || at == 18 || at == 23) ++at;
    text[at++] = kHexDigits[byte >> 4];
    text[at++] = kHexDigits[byte & 0xf];
  }
  return text;
}

std::string make_base32_id(RandomSource& random, std::size_t length) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  std::string text(length, 'A');
  random.fill_public({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
  for (char& c : text) c = kAlphabet[static_cast<std::uint8_t>(c) & 0x1f];
  return text;
}

}  // namespace kagimori
