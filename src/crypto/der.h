#pragma once

#include <initializer_list>

#include "base/bytes.h"
#include "base/secret.h"

// The part of DER (X.690 section 10 and 11) that keys are written in. For the .cc files of this folder.
namespace kagimori::der {

inline constexpr std::uint8_t kInteger = 0x02;
inline constexpr std::uint8_t kBitString = 0x03;
inline constexpr std::uint8_t kOctetString = 0x04;
inline constexpr std::uint8_t kNull = 0x05;
inline constexpr std::uint8_t kObjectIdentifier = 0x06;
inline constexpr std::uint8_t kSequence = 0x30;
// [n], context-specific: of a simple type, and of a constructed one or an EXPLICIT tag.
constexpr std::uint8_t context(std::uint8_t n) { return static_cast<std::uint8_t>(0x80 | n); }
constexpr std::uint8_t context_constructed(std::uint8_t n) { return static_cast<std::uint8_t>(0xa0 | n); }

// Reads elements front to back; every failure is kCorrupt. Strict: lengths definite and minimal. Views point into the
// bytes given to the constructor.
class Reader {
 public:
  explicit Reader(ByteView bytes) : reader_(bytes) {}

  // The content of the next element, which must have this tag.
  Result<ByteView> element(std::uint8_t tag);
  Result<Reader> enter(std::uint8_t tag);
  bool next_is(std::uint8_t tag) const;

  // A non-negative INTEGER, minimal, without the leading zero that keeps it positive; zero is one byte 0.
  Result<ByteView> unsigned_integer();
  // A BIT STRING of whole bytes.
  Result<ByteView> bit_string();
  Status expect_null();
  Status expect_end() const;

 private:
  Result<std::size_t> length();

  ByteReader reader_;
};

// Writes a structure from its end to its beginning, so that each length is known when it is written:
//
//   const std::size_t end = writer.mark();
//   writer.octet_string(second);
//   writer.unsigned_integer(first);
//   writer.wrap(kSequence, end);       // SEQUENCE { first, second }
//
// The bytes lie in secret memory of the capacity given. The process stops when that does not suffice.
class BackwardWriter {
 public:
  explicit BackwardWriter(std::size_t capacity) : memory_(capacity), at_(capacity) {}

  // Where the next element will end.
  std::size_t mark() const { return at_; }
  void raw(ByteView bytes);
  void element(std::uint8_t tag, ByteView content);
  // Puts tag and length before all that was written since `end` was marked.
  void wrap(std::uint8_t tag, std::size_t end);
  // The same for a BIT STRING of whole bytes.
  void wrap_bit_string(std::size_t end);
  // Adds the leading zero where the first bit is set; `magnitude` is big-endian without leading zeros, not empty.
  void unsigned_integer(ByteView magnitude);

  ByteView written() const { return memory_.expose().subspan(at_); }

 private:
  SecretBytes memory_;
  std::size_t at_;
};

}  // namespace kagimori::der
