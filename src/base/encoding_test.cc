#include "base/encoding.h"

#include <gtest/gtest.h>

#include <string>

namespace kagimori {
namespace {

using namespace std::string_literals;

TEST(HexTest, EncodesInLowerCaseAndDecodesBoth) {
  EXPECT_EQ(hex_encode(Bytes{0x00, 0x0f, 0xa5, 0xff}), "000fa5ff");
  EXPECT_EQ(*hex_decode("000fa5ff"), (Bytes{0x00, 0x0f, 0xa5, 0xff}));
  EXPECT_EQ(*hex_decode("A5Ff"), (Bytes{0xa5, 0xff}));
  EXPECT_EQ(hex_encode({}), "");
  EXPECT_EQ(hex_decode("")->size(), 0u);
}

TEST(HexTest, RefusesEveryOtherCharacter) {
  for (int c = 0; c < 256; ++c) {
    const bool digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    for (const std::string& text : {std::string{static_cast<char>(c), '0'}, std::string{'0', static_cast<char>(c)}}) {
      const auto decoded = hex_decode(text);
      ASSERT_EQ(decoded.has_value(), digit) << c;
      if (!decoded) {
        EXPECT_EQ(decoded.error().code, ErrorCode::kValidation);
      }
    }
  }
  EXPECT_FALSE(hex_decode("0"));
  EXPECT_FALSE(hex_decode("000"));
}

// RFC 4648 section 10, and bytes that reach the last two characters of the alphabet.
const std::pair<std::string, std::string> kBase64[] = {
    {"", ""},
    {"f", "Zg=="},
    {"fo", "Zm8="},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"},
    {"\xfb\xff\xfe"s, "+//+"},
};

TEST(Base64Test, KnowsTheVectorsOfTheRfc) {
  for (const auto& [plain, text] : kBase64) {
    EXPECT_EQ(base64_encode(as_bytes(plain)), text);
    const auto decoded = base64_decode(text);
    ASSERT_TRUE(decoded) << text;
    EXPECT_EQ(as_text(*decoded), plain);
    const auto secret = base64_decode_secret(text);
    ASSERT_TRUE(secret) << text;
    EXPECT_EQ(as_text(secret->expose()), plain);
    std::string appended = "x";
    base64_append(appended, as_bytes(plain));
    EXPECT_EQ(appended, "x" + text);
    Bytes into(text.size());
    base64_encode_into(as_bytes(plain), into);
    EXPECT_EQ(as_text(into), text);
  }
}

TEST(Base64Test, BringsBackEveryLength) {
  Bytes bytes;
  for (int i = 0; i < 300; ++i) {
    const auto decoded = base64_decode(base64_encode(bytes));
    ASSERT_TRUE(decoded) << i;
    ASSERT_EQ(*decoded, bytes) << i;
    bytes.push_back(static_cast<std::uint8_t>(i * 7 + 3));
  }
}

TEST(Base64Test, RefusesWhatIsNotStrict) {
  const std::string bad[] = {
      "Z",     "Zg",    "Zg=",      "Zm9vY",      "Zm9vYg=",            // padding is missing
      "=",     "====",  "===A",     "Z===",       "Zm9v====", "Zg===",  // or too much
      "Z=g=",  "=Zg=",  "Zg==Zg==", "Zm8=Zm9v",                         // or in the middle
      " Zg==", "Zg== ", "Zg==\n",   "Zm9v\nZm9v", "Zm 9",     "Zm9\t",  // white space
      "Zm-v",  "Zm_v",  "Zm9.",     "Zm9\x80"s,   "Zm9\0"s,             // other alphabets
  };
  for (const std::string& text : bad) {
    const auto decoded = base64_decode(text);
    ASSERT_FALSE(decoded) << text;
    EXPECT_EQ(decoded.error().code, ErrorCode::kValidation);
    const auto secret = base64_decode_secret(text);
    ASSERT_FALSE(secret) << text;
    EXPECT_EQ(secret.error().code, ErrorCode::kValidation);
  }
}

TEST(Base64Test, RefusesStrayBits) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
    const std::string one{'A', kAlphabet[i], '=', '='};
    EXPECT_EQ(base64_decode(one).has_value(), i % 16 == 0) << one;
    const std::string two{'A', 'A', kAlphabet[i], '='};
    EXPECT_EQ(base64_decode(two).has_value(), i % 4 == 0) << two;
    EXPECT_EQ(base64_decode_secret(two).has_value(), i % 4 == 0) << two;
  }
}

