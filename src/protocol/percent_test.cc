#include "protocol/percent.h"

#include <gtest/gtest.h>

namespace kagimori {
namespace {

template <typename Function>
std::string result_of(Function function, std::string_view text) {
  std::string out = "<";
  function(out, text);
  return out.substr(1);
}

TEST(Percent, EncodesAllButTheUnreserved) {
  EXPECT_EQ(result_of(percent_encode, "azAZ09-._~"), "azAZ09-._~");
  EXPECT_EQ(result_of(percent_encode, " /%+&=*'"), "%20%2F%25%2B%26%3D%2A%27");
  EXPECT_EQ(result_of(percent_encode, std::string_view("\x00\x7f\xff", 3)), "%00%7F%FF");
}

TEST(Percent, DecodesAsForms) {
  EXPECT_EQ(result_of(form_decode, "a+b%20c%2B%c3%BC"), "a b c+\xc3\xbc");
  EXPECT_EQ(result_of(form_decode, "%00"), std::string(1, '\0'));
  EXPECT_EQ(result_of(form_decode, "%252B"), "%2B");
  for (const char* text : {"%", "%4", "%zz", "%4z", "%%", "%-1"}) EXPECT_EQ(result_of(form_decode, text), text);
}

TEST(Percent, NormalisesToOneSpelling) {
  for (const char* text : {"a~", "%61~", "%61%7e", "a%7E"}) EXPECT_EQ(result_of(percent_normalise, text), "a~");
  for (const char* text : {"+", " ", "%20"}) EXPECT_EQ(result_of(percent_normalise, text), "%20");
  EXPECT_EQ(result_of(percent_normalise, "%2b"), "%2B");
  EXPECT_EQ(result_of(percent_normalise, "%"), "%25");
}

TEST(Percent, NeverMoreThanTriples) {
  std::string all;
  for (int c = 0; c < 256; ++c) all.push_back(static_cast<char>(c));
  EXPECT_LE(result_of(percent_normalise, all).size(), 3 * all.size());
  EXPECT_LE(result_of(percent_encode, all).size(), 3 * all.size());
}

TEST(Percent, KnowsWholeEscapes) {
  for (const char* text : {"", "abc", "%20", "a%C3%bc", "%2525"}) EXPECT_TRUE(has_whole_escapes(text)) << text;
  for (const char* text : {"%", "a%", "%2", "%2g", "%g2", "%20%", "%%20", "% 2"}) {
    EXPECT_FALSE(has_whole_escapes(text)) << text;
  }
}

}  // namespace
}  // namespace kagimori
