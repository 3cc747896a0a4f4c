#include "dialects/aws/json_members.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "base/encoding.h"

namespace kagimori::aws {
namespace {

using testing::HasSubstr;

constexpr std::array<std::string_view, 2> kColours = {"RED", "BLUE"};
constexpr TextConstraint kText{2, 4};
constexpr NumberConstraint kNumber{1, 10};
constexpr BlobConstraint kBlob{1, 4};

// A parsed body and its reader.
class Body {
 public:
  explicit Body(std::string text) : text_(std::move(text)) {
    text_.resize(text_.size() + JsonDocument::kPadding);
    const auto parsed =
        document_.parse(as_bytes(std::string_view(text_).substr(0, text_.size() - JsonDocument::kPadding)));
    EXPECT_TRUE(parsed) << text_;
    members.emplace(**parsed);
  }
  JsonMembers* operator->() { return &*members; }
  std::optional<ErrorCode> code() const {
    const Status status = members->status();
    return status ? std::nullopt : std::optional(status.error().code);
  }
  std::string message() const { return members->status() ? "" : members->status().error().message; }

 private:
  std::string text_;
  JsonDocument document_;
  std::optional<JsonMembers> members;
};

std::string with(std::string_view value) { return "{\"Member\":" + std::string(value) + "}"; }

// Reads "Member" in one way; whether something was there.
struct Accessor {
  const char* name;
  bool (*read)(Body&);
  const char* good;
  const char* wrong_types[6];  // null ends
};

const Accessor kAccessors[] = {
    {"text",
     [](Body& b) { return b->text("Member", kText).has_value(); },
     R"("abc")",
     {"1", "true", "[]", "{}", "1.5", nullptr}},
    {"enumeration",
     [](Body& b) { return b->enumeration("Member", kColours).has_value(); },
     R"("RED")",
     {"1", "false", R"(["RED"])", "{}", nullptr}},
    {"boolean",
     [](Body& b) { return b->boolean("Member").has_value(); },
     "false",
     {"0", "1", R"("true")", "[]", "{}", nullptr}},
    {"integer",
     [](Body& b) { return b->integer("Member", kNumber).has_value(); },
     "7",
     {R"("7")", "true", "7.5", "1e1", "[]", nullptr}},
    {"blob",
     [](Body& b) { return b->blob("Member", kBlob).has_value(); },
     R"("YWI=")",
     {"1", "[]", "{}", R"("YWI")", R"("Y W=")", nullptr}},
    {"secret_blob",
     [](Body& b) { return b->secret_blob("Member", kBlob).has_value(); },
     R"("YWI=")",
     {"1", "[]", "{}", R"("YWJ=")", R"("====")", nullptr}},
    {"context",
     [](Body& b) { return !b->context("Member").empty(); },
     R"({"a":"b"})",
     {"1", R"("a")", "[]", R"({"a":1})", R"({"a":null})", nullptr}},
    {"tags",
     [](Body& b) { return b->tags("Member").has_value(); },
     R"([{"TagKey":"a","TagValue":""}])",
     {"1", "{}", "[1]", R"([{"TagKey":1}])", R"([{"TagKey":"a","TagValue":[]}])", nullptr}},
    {"texts",
     [](Body& b) { return b->texts("Member", kText).has_value(); },
     R"(["abc"])",
     {"1", R"("abc")", "{}", "[1]", R"(["abc",null])", nullptr}},
    {"enumerations",
     [](Body& b) { return b->enumerations("Member", kColours).has_value(); },
     R"(["RED","BLUE"])",
     {"1", R"("RED")", "{}", "[true]", nullptr}},
};

TEST(JsonMembersTest, TakesTheRightType) {
  for (const Accessor& a : kAccessors) {
    Body body(with(a.good));
    EXPECT_TRUE(a.read(body)) << a.name;
    EXPECT_EQ(body.code(), std::nullopt) << a.name << ": " << body.message();
  }
}

TEST(JsonMembersTest, AWrongTypeIsASerializationError) {
  for (const Accessor& a : kAccessors) {
    for (const char* const* wrong = a.wrong_types; *wrong != nullptr; ++wrong) {
      Body body(with(*wrong));
      a.read(body);
      EXPECT_EQ(body.code(), ErrorCode::kSerialization) << a.name << " of " << *wrong;
    }
  }
}

TEST(JsonMembersTest, NullAndOtherNamesAreAbsent) {
  for (const Accessor& a : kAccessors) {
    for (const std::string& text : {std::string("{}"), with("null"), std::string(R"({"member":"abc","Other":[1]})")}) {
      Body body(text);
      EXPECT_FALSE(a.read(body)) << a.name << " of " << text;
      EXPECT_FALSE(body->has("Member"));
      EXPECT_EQ(body.code(), std::nullopt) << a.name;
    }
  }
}

TEST(JsonMembersTest, WhatIsRequiredMustBeThere) {
  for (const char* text : {"{}", R"({"KeyId":null})"}) {
    Body body(text);
    EXPECT_EQ(body->required_text("KeyId", member::kKeyId), "");
    EXPECT_EQ(body.code(), ErrorCode::kValidation);
    EXPECT_EQ(
        body.message(),
        "1 validation error detected: Value null at 'keyId' failed to satisfy constraint: Member must not be null");
  }
}

struct ConstraintCase {
  const char* value;
  void (*read)(JsonMembers&);
  bool ok;
};

TEST(JsonMembersTest, ChecksConstraints) {
  const auto text = [](JsonMembers& m) { static_cast<void>(m.text("Member", kText)); };
  const auto number = [](JsonMembers& m) { static_cast<void>(m.integer("Member", kNumber)); };
  const auto blob = [](JsonMembers& m) { static_cast<void>(m.blob("Member", kBlob)); };
  const auto secret = [](JsonMembers& m) { static_cast<void>(m.secret_blob("Member", kBlob)); };
  const auto colour = [](JsonMembers& m) { static_cast<void>(m.enumeration("Member", kColours)); };
  const auto colours = [](JsonMembers& m) { static_cast<void>(m.enumerations("Member", kColours)); };
  const auto texts = [](JsonMembers& m) { static_cast<void>(m.texts("Member", kText)); };
  const ConstraintCase cases[] = {
      {R"("a")", text, false},
      {R"("ab")", text, true},
      {R"("abcd")", text, true},
      {R"("abcde")", text, false},
      {R"("")", text, false},
      {"0", number, false},
      {"1", number, true},
      {"10", number, true},
      {"11", number, false},
      {"-1", number, false},
      {R"("")", blob, false},
      {R"("YQ==")", blob, true},
      {R"("YWJjZA==")", blob, true},
      {R"("YWJjZGU=")", blob, false},
      {R"("")", secret, false},
      {R"("YWJjZGU=")", secret, false},
      {R"("red")", colour, false},
      {R"("")", colour, false},
      {R"(["RED","GREEN"])", colours, false},
      {"[]", colours, true},
      {R"(["ab","a"])", texts, false},
      {"[]", texts, true},
  };
  for (const ConstraintCase& c : cases) {
    Body body(with(c.value));
    c.read(*body.operator->());
    EXPECT_EQ(body.code(), c.ok ? std::nullopt : std::optional(ErrorCode::kValidation)) << c.value;
  }
}

TEST(JsonMembersTest, NamesThePathIntoALists) {
  Body tags(R"({"Tags":[{"TagKey":"a","TagValue":"b"},{"TagValue":"c"},{"TagKey":""}]})");
  EXPECT_EQ(tags->tags("Tags")->size(), 3u);
  EXPECT_THAT(tags.message(), HasSubstr("3 validation errors detected"));
  EXPECT_THAT(tags.message(), HasSubstr("'tags.2.member.tagKey'"));
  EXPECT_THAT(tags.message(), HasSubstr("'tags.3.member.tagValue'"));
  EXPECT_THAT(tags.message(), HasSubstr("'tags.3.member.tagKey'"));
  Body keys(R"({"TagKeys":["ok","x"]})");
  EXPECT_EQ(keys->texts("TagKeys", kText)->size(), 2u);
  EXPECT_THAT(keys.message(), HasSubstr("'tagKeys.2.member'"));
}

TEST(JsonMembersTest, ListsEveryFailureButTheTypeComesFirst) {
  Body two(R"({"A":"x","B":99})");
  two->text("A", kText);
  two->integer("B", kNumber);
  EXPECT_THAT(two.message(), HasSubstr("2 validation errors detected"));
  two->boolean("A");
  EXPECT_EQ(two.code(), ErrorCode::kSerialization);
}

TEST(JsonMembersTest, TellsWhatIsWrongInsideAStructureWithTheRest) {
  Body body(R"({"A":"x","Inner":{"B":99,"C":[]}})");
  body->text("A", kText);
  JsonMembers inner(*body->structure("Inner"), "inner");
  inner.integer("B", kNumber);
  body->absorb(inner);
  EXPECT_THAT(body.message(), HasSubstr("2 validation errors detected: Value 'x' at 'a'"));
  EXPECT_THAT(body.message(), HasSubstr("; Value '99' at 'inner.b'"));
  inner.boolean("C");
  body->absorb(inner);
  EXPECT_EQ(body.code(), ErrorCode::kSerialization);
  EXPECT_EQ(Body(R"({"Inner":null})")->structure("Inner"), nullptr);
}

TEST(JsonMembersTest, NeverRepeatsABlob) {
  const std::string secret = base64_encode(as_bytes("hunter2hunter2"));
  Body body(with("\"" + secret + "\""));
  body->secret_blob("Member", kBlob);
  EXPECT_EQ(body.code(), ErrorCode::kValidation);
  EXPECT_EQ(body.message().find("hunter2"), std::string::npos);
  EXPECT_EQ(body.message().find(secret), std::string::npos);
}

TEST(JsonMembersTest, SecretBlobsLieInSecretMemory) {
  Body body(with(R"("YWJj")"));
  const auto secret = body->secret_blob("Member", kBlob);
  ASSERT_TRUE(secret);
  EXPECT_EQ(as_text(secret->expose()), "abc");
  const auto at = reinterpret_cast<std::uintptr_t>(secret->expose().data());
  EXPECT_GE(at, secret_memory_status().begin);
  EXPECT_LT(at, secret_memory_status().end);
}

TEST(JsonMembersTest, LimitIsClampedToThePage) {
  constexpr service_limit::Page kPage{100, 50};
  const std::pair<const char*, std::size_t> cases[] = {{"{}", 50},
                                                       {R"({"Limit":null})", 50},
                                                       {R"({"Limit":1})", 1},
                                                       {R"({"Limit":100})", 100},
                                                       {R"({"Limit":1000})", 100}};
  for (const auto& [text, expected] : cases) {
    Body body(text);
    EXPECT_EQ(body->limit(kPage), expected) << text;
    EXPECT_EQ(body.code(), std::nullopt) << text;
  }
  for (const char* text : {R"({"Limit":0})", R"({"Limit":-1})", R"({"Limit":1001})"}) {
    Body body(text);
    EXPECT_GE(body->limit(kPage), 1u);
    EXPECT_EQ(body.code(), ErrorCode::kValidation) << text;
  }
}

TEST(JsonMembersTest, ContextKeepsOrderAndBytes) {
  Body body(R"({"Member":{"b":"1","a":"","":"x"}})");
  EXPECT_EQ(body->context("Member"), (EncryptionContext{{"b", "1"}, {"a", ""}, {"", "x"}}));
}

TEST(LowerCamelTest, LowersTheFirstLetterOnly) {
  EXPECT_EQ(lower_camel("KeyId"), "keyId");
  EXPECT_EQ(lower_camel("keyId"), "keyId");
  EXPECT_EQ(lower_camel(""), "");
}

}  // namespace
}  // namespace kagimori::aws
