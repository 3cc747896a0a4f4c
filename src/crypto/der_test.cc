#include "crypto/der.h"

#include "base/encoding.h"

namespace kagimori::der {
namespace {

Bytes unhex(std::string_view text) { return hex_decode(text).value(); }

TEST(DerReaderTest, ReadsElementsOneAfterTheOther) {
  const Bytes der = unhex("300a0201050403aabbcc0500");
  Reader outer(der);
  Reader reader = outer.enter(kSequence).value();
  EXPECT_TRUE(outer.expect_end());
  EXPECT_TRUE(reader.next_is(kInteger));
  EXPECT_FALSE(reader.next_is(kOctetString));
  EXPECT_EQ(hex_encode(*reader.unsigned_integer()), "05");
  EXPECT_EQ(hex_encode(*reader.element(kOctetString)), "aabbcc");
  EXPECT_FALSE(reader.expect_end());
  EXPECT_TRUE(reader.expect_null());
  EXPECT_TRUE(reader.expect_end());
  EXPECT_FALSE(reader.next_is(kNull));
}

TEST(DerReaderTest, LengthsAreDefiniteAndMinimal) {
  for (const char* bad : {"", "04", "0401", "048000", "040200", "04810100", "04817f", "0482000100", "0484000000010000",
                          "04ff00", "0483ffffff00"}) {
    const Bytes der = unhex(bad);
    Reader reader(der);
    const Result<ByteView> content = reader.element(kOctetString);
    ASSERT_FALSE(content) << bad;
    EXPECT_EQ(content.error().code, ErrorCode::kCorrupt);
  }
  for (const std::size_t size : {0U, 1U, 127U, 128U, 255U, 256U, 65535U, 65536U}) {
    BackwardWriter writer(size + 8);
    writer.element(kOctetString, Bytes(size, 7));
    Reader reader(writer.written());
    EXPECT_EQ(reader.element(kOctetString)->size(), size);
    EXPECT_TRUE(reader.expect_end());
  }
}

TEST(DerReaderTest, IntegersAreMinimalAndNotNegative) {
  const auto read = [](std::string_view hex) {
    const Bytes der = unhex(hex);
    Reader reader(der);
    const Result<ByteView> number = reader.unsigned_integer();
    return number ? hex_encode(*number) : "refused";
  };
  EXPECT_EQ(read("020100"), "00");
  EXPECT_EQ(read("02020080"), "80");
  EXPECT_EQ(read("0203010001"), "010001");
  EXPECT_EQ(read("0200"), "refused");
  EXPECT_EQ(read("020180"), "refused");
  EXPECT_EQ(read("02020001"), "refused");
  EXPECT_EQ(read("0203000080"), "refused");
  EXPECT_EQ(read("040101"), "refused");
}

TEST(DerReaderTest, BitStringsHoldWholeBytesAndNullHoldsNothing) {
  for (const char* bad : {"0300", "030101", "03020780", "0401"}) {
    const Bytes der = unhex(bad);
    EXPECT_FALSE(Reader(der).bit_string()) << bad;
  }
  const Bytes good = unhex("030300aabb");
  EXPECT_EQ(hex_encode(*Reader(good).bit_string()), "aabb");
  const Bytes full_null = unhex("050100");
  EXPECT_FALSE(Reader(full_null).expect_null());
}

TEST(DerWriterTest, WritesFromTheEnd) {
  BackwardWriter writer(64);
  const std::size_t end = writer.mark();
  writer.raw(unhex("beef"));
  writer.wrap_bit_string(end);
  writer.unsigned_integer(unhex("ff"));
  writer.unsigned_integer(unhex("7f"));
  writer.element(context(0), unhex("01"));
  writer.wrap(kSequence, end);
  EXPECT_EQ(hex_encode(writer.written()), "300f80010102017f020200ff030300beef");
}

TEST(DerWriterDeathTest, StopsWhenTheRoomDoesNotSuffice) {
  EXPECT_DEATH(BackwardWriter(3).element(kOctetString, Bytes(2)), "more room in DER");
}

}  // namespace
}  // namespace kagimori::der
