#include "protocol/cbor.h"

#include "base/encoding.h"

namespace kagimori {
namespace {

Bytes bytes(std::string_view hex) { return *hex_decode(hex); }

// The examples of RFC 8949 appendix A that are within the subset.
TEST(Cbor, ReadsIntegers) {
  for (const auto& [hex, value] :
       std::initializer_list<std::pair<const char*, std::int64_t>>{{"00", 0},
                                                                   {"01", 1},
                                                                   {"0a", 10},
                                                                   {"17", 23},
                                                                   {"1818", 24},
                                                                   {"1864", 100},
                                                                   {"1903e8", 1000},
                                                                   {"1a000f4240", 1000000},
                                                                   {"1b000000e8d4a51000", 1000000000000},
                                                                   {"20", -1},
                                                                   {"29", -10},
                                                                   {"3863", -100},
                                                                   {"3903e7", -1000},
                                                                   {"3822", -35}}) {
    const Bytes input = bytes(hex);
    CborReader in(input);
    EXPECT_EQ(in.integer(), value) << hex;
    EXPECT_TRUE(in.expect_end()) << hex;
    CborReader unsigned_in(input);
    EXPECT_EQ(unsigned_in.unsigned_integer().has_value(), value >= 0) << hex;
  }
}

TEST(Cbor, ReadsTextBytesAndContainers) {
  const Bytes whole = bytes("a2616183014401020304f6644945544680");
  CborReader map(whole);
  EXPECT_EQ(map.map(), 2U);
  EXPECT_EQ(map.text(), "a");
  EXPECT_EQ(map.array(), 3U);
  EXPECT_EQ(map.integer(), 1);
  EXPECT_EQ(to_bytes(*map.byte_string()), bytes("01020304"));
  EXPECT_FALSE(map.take_tag(18));
  EXPECT_TRUE(map.take_null());
  EXPECT_FALSE(map.take_null());
  EXPECT_EQ(map.text(), "IETF");
  EXPECT_EQ(map.array(), 0U);
  EXPECT_TRUE(map.expect_end());
}

TEST(Cbor, TakesTheTagThatIsAskedFor) {
  const Bytes input = bytes("d28401");
  CborReader in(input);
  EXPECT_FALSE(in.take_tag(17));
  EXPECT_TRUE(in.take_tag(18));
  EXPECT_FALSE(in.array());  // of four items, of which one is there
}

TEST(Cbor, RefusesWhatIsNotDefiniteOrShortest) {
  for (const char* const hex : {"1817", "190018", "1a0000ffff", "1b00000000ffffffff", "1c", "1f", "3f", "5f", "7f",
                                "9f", "bf", "ff", "f9", "fb", "f8ff", "18", "19ff", ""}) {
    const Bytes input = bytes(hex);
    CborReader in(input);
    EXPECT_FALSE(in.skip()) << hex;
  }
}

TEST(Cbor, RefusesCountsThatNothingIsBehind) {
  for (const char* const hex : {"9b7fffffffffffffff", "bb7fffffffffffffff", "5b7fffffffffffffff", "7b7fffffffffffffff",
                                "82", "a101", "4201", "6261"}) {
    const Bytes input = bytes(hex);
    CborReader array(input), map(input), string(input), text(input), skip(input);
    EXPECT_FALSE(array.array()) << hex;
    EXPECT_FALSE(map.map()) << hex;
    EXPECT_FALSE(string.byte_string()) << hex;
    EXPECT_FALSE(text.text()) << hex;
    EXPECT_FALSE(skip.skip()) << hex;
  }
}

TEST(Cbor, SkipsNoDeeperThanEight) {
  const Bytes seven(7, 0x81), eight(8, 0x81), deep(100'000, 0x81);
  Bytes shallow = seven;
  shallow.push_back(0x01);
  CborReader good(shallow), bad(eight), worse(deep);
  EXPECT_TRUE(good.skip());
  EXPECT_TRUE(good.expect_end());
  EXPECT_FALSE(bad.skip());
  EXPECT_FALSE(worse.skip());
}

}  // namespace
}  // namespace kagimori
