#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace kagimori {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view as_text(ByteView bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
inline Bytes to_bytes(ByteView bytes) { return {bytes.begin(), bytes.end()}; }

// Reads a message front to back and can't overrun: every read checks what is left and fails with kCorrupt.
// Integers are big-endian. Views point into the bytes given to the constructor, which must outlive them.
class ByteReader {
 public:
  explicit ByteReader(ByteView bytes) : rest_(bytes) {}

  Result<std::uint8_t> u8();
  Result<std::uint16_t> u16();
  Result<std::uint32_t> u32();
  Result<std::uint64_t> u64();
  Result<std::int64_t> i64();
  Result<bool> boolean();  // one byte, 0 or 1
  Result<ByteView> take(std::size_t size);
  Result<ByteView> sized();                                // u32 length, then that many bytes
  Result<std::string> sized_text();                        // as sized(), copied
  Result<std::uint32_t> count(std::size_t min_item_size);  // u32 that can't promise more items than bytes are left

  std::size_t remaining() const { return rest_.size(); }
  bool empty() const { return rest_.empty(); }
  // kCorrupt unless everything has been read.
  Status expect_end() const;

 private:
  ByteView rest_;
};

// Appends to a growing buffer; the counterpart of ByteReader.
class ByteWriter {
 public:
  ByteWriter& u8(std::uint8_t v);
  ByteWriter& u16(std::uint16_t v);
  ByteWriter& u32(std::uint32_t v);
  ByteWriter& u64(std::uint64_t v);
  ByteWriter& i64(std::int64_t v) { return u64(static_cast<std::uint64_t>(v)); }
  ByteWriter& boolean(bool v) { return u8(v ? 1 : 0); }
  ByteWriter& raw(ByteView bytes);
  ByteWriter& raw(std::string_view text) { return raw(as_bytes(text)); }
  ByteWriter& sized(ByteView bytes);
  ByteWriter& sized(std::string_view text) { return sized(as_bytes(text)); }
  ByteWriter& count(std::size_t n) { return u32(static_cast<std::uint32_t>(n)); }

  const Bytes& bytes() const& { return bytes_; }
  Bytes take() && { return std::move(bytes_); }

 private:
  Bytes bytes_;
};

}  // namespace kagimori
