#include "base/bytes.h"

#include <gtest/gtest.h>

#include <limits>

namespace kagimori {
namespace {

// Reads one thing; whether it worked, and with which code it failed otherwise.
using Read = std::optional<ErrorCode> (*)(ByteReader&);

template <auto Method>
std::optional<ErrorCode> read_with(ByteReader& reader) {
  const auto value = (reader.*Method)();
  return value ? std::nullopt : std::optional(value.error().code);
}
std::optional<ErrorCode> take_five(ByteReader& reader) {
  const auto value = reader.take(5);
  return value ? std::nullopt : std::optional(value.error().code);
}
std::optional<ErrorCode> count_of_two_bytes(ByteReader& reader) {
  const auto value = reader.count(2);
  return value ? std::nullopt : std::optional(value.error().code);
}

struct ReadCase {
  const char* name;
  Read read;
  Bytes whole;  // exactly what the read needs
};

const ReadCase kReads[] = {
    {"u8", read_with<&ByteReader::u8>, {1}},
    {"u16", read_with<&ByteReader::u16>, {1, 2}},
    {"u32", read_with<&ByteReader::u32>, {1, 2, 3, 4}},
    {"u64", read_with<&ByteReader::u64>, {1, 2, 3, 4, 5, 6, 7, 8}},
    {"i64", read_with<&ByteReader::i64>, {0xff, 2, 3, 4, 5, 6, 7, 8}},
    {"boolean", read_with<&ByteReader::boolean>, {1}},
    {"take", take_five, {1, 2, 3, 4, 5}},
    {"sized", read_with<&ByteReader::sized>, {0, 0, 0, 3, 'a', 'b', 'c'}},
    {"sized_text", read_with<&ByteReader::sized_text>, {0, 0, 0, 3, 'a', 'b', 'c'}},
    {"count", count_of_two_bytes, {0, 0, 0, 1, 7, 8}},
};

TEST(ByteReaderTest, FailsAtEveryTruncationAndOnlyThere) {
  for (const ReadCase& c : kReads) {
    for (std::size_t size = 0; size < c.whole.size(); ++size) {
      const Bytes cut(c.whole.begin(), c.whole.begin() + static_cast<std::ptrdiff_t>(size));
      ByteReader reader(cut);
      EXPECT_EQ(c.read(reader), ErrorCode::kCorrupt) << c.name << " of " << size << " bytes";
    }
    ByteReader reader(c.whole);
    EXPECT_EQ(c.read(reader), std::nullopt) << c.name;
  }
}

TEST(ByteReaderTest, IntegersAreBigEndian) {
  const Bytes bytes{0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f};
  ByteReader reader(bytes);
  EXPECT_EQ(*reader.u8(), 0x01);
  EXPECT_EQ(*reader.u16(), 0x0203);
  EXPECT_EQ(*reader.u32(), 0x04050607u);
  EXPECT_EQ(*reader.u64(), 0x08090a0b0c0d0e0full);
  EXPECT_TRUE(reader.empty());
  EXPECT_TRUE(reader.expect_end());
}

TEST(ByteReaderTest, ATruthValueIsZeroOrOne) {
  for (int value = 0; value < 256; ++value) {
    const Bytes byte{static_cast<std::uint8_t>(value)};
    ByteReader reader(byte);
    const Result<bool> read = reader.boolean();
    ASSERT_EQ(read.has_value(), value <= 1) << value;
    if (read) {
      EXPECT_EQ(*read, value == 1);
    }
  }
}

TEST(ByteReaderTest, TakesNothingMoreThanThereIs) {
  const Bytes bytes{1, 2, 3};
  ByteReader reader(bytes);
  EXPECT_FALSE(reader.take(4));
  EXPECT_FALSE(reader.take(std::numeric_limits<std::size_t>::max()));
  EXPECT_EQ(reader.remaining(), 3u) << "a failed read takes nothing";
  EXPECT_TRUE(reader.take(0));
  EXPECT_TRUE(reader.take(3));
  EXPECT_TRUE(reader.take(0));
}

TEST(ByteReaderTest, ASizeThatOverrunsIsCorrupt) {
  const Bytes bytes{0xff, 0xff, 0xff, 0xff, 'a'};
  EXPECT_FALSE(ByteReader(bytes).sized());
  EXPECT_FALSE(ByteReader(bytes).sized_text());
}

TEST(ByteReaderTest, ViewsPointIntoTheInput) {
  const Bytes bytes{0, 0, 0, 1, 'a'};
  ByteReader reader(bytes);
  EXPECT_EQ(reader.sized()->data(), bytes.data() + 4);
}

struct CountCase {
  std::uint32_t promised;
  std::size_t item_size, rest;
  bool ok;
};

TEST(ByteReaderTest, ACountCanNotPromiseMoreThanIsLeft) {
  const CountCase cases[] = {
      {0, 1, 0, true},
      {1, 1, 0, false},
      {3, 4, 12, true},
      {3, 4, 11, false},
      {4, 4, 15, false},
      {0xffffffff, 1, 16, false},
      {0xffffffff, std::numeric_limits<std::size_t>::max(), 16, false},
      {0xffffffff, 0, 0, true},  // items without bytes: the caller bounds them
  };
  for (const CountCase& c : cases) {
    ByteWriter writer;
    writer.u32(c.promised).raw(Bytes(c.rest));
    ByteReader reader(writer.bytes());
    const auto read = reader.count(c.item_size);
    ASSERT_EQ(read.has_value(), c.ok) << c.promised << " items of " << c.item_size << " in " << c.rest;
    if (read) {
      EXPECT_EQ(*read, c.promised);
    }
    if (!read) {
      EXPECT_EQ(read.error().code, ErrorCode::kCorrupt);
    }
  }
}

TEST(ByteReaderTest, ExpectEndSeesEveryLeftover) {
  const Bytes bytes(3);
  ByteReader reader(bytes);
  for (int i = 0; i < 3; ++i) {
    const Status end = reader.expect_end();
    ASSERT_FALSE(end) << i;
    EXPECT_EQ(end.error().code, ErrorCode::kCorrupt);
    ASSERT_TRUE(reader.u8());
  }
  EXPECT_TRUE(reader.expect_end());
  EXPECT_TRUE(ByteReader({}).expect_end());
}

TEST(ByteWriterTest, WritesWhatTheReaderReads) {
  Bytes bytes = std::move(ByteWriter()
                              .u8(0xfe)
                              .u16(0xfedc)
                              .u32(0xfedcba98)
                              .u64(0xfedcba9876543210)
                              .i64(std::numeric_limits<std::int64_t>::min())
                              .boolean(true)
                              .boolean(false)
                              .sized("text")
                              .sized(Bytes{9, 8})
                              .count(1)
                              .raw(std::string_view("r")))
                    .take();
  ByteReader reader(bytes);
  EXPECT_EQ(*reader.u8(), 0xfe);
  EXPECT_EQ(*reader.u16(), 0xfedc);
  EXPECT_EQ(*reader.u32(), 0xfedcba98);
  EXPECT_EQ(*reader.u64(), 0xfedcba9876543210);
  EXPECT_EQ(*reader.i64(), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(*reader.boolean(), true);
  EXPECT_EQ(*reader.boolean(), false);
  EXPECT_EQ(*reader.sized_text(), "text");
  EXPECT_EQ(to_bytes(*reader.sized()), (Bytes{9, 8}));
  EXPECT_EQ(*reader.count(1), 1u);
  EXPECT_EQ(as_text(*reader.take(1)), "r");
  EXPECT_TRUE(reader.expect_end());
}

TEST(ByteWriterTest, HasTheDocumentedBytes) {
  const Bytes bytes = std::move(ByteWriter().u16(1).i64(-2).sized("a")).take();
  EXPECT_EQ(bytes, (Bytes{0, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe, 0, 0, 0, 1, 'a'}));
}

}  // namespace
}  // namespace kagimori
