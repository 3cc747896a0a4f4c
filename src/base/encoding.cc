#include "base/encoding.h"

#include <array>

namespace kagimori {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr std::string_view kBase64Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t kBadDigit = 0xff;

constexpr std::array<std::uint8_t, 256> make_base64_values() {
  std::array<std::uint8_t, 256> values{};
  values.fill(kBadDigit);
  for (std::size_t i = 0; i < kBase64Alphabet.size(); ++i) {
    values[static_cast<std::uint8_t>(kBase64Alphabet[i])] = static_cast<std::uint8_t>(i);
  }
  return values;
}
constexpr auto kBase64Values = make_base64_values();

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

struct Base64Shape {
  std::size_t decoded_size = 0;
  std::size_t digits = 0;  // without padding
};

Result<Base64Shape> base64_shape(std::string_view text) {
  if (text.size() % 4 != 0) return fail(ErrorCode::kValidation, "The base64 text has a wrong length.");
  std::size_t digits = text.size();
  while (digits > 0 && text.size() - digits < 2 && text[digits - 1] == '=') --digits;
  return Base64Shape{digits * 3 / 4, digits};
}

// Writes decoded_size bytes to out; false on a character outside the alphabet or on bits after the last byte.
bool base64_decode_into(std::string_view text, const Base64Shape& shape, std::uint8_t* out) {
  std::uint32_t buffer = 0;
  int bits = 0;
  std::uint8_t bad = 0;
  for (std::size_t i = 0; i < shape.digits; ++i) {
    const std::uint8_t value = kBase64Values[static_cast<std::uint8_t>(text[i])];
    bad = static_cast<std::uint8_t>(bad | (value & 0xc0));
    buffer = (buffer << 6) | (value & 0x3f);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      *out++ = static_cast<std::uint8_t>(buffer >> bits);
    }
  }
  return bad == 0 && (buffer & ((1u << bits) - 1)) == 0;
}

std::size_t utf8_sequence_length(std::string_view text, std::size_t i) {
  const auto at = [&](std::size_t k) { return static_cast<std::uint8_t>(text[k]); };
  const auto continuation = [&](std::size_t k) { return k < text.size() && (at(k) & 0xc0) == 0x80; };
  const std::uint8_t lead = at(i);
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) return continuation(i + 1) ? 2 : 0;
  if (lead >= 0xe0 && lead <= 0xef) {
    if (!continuation(i + 1) || !continuation(i + 2)) return 0;
    if (lead == 0xe0 && at(i + 1) < 0xa0) return 0;
    if (lead == 0xed && at(i + 1) > 0x9f) return 0;
    return 3;
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    if (!continuation(i + 1) || !continuation(i + 2) || !continuation(i + 3)) return 0;
    if (lead == 0xf0 && at(i + 1) < 0x90) return 0;
    if (lead == 0xf4 && at(i + 1) > 0x8f) return 0;
    return 4;
  }
  return 0;
}

}  // namespace

std::string hex_encode(ByteView bytes) {
  std::string out;
  out.reserve(bytes.size() * 2);
  for (std::uint8_t byte : bytes) {
    out.push_back(kHexDigits[byte >> 4]);
    out.push_back(kHexDigits[byte & 0xf]);
  }
  return out;
}

Result<Bytes> hex_decode(std::string_view text) {
  if (text.size() % 2 != 0) return fail(ErrorCode::kValidation, "The hexadecimal text has an odd length.");
  Bytes out;
  out.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = hex_value(text[i]);
    const int low = hex_value(text[i + 1]);
    if (high < 0 || low < 0) return fail(ErrorCode::kValidation, "The text is not hexadecimal.");
    out.push_back(static_cast<std::uint8_t>(high * 16 + low));
  }
  return out;
}

void base64_encode_into(ByteView bytes, std::span<std::uint8_t> out) {
  std::uint8_t* to = out.data();
  const auto put = [&to](std::uint32_t bits) { *to++ = static_cast<std::uint8_t>(kBase64Alphabet[bits & 0x3f]); };
  std::size_t i = 0;
  for (; i + 3 <= bytes.size(); i += 3) {
    const std::uint32_t group = (std::uint32_t{bytes[i]} << 16) | (std::uint32_t{bytes[i + 1]} << 8) | bytes[i + 2];
    put(group >> 18);
    put(group >> 12);
    put(group >> 6);
    put(group);
  }
  const std::size_t rest = bytes.size() - i;
  if (rest == 0) return;
  std::uint32_t group = std::uint32_t{bytes[i]} << 16;
  if (rest == 2) group |= std::uint32_t{bytes[i + 1]} << 8;
  put(group >> 18);
  put(group >> 12);
  if (rest == 2) {
    put(group >> 6);
  } else {
    *to++ = '=';
  }
  *to = '=';
}

void base64_append(std::string& out, ByteView bytes) {
  const std::size_t begin = out.size();
  out.resize(begin + (bytes.size() + 2) / 3 * 4);
  base64_encode_into(bytes, {reinterpret_cast<std::uint8_t*>(out.data()) + begin, out.size() - begin});
}

std::string base64_encode(ByteView bytes) {
  std::string out;
  base64_append(out, bytes);
  return out;
}

Result<Bytes> base64_decode(std::string_view text) {
  TRY_ASSIGN(const Base64Shape shape, base64_shape(text));
  Bytes out(shape.decoded_size);
  if (!base64_decode_into(text, shape, out.data())) return fail(ErrorCode::kValidation, "The text is not base64.");
  return out;
}

Result<SecretBytes> base64_decode_secret(std::string_view text) {
  TRY_ASSIGN(const Base64Shape shape, base64_shape(text));
  SecretBytes out(shape.decoded_size);
  if (!base64_decode_into(text, shape, out.expose_mutable().data())) {
    return fail(ErrorCode::kValidation, "The text is not base64.");
  }
  return out;
}

bool is_valid_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = utf8_sequence_length(text, i);
    if (length == 0) return false;
    i += length;
  }
  return true;
}

}  // namespace kagimori
