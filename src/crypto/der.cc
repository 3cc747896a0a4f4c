#include "crypto/der.h"

#include <algorithm>
#include <array>

#include "crypto/openssl.h"

namespace kagimori::der {
namespace {

constexpr std::size_t kShortLengths = 0x80;  // lengths below it are one byte
constexpr std::size_t kMaxLengthBytes = 3;   // no key comes near 16 MiB
constexpr std::uint8_t kSignBit = 0x80;

tl::unexpected<Error> malformed() { return fail(ErrorCode::kCorrupt, "it is not in DER"); }

}  // namespace

bool Reader::next_is(std::uint8_t tag) const {
  ByteReader ahead = reader_;
  const Result<std::uint8_t> next = ahead.u8();
  return next && *next == tag;
}

Result<std::size_t> Reader::length() {
  TRY_ASSIGN(const std::uint8_t first, reader_.u8());
  if (first < kShortLengths) return first;
  const std::size_t count = first - kShortLengths;
  if (count == 0 || count > kMaxLengthBytes) return malformed();
  std::size_t value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    TRY_ASSIGN(const std::uint8_t next, reader_.u8());
    if (i == 0 && next == 0) return malformed();
    value = value << 8 | next;
  }
  if (value < kShortLengths) return malformed();
  return value;
}

Result<ByteView> Reader::element(std::uint8_t tag) {
  TRY_ASSIGN(const std::uint8_t actual, reader_.u8());
  if (actual != tag) return malformed();
  TRY_ASSIGN(const std::size_t size, length());
  return reader_.take(size);
}

Result<Reader> Reader::enter(std::uint8_t tag) {
  TRY_ASSIGN(const ByteView content, element(tag));
  return Reader(content);
}

Result<ByteView> Reader::unsigned_integer() {
  TRY_ASSIGN(const ByteView content, element(kInteger));
  if (content.empty() || (content[0] & kSignBit) != 0) return malformed();
  if (content.size() == 1 || content[0] != 0) return content;
  if ((content[1] & kSignBit) == 0) return malformed();
  return content.subspan(1);
}

Result<ByteView> Reader::bit_string() {
  TRY_ASSIGN(const ByteView content, element(kBitString));
  if (content.empty() || content[0] != 0) return malformed();
  return content.subspan(1);
}

Status Reader::expect_null() {
  TRY_ASSIGN(const ByteView content, element(kNull));
  if (!content.empty()) return malformed();
  return {};
}

Status Reader::expect_end() const {
  if (!reader_.empty()) return malformed();
  return {};
}

void BackwardWriter::raw(ByteView bytes) {
  if (bytes.size() > at_) openssl::stop_process("a key takes more room in DER than it can");
  at_ -= bytes.size();
  std::ranges::copy(bytes, memory_.expose_mutable().subspan(at_).begin());
}

void BackwardWriter::wrap(std::uint8_t tag, std::size_t end) {
  std::size_t size = end - at_;
  if (size < kShortLengths) {
    raw(std::array{static_cast<std::uint8_t>(size)});
  } else {
    std::uint8_t count = 0;
    for (; size > 0; size >>= 8, ++count) raw(std::array{static_cast<std::uint8_t>(size & 0xff)});
    raw(std::array{static_cast<std::uint8_t>(kShortLengths | count)});
  }
  raw(std::array{tag});
}

void BackwardWriter::element(std::uint8_t tag, ByteView content) {
  const std::size_t end = mark();
  raw(content);
  wrap(tag, end);
}

void BackwardWriter::unsigned_integer(ByteView magnitude) {
  const std::size_t end = mark();
  raw(magnitude);
  if ((magnitude[0] & kSignBit) != 0) raw(std::array{std::uint8_t{0}});
  wrap(kInteger, end);
}

void BackwardWriter::wrap_bit_string(std::size_t end) {
  raw(std::array{std::uint8_t{0}});
  wrap(kBitString, end);
}

}  // namespace kagimori::der
