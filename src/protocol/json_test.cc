#include "protocol/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

namespace kagimori {
namespace {

using ::testing::HasSubstr;
using Kind = JsonValue::Kind;

class JsonTest : public ::testing::Test {
 protected:
  // The text lies in a block of exactly its size and the padding, so that a sanitizer sees every read beyond.
  Result<const JsonValue*> parse(std::string_view text) {
    buffer_ = std::make_unique<std::uint8_t[]>(text.size() + JsonDocument::kPadding);
    if (!text.empty()) std::memcpy(buffer_.get(), text.data(), text.size());
    std::memset(buffer_.get() + text.size(), '}', JsonDocument::kPadding);
    return document_.parse({buffer_.get(), text.size()});
  }

  std::string refusal(std::string_view text) {
    const Result<const JsonValue*> result = parse(text);
    if (result) return "was accepted";
    EXPECT_EQ(result.error().code, ErrorCode::kSerialization);
    return result.error().message;
  }

  std::unique_ptr<std::uint8_t[]> buffer_;
  JsonDocument document_;
};

TEST_F(JsonTest, ReadsEveryKind) {
  const auto root = parse(
      R"({"n":null,"t":true,"f":false,"i":-42,"d":1700000000.123,"s":"a\"\u00e9\n","a":[1,"x",[]],"o":{"k":"v"}})");
  ASSERT_TRUE(root) << root.error().message;
  const JsonValue& object = **root;
  ASSERT_EQ(object.kind(), Kind::kObject);
  EXPECT_EQ(object.size(), 8u);
  EXPECT_TRUE(object.find("n")->is_null());
  EXPECT_TRUE(object.find("t")->boolean());
  EXPECT_EQ(object.find("f")->kind(), Kind::kBool);
  EXPECT_FALSE(object.find("f")->boolean());
  EXPECT_EQ(object.find("i")->kind(), Kind::kInteger);
  EXPECT_EQ(object.find("i")->integer(), -42);
  EXPECT_EQ(object.find("i")->number(), -42.0);
  EXPECT_EQ(object.find("d")->kind(), Kind::kNumber);
  EXPECT_DOUBLE_EQ(object.find("d")->number(), 1700000000.123);
  EXPECT_EQ(object.find("s")->string(), "a\"\u00e9\n");
  EXPECT_EQ(object.find("a")->size(), 3u);
  EXPECT_EQ(object.find("o")->find("k")->string(), "v");
  EXPECT_EQ(object.find("missing"), nullptr);
  EXPECT_EQ(object.find("k"), nullptr);  // of an inner object
}

TEST_F(JsonTest, KeepsMembersInOrderAcrossSubtrees) {
  const auto root = parse(R"({"b":{"x":[1,{"y":2}]},"a":[],"c":{},"":5})");
  ASSERT_TRUE(root);
  std::string order;
  for (const JsonValue& member : **root) order += std::string(member.name()) + ";";
  EXPECT_EQ(order, "b;a;c;;");
  EXPECT_EQ((*root)->find("")->integer(), 5);
  EXPECT_EQ((*root)->find("a")->begin(), (*root)->find("a")->end());
}

TEST_F(JsonTest, AnswersZeroForAnotherKind) {
  const auto root = parse(R"(["text",7,1.5,true,null,{}])");
  ASSERT_TRUE(root);
  for (const JsonValue& item : **root) {
    EXPECT_EQ(item.string().empty(), item.kind() != Kind::kString);
    EXPECT_EQ(item.integer(), item.kind() == Kind::kInteger ? 7 : 0);
    EXPECT_EQ(item.boolean(), item.kind() == Kind::kBool);
    EXPECT_EQ(item.number() != 0.0, item.kind() == Kind::kInteger || item.kind() == Kind::kNumber);
    EXPECT_EQ(item.find("x"), nullptr);
  }
}

TEST_F(JsonTest, TellsIntegersFromNumbers) {
  const std::pair<const char*, Kind> cases[] = {{"0", Kind::kInteger},
                                                {"-0", Kind::kInteger},
                                                {"9223372036854775807", Kind::kInteger},
                                                {"-9223372036854775808", Kind::kInteger},
                                                {"9223372036854775808", Kind::kNumber},
                                                {"18446744073709551615", Kind::kNumber},
                                                {"1.0", Kind::kNumber},
                                                {"1e3", Kind::kNumber},
                                                {"1E-3", Kind::kNumber},
                                                {"1.6E9", Kind::kNumber}};
  for (const auto& [text, kind] : cases) {
    const auto root = parse(text);
    ASSERT_TRUE(root) << text;
    EXPECT_EQ((*root)->kind(), kind) << text;
  }
  EXPECT_EQ((*parse("9223372036854775807"))->integer(), INT64_MAX);
  EXPECT_EQ((*parse("-9223372036854775808"))->integer(), INT64_MIN);
}

TEST_F(JsonTest, AcceptsScalarsAndBlanksAtTheRoot) {
  EXPECT_EQ((*parse("\"x\""))->string(), "x");
  EXPECT_TRUE((*parse(" \t\r\n null "))->is_null());
  EXPECT_EQ((*parse("\n{ }\n"))->size(), 0u);
}

TEST_F(JsonTest, RefusesWhatIsNotJson) {
  for (const char* text :
       {"{",          "}",       "[",         "]",          "{]",        "[}",          "{\"a\"}",  "{\"a\":}",
        "{\"a\":1,}", "{,}",     "[1,]",      "[,1]",       "[1 2]",     "{\"a\" 1}",   "{a:1}",    "{'a':1}",
        "{1:2}",      "nul",     "nullx",     "True",       "undefined", "NaN",         "Infinity", "-Infinity",
        "+1",         "01",      "1.",        ".5",         "-",         "1e",          "1e+",      "0x10",
        "1_000",      "\"",      "\"a",       "\"\\x\"",    "\"\\u12\"", "\"\\u12g4\"", "\"\t\"",   "\"\n\"",
        "\"\x01\"",   "// c\n1", "/* c */ 1", "{\"a\":1}}", "{} {}",     "{}x",         "1 2",      "null,",
        "[1]]",       ",",       ":",         "\\",         "@"}) {
    EXPECT_NE(refusal(text), "was accepted") << text;
  }
}

TEST_F(JsonTest, RefusesAnEmptyText) {
  for (const char* text : {"", " ", "\n\t\r "}) {
    EXPECT_EQ(refusal(text), "The request body is empty; send a JSON document.") << text;
  }
}

TEST_F(JsonTest, RefusesEmbeddedNuls) {
  EXPECT_NE(refusal(std::string_view("{}\0", 3)), "was accepted");
  EXPECT_NE(refusal(std::string_view("\0{}", 3)), "was accepted");
  EXPECT_NE(refusal(std::string_view("{\"a\0\":1}", 9)), "was accepted");
  ASSERT_TRUE(parse(R"("a\u0000b")"));
  EXPECT_EQ((*parse(R"("a\u0000b")"))->string(), std::string_view("a\0b", 3));
}

TEST_F(JsonTest, RefusesWhatIsNotUtf8) {
  for (const char* text : {"\"\xff\"", "\"\xc3\"", "\"\xc0\x80\"", "\"\xed\xa0\x80\"", "\"\xf4\x90\x80\x80\"",
                           "\"\x80\"", "\"\xe2\x82\"", "{\"\xfe\":1}"}) {
    EXPECT_EQ(refusal(text), "The request body is not valid UTF-8.") << text;
  }
  EXPECT_NE(refusal("\xef\xbb\xbf{}"), "was accepted");  // byte order mark
  EXPECT_NE(refusal(std::string_view("\0{\0}", 4)), "was accepted");
}

TEST_F(JsonTest, RefusesLoneSurrogates) {
  for (const char* text : {R"("\ud800")", R"("\udc00")", R"("\ud800x")", R"("\ud800\ud800")", R"("\udc00\ud800")",
                           R"("\ud83d\u0041")", R"({"\udfff":1})"}) {
    EXPECT_NE(refusal(text), "was accepted") << text;
  }
  EXPECT_EQ((*parse(R"("\ud83d\udd11")"))->string(), "\U0001F511");
}

TEST_F(JsonTest, RefusesNumbersOutOfRange) {
  for (const char* text :
       {"1e400", "-1e400", "18446744073709551616", "-9223372036854775809", "123456789012345678901234"}) {
    EXPECT_EQ(refusal(text), "The request body holds a malformed number or one out of range.") << text;
  }
}

TEST_F(JsonTest, RefusesDuplicateMembers) {
  for (const char* text : {R"({"a":1,"a":1})", R"({"a":1,"b":2,"a":3})", R"({"x":{"a":1,"a":2}})", R"([{"a":1,"a":2}])",
                           R"({"a":1,"\u0061":2})", R"({"":1,"":2})"}) {
    EXPECT_EQ(refusal(text), "The request body has an object with two members of the same name.") << text;
  }
  EXPECT_TRUE(parse(R"({"a":1,"A":2,"b":{"a":3}})"));
}

std::string object_with(int members, const std::string& last) {
  std::string text = "{";
  for (int i = 0; i < members; ++i) text += "\"m" + std::to_string(i) + "\":" + std::to_string(i) + ",";
  return text + "\"" + last + "\":0}";
}

TEST_F(JsonTest, FindsDuplicatesInObjectsOfAnySize) {
  for (const int members : {1, 15, 16, 17, 1000}) {
    EXPECT_TRUE(parse(object_with(members, "z"))) << members;
    EXPECT_THAT(refusal(object_with(members, "m0")), HasSubstr("same name")) << members;
  }
}

std::string nested(std::size_t depth, char open, char close) {
  return std::string(depth, open) + std::string(depth, close);
}

TEST_F(JsonTest, LimitsDepth) {
  EXPECT_TRUE(parse(nested(64, '[', ']')));
  EXPECT_EQ(refusal(nested(65, '[', ']')), "The request body is nested too deeply.");
  EXPECT_EQ(refusal(nested(100'000, '[', ']')), "The request body is nested too deeply.");
  std::string objects;
  for (int i = 0; i < 65; ++i) objects += "{\"a\":";
  EXPECT_EQ(refusal(objects + "1" + std::string(65, '}')), "The request body is nested too deeply.");
  EXPECT_NE(refusal(std::string(100'000, '[')), "was accepted");
}

TEST_F(JsonTest, LimitsSizeAndNumberOfValues) {
  std::string items = "[0";
  for (int i = 1; i < 32'767; ++i) items += ",0";
  EXPECT_TRUE(parse(items + "]"));
  EXPECT_EQ(refusal(items + ",0]"), "The request body holds too many values.");
  const std::string filler((1 << 20) - 2, 'x');
  EXPECT_TRUE(parse("\"" + filler + "\""));
  EXPECT_EQ(refusal("\"" + filler + "x\""), "The request body is too large.");
}

TEST_F(JsonTest, HonoursOtherLimits) {
  JsonDocument small({.max_bytes = 16, .max_depth = 1, .max_nodes = 2});
  const auto try_parse = [&](std::string_view text) {
    std::string padded(text);
    padded.append(JsonDocument::kPadding, ' ');
    return small.parse(as_bytes(padded).first(text.size())).has_value();
  };
  EXPECT_TRUE(try_parse("[1]"));
  EXPECT_FALSE(try_parse("[1,2]"));
  EXPECT_FALSE(try_parse("[[]]"));
  EXPECT_TRUE(try_parse("\"12345678901234\""));
  EXPECT_FALSE(try_parse("\"123456789012345\""));
}

TEST_F(JsonTest, NeverRepeatsTheText) {
  for (const char* text : {R"({"secret":})", R"({"secret":1,"secret":2})", R"({"secret":"\q"})", R"({"a":secret})"}) {
    EXPECT_THAT(refusal(text), ::testing::Not(HasSubstr("secret")));
  }
}

TEST_F(JsonTest, ParsesAgainAfterAnyOutcome) {
  for (int round = 0; round < 3; ++round) {
    EXPECT_TRUE(parse(R"({"a":[1,2,3]})"));
    EXPECT_NE(refusal(R"({"a":[1,2,3})"), "was accepted");
    EXPECT_NE(refusal(R"({"a":"\ud800"})"), "was accepted");
    document_.wipe();
    document_.wipe();
    EXPECT_EQ((*parse(R"({"b":"x"})"))->find("b")->string(), "x");
  }
}

TEST_F(JsonTest, WipesItsCopiesOfStrings) {
  std::string text = "{\"secret name\":\"";
  text += std::string(700, 'S') + "\",\"list\":[\"tail-of-secrets\",\"\",\"\"]}";
  const auto root = parse(text);
  ASSERT_TRUE(root);
  const char* const name = (*root)->begin()->name().data();
  const std::string_view value = (*root)->find("secret name")->string();
  const std::string_view tail = (*root)->find("list")->begin()->string();
  ASSERT_EQ(value, std::string(700, 'S'));
  document_.wipe();
  // The parser keeps the memory, so reading it is defined.
  EXPECT_EQ(std::string(name, 11), std::string(11, '\0'));
  EXPECT_EQ(value, std::string(700, '\0'));
  EXPECT_EQ(tail, std::string(15, '\0'));
}

TEST_F(JsonTest, KeepsItsBuffersOnceGrown) {
  ASSERT_TRUE(parse(R"({"a":"0123456789","b":[1,2,3,4,5,6,7]})"));
  const JsonValue* const nodes = *parse(R"({"a":"0123456789","b":[1,2,3,4,5,6,7]})");
  const char* const strings = nodes->find("a")->string().data();
  for (int i = 0; i < 5; ++i) {
    const auto root = parse(R"({"a":"abcdefghij","b":[7,6,5,4,3,2,1]})");
    ASSERT_TRUE(root);
    EXPECT_EQ(*root, nodes);
    EXPECT_EQ((*root)->find("a")->string().data(), strings);
  }
}

}  // namespace
}  // namespace kagimori
