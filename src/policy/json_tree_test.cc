#include "policy/json_tree.h"

#include <gtest/gtest.h>

namespace kagimori {
namespace {

TEST(JsonTree, KeepsStringsWithTheirPlaces) {
  const std::string text = R"( {"a" : "x\"\\y" , "b":[1.50 ,true,{"c":"\u00e4"},null]} )";
  const auto tree = parse_json_object(text);
  ASSERT_TRUE(tree);
  ASSERT_EQ(tree->members.size(), 2u);
  const JsonNode& a = tree->members[0].value;
  EXPECT_EQ(tree->members[0].name, "a");
  EXPECT_EQ(a.text, "x\"\\y");
  EXPECT_EQ(text.substr(a.begin, a.end - a.begin), R"("x\"\\y")");
  const std::vector<JsonNode>& b = tree->members[1].value.items;
  ASSERT_EQ(b.size(), 4u);
  EXPECT_EQ(b[0].text, "1.50");
  EXPECT_EQ(b[1].text, "true");
  EXPECT_EQ(b[2].members[0].value.text, "\xc3\xa4");
  EXPECT_TRUE(b[3].is(JsonNode::Kind::kNull));
}

TEST(JsonTree, Refuses) {
  for (const char* text : {"",
                           " ",
                           "[]",
                           "\"x\"",
                           "1",
                           "null",
                           "{",
                           "}",
                           "{]",
                           "{\"a\"}",
                           "{\"a\":}",
                           "{\"a\":1,}",
                           "{,}",
                           "{a:1}",
                           "{'a':1}",
                           "{\"a\":1 \"b\":2}",
                           "{\"a\" 1}",
                           "{\"a\":[1,]}",
                           "{\"a\":[1 2]}",
                           "{\"a\":[}",
                           "{\"a\":tru}",
                           "{\"a\":truex}",
                           "{\"a\":nul}",
                           "{\"a\":nulll}",
                           "{\"a\":+1}",
                           "{\"a\":01}",
                           "{\"a\":1.}",
                           "{\"a\":0x1}",
                           "{\"a\":NaN}",
                           "{\"a\":1e999}",
                           "{\"a\":\"\\x\"}",
                           "{\"a\":\"\\u12\"}",
                           "{\"a\":\"\\ud800\"}",
                           "{\"a\":\"\\udc00\"}",
                           "{\"a\":\"\n\"}",
                           "{\"a\":\"b}",
                           "{\"a\":1}x",
                           "{\"a\":1}{}",
                           "{\"a\":1}}",
                           "{\"a\":1,\"a\":2}",
                           "{\"a\":1,\"\\u0061\":2}",
                           "{\"a\":{\"b\":1,\"c\":2,\"b\":1}}",
                           "{\"a\":\"\xff\"}",
                           "// x\n{}"}) {
    EXPECT_FALSE(parse_json_object(text)) << text;
  }
}

TEST(JsonTree, BoundsTheDepth) {
  const auto nested = [](std::size_t levels) {
    return R"({"a":)" + std::string(levels - 1, '[') + std::string(levels - 1, ']') + "}";
  };
  EXPECT_TRUE(parse_json_object(nested(kMaxJsonDepth)));
  const auto deep = parse_json_object(nested(kMaxJsonDepth + 1));
  ASSERT_FALSE(deep);
  EXPECT_EQ(deep.error().message, "the document is nested too deeply");
  EXPECT_FALSE(parse_json_object(nested(60'000)));
}

}  // namespace
}  // namespace kagimori
