#include "base/bytes.h"

namespace kagimori {
namespace {

template <typename T>
Result<T> read_be(ByteReader& reader) {
  TRY_ASSIGN(ByteView bytes, reader.take(sizeof(T)));
  T value = 0;
  for (std::uint8_t byte : bytes) value = static_cast<T>((value << 8) | byte);
  return value;
}

template <typename T>
void append_be(Bytes& out, T value) {
  for (int shift = static_cast<int>(sizeof(T) - 1) * 8; shift >= 0; shift -= 8) {
    out.push_back(static_cast<std::uint8_t>(value >> shift));
  }
}

}  // namespace

Result<ByteView> ByteReader::take(std::size_t size) {
  if (size > rest_.size()) return fail(ErrorCode::kCorrupt, "The data ends early.");
  ByteView taken = rest_.first(size);
  rest_ = rest_.subspan(size);
  return taken;
}

Result<std::uint8_t> ByteReader::u8() {
  TRY_ASSIGN(ByteView bytes, take(1));
  return bytes[0];
}
Result<std::uint16_t> ByteReader::u16() { return read_be<std::uint16_t>(*this); }
Result<std::uint32_t> ByteReader::u32() { return read_be<std::uint32_t>(*this); }
Result<std::uint64_t> ByteReader::u64() { return read_be<std::uint64_t>(*this); }

Result<std::int64_t> ByteReader::i64() {
  TRY_ASSIGN(std::uint64_t value, u64());
  return static_cast<std::int64_t>(value);
}

Result<bool> ByteReader::boolean() {
  TRY_ASSIGN(std::uint8_t value, u8());
  if (value > 1) return fail(ErrorCode::kCorrupt, "A truth value is neither 0 nor 1.");
  return value == 1;
}

Result<ByteView> ByteReader::sized() {
  TRY_ASSIGN(std::uint32_t size, u32());
  return take(size);
}

Result<std::string> ByteReader::sized_text() {
  TRY_ASSIGN(ByteView bytes, sized());
  return std::string(as_text(bytes));
}

Result<std::uint32_t> ByteReader::count(std::size_t min_item_size) {
  TRY_ASSIGN(std::uint32_t n, u32());
  if (min_item_size > 0 && n > rest_.size() / min_item_size) {
    return fail(ErrorCode::kCorrupt, "A count promises more items than there are bytes.");
  }
  return n;
}

Status ByteReader::expect_end() const {
  if (!rest_.empty()) return fail(ErrorCode::kCorrupt, "There are bytes after the end of the data.");
  return {};
}

ByteWriter& ByteWriter::u8(std::uint8_t v) {
  bytes_.push_back(v);
  return *this;
}
ByteWriter& ByteWriter::u16(std::uint16_t v) {
  append_be(bytes_, v);
  return *this;
}
ByteWriter& ByteWriter::u32(std::uint32_t v) {
  append_be(bytes_, v);
  return *this;
}
ByteWriter& ByteWriter::u64(std::uint64_t v) {
  append_be(bytes_, v);
  return *this;
}
ByteWriter& ByteWriter::raw(ByteView bytes) {
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  return *this;
}
ByteWriter& ByteWriter::sized(ByteView bytes) {
  u32(static_cast<std::uint32_t>(bytes.size()));
  return raw(bytes);
}

}  // namespace kagimori
