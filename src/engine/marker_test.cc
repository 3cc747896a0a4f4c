#include "engine/marker.h"

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "model/validation.h"

namespace kagimori {
namespace {

using namespace std::string_literals;

TEST(MarkerTest, BringsTheNameBack) {
  for (const std::string& name : {""s, "a"s, "alias/x"s, "12"s, "\xc3\xa4|kagimori1|"s, std::string(500, 'k')}) {
    const auto opened = open_marker(make_marker(name));
    ASSERT_TRUE(opened) << name;
    EXPECT_EQ(*opened, name);
  }
}

TEST(MarkerTest, IsSomethingThatAMarkerMemberTakes) {
  const std::string longest = make_marker(std::string(256, 'a'));
  EXPECT_TRUE(matches_marker(longest));
  EXPECT_LE(longest.size(), member::kMarker.max_length);
}

TEST(MarkerTest, RefusesWhatIsNotOurs) {
  const std::string foreign[] = {
      "",
      "x",
      "alias/x",
      "====",
      base64_encode(as_bytes("")),
      base64_encode(as_bytes("alias/x")),
      base64_encode(as_bytes("kagimori2|a")),
      base64_encode(as_bytes("kagimori1")),
      base64_encode(as_bytes("Kagimori1|a")),
      base64_encode(as_bytes(" kagimori1|a")),
      make_marker("a") + "A",
      make_marker("a").substr(1),
      " " + make_marker("a"),
  };
  for (const std::string& marker : foreign) {
    const auto opened = open_marker(marker);
    ASSERT_FALSE(opened) << marker;
    EXPECT_EQ(opened.error().code, ErrorCode::kInvalidMarker);
  }
}

}  // namespace
}  // namespace kagimori
