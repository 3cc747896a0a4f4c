#include "engine/marker.h"

#include <gtest/gtest.h>

#include <memory>

#include "base/encoding.h"
#include "model/record_keys.h"
#include "model/validation.h"

namespace kagimori {
namespace {

using namespace std::string_literals;

constexpr std::size_t kIamMarker = 320;  // characters of IAM's Marker, AWS IAM API reference

struct MarkerTest : testing::Test {
  ListMarkers markers(std::string_view operation, const Bytes& scope) { return {*crypto, operation, scope}; }

  std::unique_ptr<CryptoContext> crypto = *CryptoContext::create();
  ListMarkers list = markers("ListKeys", record_key::key_ids_of("111122223333", "us-east-1"));
};

TEST_F(MarkerTest, BringsTheNameBack) {
  for (const std::string& name : {""s, "a"s, "alias/x"s, "12"s, "\xc3\xa4|kagimori2|"s, std::string(500, 'k')}) {
    const auto opened = list.open(list.make(name));
    ASSERT_TRUE(opened) << name;
    EXPECT_EQ(*opened, name);
  }
}

TEST_F(MarkerTest, IsSomethingThatAMarkerMemberTakes) {
  const std::string longest = list.make(std::string(128 * 4, 'a'));  // a tag's key
  EXPECT_TRUE(matches_marker(longest));
  EXPECT_LE(longest.size(), member::kMarker.max_length);
  EXPECT_LE(list.make(std::string(128, 'a')).size(), kIamMarker);  // a policy's name
}

TEST_F(MarkerTest, BelongsToOneListOnly) {
  const Bytes scopes[] = {{},
                          record_key::key_ids_of("111122223333", "us-east-1"),
                          record_key::key_ids_of("111122223333", "eu-west-1"),
                          record_key::key_ids_of("444455556666", "us-east-1"),
                          record_key::user_access_keys_of("111122223333", "AIDAALICE")};
  for (const std::string_view operation : {"ListKeys", "ListAliases"}) {
    for (const Bytes& scope : scopes) {
      const bool same = operation == "ListKeys" && scope == scopes[1];
      const auto opened = list.open(markers(operation, scope).make("a"));
      ASSERT_EQ(opened.has_value(), same) << operation;
      if (!same) {
        EXPECT_EQ(opened.error().code, ErrorCode::kInvalidMarker);
      }
    }
  }
}

TEST_F(MarkerTest, DoesNotShowItsScope) {
  const ListMarkers keys_of_alice =
      markers("ListAccessKeys", record_key::user_access_keys_of("111122223333", "AIDAALICE"));
  const auto decoded = base64_decode(keys_of_alice.make("a"));
  ASSERT_TRUE(decoded);
  EXPECT_EQ(as_text(*decoded).find("ALICE"), std::string_view::npos);
  EXPECT_EQ(decoded->size(), std::string_view("kagimori2|12345678a").size());
}

TEST_F(MarkerTest, RefusesWhatIsNotOurs) {
  const std::string foreign[] = {
      "",
      "x",
      "alias/x",
      "====",
      base64_encode(as_bytes("")),
      base64_encode(as_bytes("alias/x")),
      base64_encode(as_bytes("kagimori1|a")),
      base64_encode(as_bytes("kagimori2|a")),
      base64_encode(as_bytes("kagimori2|12345678a")),
      base64_encode(as_bytes("kagimori2")),
      list.make("a") + "A",
      list.make("a").substr(1),
      " " + list.make("a"),
  };
  for (const std::string& marker : foreign) {
    const auto opened = list.open(marker);
    ASSERT_FALSE(opened) << marker;
    EXPECT_EQ(opened.error().code, ErrorCode::kInvalidMarker);
  }
}

}  // namespace
}  // namespace kagimori
