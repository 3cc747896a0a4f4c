#include "protocol/json_writer.h"

#include <gtest/gtest.h>

#include <limits>

#include "protocol/json.h"

namespace kagimori {
namespace {

std::string time_text(std::int64_t micros) {
  std::string out;
  JsonWriter(out).timestamp({micros});
  return out;
}

std::string string_text(std::string_view text) {
  std::string out;
  JsonWriter(out).string(text);
  return out;
}

TEST(JsonWriter, WritesAnAnswer) {
  std::string out = "kept:";
  const std::uint8_t blob[] = {0, 1, 2, 0xff};
  JsonWriter(out)
      .begin_object()
      .member("KeyId", "abc")
      .member("Enabled", true)
      .member("Count", 3)
      .member("Big", std::int64_t{-5'000'000'000})
      .member("CreationDate", Timestamp{1'700'000'000'123'999})
      .member("CiphertextBlob", ByteView(blob))
      .member("Plaintext", SecretBytes::copy_of(blob))
      .key("Tags")
      .begin_array()
      .begin_object()
      .member("TagKey", std::string_view("k"))
      .end_object()
      .begin_object()
      .end_object()
      .string("x")
      .null()
      .begin_array()
      .end_array()
      .end_array()
      .key("Last")
      .raw("{\"a\":1}")
      .end_object();
  EXPECT_EQ(
      out,
      R"(kept:{"KeyId":"abc","Enabled":true,"Count":3,"Big":-5000000000,"CreationDate":1700000000.123,)"
      R"("CiphertextBlob":"AAEC/w==","Plaintext":"AAEC/w==","Tags":[{"TagKey":"k"},{},"x",null,[]],"Last":{"a":1}})");
}

TEST(JsonWriter, EscapesStrings) {
  EXPECT_EQ(string_text(""), "\"\"");
  EXPECT_EQ(string_text("\"\\/"), "\"\\\"\\\\/\"");
  EXPECT_EQ(string_text("\b\f\n\r\t"), R"("\b\f\n\r\t")");
  EXPECT_EQ(string_text(std::string_view("\0\x01\x1f", 3)), R"("\u0000\u0001\u001f")");
  EXPECT_EQ(string_text("\x7f \u00e9\U0001F511"), "\"\x7f \u00e9\U0001F511\"");
  std::string out;
  JsonWriter(out).begin_object().member("a\"b", "c").end_object();
  EXPECT_EQ(out, R"({"a\"b":"c"})");
}

TEST(JsonWriter, WritesTimesAsAwsDoes) {
  EXPECT_EQ(time_text(1'700'000'000'000'000), "1700000000");
  EXPECT_EQ(time_text(1'700'000'000'123'000), "1700000000.123");
  EXPECT_EQ(time_text(1'700'000'000'120'000), "1700000000.12");
  EXPECT_EQ(time_text(1'700'000'000'001'000), "1700000000.001");
  EXPECT_EQ(time_text(1'700'000'000'000'999), "1700000000");
  EXPECT_EQ(time_text(1'700'000'000'999'999), "1700000000.999");
  EXPECT_EQ(time_text(0), "0");
  EXPECT_EQ(time_text(-1), "-0.001");  // rounded down
  EXPECT_EQ(time_text(-1'500'000), "-1.5");
}

TEST(JsonWriter, WritesTheExtremesOfIntegers) {
  std::string out;
  JsonWriter writer(out);
  writer.begin_array().integer(std::numeric_limits<std::int64_t>::min()).integer(0);
  writer.integer(std::numeric_limits<std::int64_t>::max()).boolean(false).end_array();
  EXPECT_EQ(out, "[-9223372036854775808,0,9223372036854775807,false]");
}

TEST(JsonWriter, WritesWhatTheParserReads) {
  std::string every_ascii;
  for (int c = 0; c < 128; ++c) every_ascii.push_back(static_cast<char>(c));
  std::string out = string_text(every_ascii);
  const std::size_t size = out.size();
  out.append(JsonDocument::kPadding, '\0');
  JsonDocument document;
  const auto root = document.parse(as_bytes(out).first(size));
  ASSERT_TRUE(root) << root.error().message;
  EXPECT_EQ((*root)->string(), every_ascii);
}

}  // namespace
}  // namespace kagimori
