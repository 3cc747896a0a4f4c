#pragma once

#include <cstdint>
#include <string_view>

#include "base/bytes.h"

namespace kagimori {

// Reads CBOR (RFC 8949) front to back, as far as COSE messages of one known shape need it: definite lengths only, each
// in its shortest form (section 4.2.1), no floating point. Every failure is kCorrupt. Allocates nothing: views point
// into the bytes given to the constructor. (libcbor, the library at hand, makes room for what a message announces
// before it is there.)
class CborReader {
 public:
  explicit CborReader(ByteView bytes) : in_(bytes) {}

  Result<std::uint64_t> unsigned_integer();
  Result<std::int64_t> integer();
  Result<ByteView> byte_string();
  Result<std::string_view> text();  // not checked to be UTF-8
  Result<std::size_t> array();      // how many items follow; never more than bytes are left
  Result<std::size_t> map();        // how many pairs follow
  // Whether a null, or a tag of this number, comes next, which is then read.
  bool take_null();
  bool take_tag(std::uint64_t number);
  // Reads any item and forgets it. kCorrupt below a depth of 8.
  Status skip();
  Status expect_end() const { return in_.expect_end(); }

 private:
  enum class Major : std::uint8_t {
    kUnsigned = 0,
    kNegative = 1,
    kBytes = 2,
    kText = 3,
    kArray = 4,
    kMap = 5,
    kTag = 6,
    kSimple = 7
  };
  struct Head {
    Major major;
    std::uint64_t argument;
  };
  Result<Head> head();
  Result<std::uint64_t> expect(Major major);
  Result<std::size_t> expect_items(Major major, std::size_t bytes_of_item);
  Status skip_below(int depth);

  ByteReader in_;
};

}  // namespace kagimori