TEST(Base64Test, TakesExactlyItsAlphabet) {
  for (int c = 0; c < 256; ++c) {
    const char ch = static_cast<char>(c);
    const bool digit =
        (ch >= '0' && ch <= '9') || (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || ch == '+' || ch == '/';
    EXPECT_EQ(base64_decode(std::string{ch, 'A', 'A', 'A'}).has_value(), digit) << c;
  }
}

TEST(Utf8Test, TakesTheBordersOfEveryLength) {
  const std::string good[] = {
      "",
      "plain",
      "\0"s,
      "\x7f",
      "\xc2\x80",          // U+0080
      "\xdf\xbf",          // U+07FF
      "\xe0\xa0\x80",      // U+0800
      "\xed\x9f\xbf",      // U+D7FF, the last before the surrogates
      "\xee\x80\x80",      // U+E000, the first behind them
      "\xef\xbf\xbf",      // U+FFFF
      "\xf0\x90\x80\x80",  // U+10000
      "\xf4\x8f\xbf\xbf",  // U+10FFFF
      "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x94\x91z",
  };
  for (const std::string& text : good) EXPECT_TRUE(is_valid_utf8(text)) << hex_encode(as_bytes(text));
}

TEST(Utf8Test, RefusesWhatRfc3629Forbids) {
  const std::string bad[] = {
      "\x80",
      "\xbf",
      "a\x80",  // continuation without a lead
      "\xc0\x80",
      "\xc0\xaf",
      "\xc1\xbf",  // overlong, two bytes
      "\xe0\x80\x80",
      "\xe0\x9f\xbf",  // overlong, three
      "\xf0\x80\x80\x80",
      "\xf0\x8f\xbf\xbf",  // overlong, four
      "\xed\xa0\x80",
      "\xed\xbf\xbf",
      "\xed\xa0\x81\xed\xb0\x80",  // surrogates, alone and in pairs
      "\xf4\x90\x80\x80",
      "\xf5\x80\x80\x80",
      "\xf8\x88\x80\x80\x80",  // above U+10FFFF
      "\xfe",
      "\xff",
      "\xc2",
      "\xe2\x82",
      "\xf0\x9f\x94",  // truncated
      "\xc2z",
      "\xe2\x82z",
      "\xf0\x9f\x94z",  // continued by something else
      "\xe2z\x82",
      "\xf0z\x9f\x94",
      "\xc2\xc2\x80",
  };
  for (const std::string& text : bad) {
    EXPECT_FALSE(is_valid_utf8(text)) << hex_encode(as_bytes(text));
    EXPECT_FALSE(is_valid_utf8("ok" + text)) << hex_encode(as_bytes(text));
    EXPECT_FALSE(is_valid_utf8(text + "\xc3\xa4")) << hex_encode(as_bytes(text));
  }
}

TEST(Utf8Test, EveryPairOfBytesIsJudgedAsTheRfcSays) {
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      const std::string text{static_cast<char>(first), static_cast<char>(second)};
      const bool good =
          (first < 0x80 && second < 0x80) || (first >= 0xc2 && first <= 0xdf && second >= 0x80 && second <= 0xbf);
      ASSERT_EQ(is_valid_utf8(text), good) << first << " " << second;
    }
  }
}

}  // namespace
}  // namespace kagimori
