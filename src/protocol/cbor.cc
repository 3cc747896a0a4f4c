#include "protocol/cbor.h"

namespace kagimori {
namespace {

constexpr int kMaxDepth = 8;
constexpr std::uint64_t kNull = 22;  // simple value

tl::unexpected<Error> broken(std::string_view why) { return fail(ErrorCode::kCorrupt, std::string(why)); }

// The first argument that may not be written with fewer bytes.
constexpr std::uint64_t least(std::uint8_t info) { return info == 24 ? 24 : std::uint64_t{1} << (8U << (info - 25)); }

}  // namespace

Result<CborReader::Head> CborReader::head() {
  TRY_ASSIGN(const std::uint8_t first, in_.u8());
  Head head{static_cast<Major>(first >> 5), static_cast<std::uint64_t>(first & 0x1f)};
  const auto info = static_cast<std::uint8_t>(first & 0x1f);
  if (info < 24) return head;
  if (info > 27 || head.major == Major::kSimple) return broken("The CBOR has a length or value that is not definite.");
  head.argument = 0;
  for (int i = 0; i < 1 << (info - 24); ++i) {
    TRY_ASSIGN(const std::uint8_t byte, in_.u8());
    head.argument = head.argument << 8 | byte;
  }
  if (head.argument < least(info)) return broken("The CBOR has a number that is not in its shortest form.");
  return head;
}

Result<std::uint64_t> CborReader::expect(Major major) {
  TRY_ASSIGN(const Head found, head());
  if (found.major != major) return broken("The CBOR has an item of another type than is expected.");
  return found.argument;
}

Result<std::size_t> CborReader::expect_items(Major major, std::size_t bytes_of_item) {
  TRY_ASSIGN(const std::uint64_t count, expect(major));
  if (count > in_.remaining() / bytes_of_item) return broken("The CBOR ends early.");
  return static_cast<std::size_t>(count);
}

Result<std::uint64_t> CborReader::unsigned_integer() { return expect(Major::kUnsigned); }

Result<std::int64_t> CborReader::integer() {
  TRY_ASSIGN(const Head found, head());
  const bool is_integer = found.major == Major::kUnsigned || found.major == Major::kNegative;
  if (!is_integer || found.argument > INT64_MAX) return broken("The CBOR has no integer where one is expected.");
  const auto number = static_cast<std::int64_t>(found.argument);
  return found.major == Major::kUnsigned ? number : -1 - number;
}

Result<ByteView> CborReader::byte_string() {
  TRY_ASSIGN(const std::size_t size, expect_items(Major::kBytes, 1));
  return in_.take(size);
}

Result<std::string_view> CborReader::text() {
  TRY_ASSIGN(const std::size_t size, expect_items(Major::kText, 1));
  TRY_ASSIGN(const ByteView bytes, in_.take(size));
  return as_text(bytes);
}

Result<std::size_t> CborReader::array() { return expect_items(Major::kArray, 1); }
Result<std::size_t> CborReader::map() { return expect_items(Major::kMap, 2); }

bool CborReader::take_null() {
  CborReader ahead = *this;
  const auto found = ahead.head();
  if (!found || found->major != Major::kSimple || found->argument != kNull) return false;
  *this = ahead;
  return true;
}

bool CborReader::take_tag(std::uint64_t number) {
  CborReader ahead = *this;
  const auto found = ahead.head();
  if (!found || found->major != Major::kTag || found->argument != number) return false;
  *this = ahead;
  return true;
}

Status CborReader::skip() { return skip_below(kMaxDepth); }

Status CborReader::skip_below(int depth) {
  if (depth == 0) return broken("The CBOR is nested too deeply.");
  TRY_ASSIGN(const Head found, head());
  switch (found.major) {
    case Major::kUnsigned:
    case Major::kNegative:
    case Major::kSimple:
      return {};
    case Major::kBytes:
    case Major::kText:
      if (found.argument > in_.remaining()) return broken("The CBOR ends early.");
      TRY(in_.take(static_cast<std::size_t>(found.argument)));
      return {};
    case Major::kArray:
    case Major::kMap:
    case Major::kTag:
      break;
  }
  if (found.argument > in_.remaining()) return broken("The CBOR ends early.");
  const std::uint64_t items = found.major == Major::kTag ? 1 : found.argument * (found.major == Major::kMap ? 2 : 1);
  for (std::uint64_t i = 0; i < items; ++i) TRY(skip_below(depth - 1));
  return {};
}

}  // namespace kagimori
