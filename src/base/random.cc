#include "base/random.h"

#include <array>

#include "base/encoding.h"

namespace kagimori {

std::string make_uuid(RandomSource& random) {
  std::array<std::uint8_t, 16> raw{};
  random.fill_public(raw);
  raw[6] = static_cast<std::uint8_t>((raw[6] & 0x0f) | 0x40);
  raw[8] = static_cast<std::uint8_t>((raw[8] & 0x3f) | 0x80);
  std::string text = hex_encode(raw);
  for (const std::size_t dash : {8, 13, 18, 23}) text.insert(dash, 1, '-');
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
