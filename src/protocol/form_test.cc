#include "protocol/form.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kagimori {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string refusal(std::string_view text, const FormLimits& limits = {}) {
  const Result<Form> form = Form::parse(text, limits);
  if (form) return "was accepted";
  EXPECT_EQ(form.error().code, ErrorCode::kSerialization);
  return form.error().message;
}

TEST(Form, ReadsAQueryRequest) {
  const Result<Form> form =
      Form::parse("Version=2010-05-08&Action=CreateUser&UserName=Z%C3%BCrich+a%2Bb&Path=%2F&Empty=");
  ASSERT_TRUE(form) << form.error().message;
  EXPECT_EQ(form->get("Action"), "CreateUser");
  EXPECT_EQ(form->get("UserName"), "Z\u00fcrich a+b");
  EXPECT_EQ(form->get("Path"), "/");
  EXPECT_EQ(form->get("Empty"), "");
  EXPECT_EQ(form->get("action"), std::nullopt);
  EXPECT_EQ(form->get(""), std::nullopt);
  EXPECT_EQ(form->get("Zzz"), std::nullopt);
  ASSERT_EQ(form->fields().size(), 5u);
  EXPECT_EQ(form->fields()[0].name, "Version");
  EXPECT_EQ(form->fields()[4].name, "Empty");
}

TEST(Form, ReadsNoFieldsFromAnEmptyText) {
  const Result<Form> form = Form::parse("");
  ASSERT_TRUE(form);
  EXPECT_TRUE(form->fields().empty());
  EXPECT_EQ(form->get("Action"), std::nullopt);
}

TEST(Form, KeepsEqualsSignsInValues) {
  EXPECT_EQ(Form::parse("a=b=c")->get("a"), "b=c");
  EXPECT_EQ(Form::parse("a==")->get("a"), "=");
  EXPECT_EQ(Form::parse("a=%26b%3D")->get("a"), "&b=");
}

TEST(Form, SurvivesBeingMoved) {
  Result<Form> form = Form::parse("b=2&a=1");
  ASSERT_TRUE(form);
  const Form moved = std::move(*form);
  EXPECT_EQ(moved.get("a"), "1");
  EXPECT_EQ(moved.get("b"), "2");
}

TEST(Form, RefusesFieldsOutOfShape) {
  for (const char* text : {"a", "=b", "=", "&", "a=1&", "&a=1", "a=1&&b=2", "a=1&b", "a=1&=2", "{\"a\":1}"}) {
    EXPECT_NE(refusal(text), "was accepted") << text;
  }
}

TEST(Form, RefusesBrokenEscapes) {
  for (const char* text : {"a=%", "a=%4", "a=%zz", "%=a", "a%2=b", "a=%%20", "a=1&b=%u0041"}) {
    EXPECT_EQ(refusal(text), "The form holds a malformed percent escape.") << text;
  }
}

TEST(Form, RefusesWhatIsNotUtf8) {
  for (const char* text : {"a=%FF", "a=\xff", "%C3=a", "a=%ED%A0%80", "a=%C0%80", "a=%F4%90%80%80"}) {
    EXPECT_EQ(refusal(text), "The form is not valid UTF-8.") << text;
  }
}

TEST(Form, RefusesNamesThatComeTwice) {
  for (const char* text : {"a=1&a=1", "a=1&b=2&a=3", "a=1&%61=2", "A+b=1&A%20b=2"}) {
    EXPECT_THAT(refusal(text), HasSubstr("more than once")) << text;
  }
  EXPECT_TRUE(Form::parse("a=1&A=2"));
}

TEST(Form, NeverRepeatsAValue) {
  EXPECT_THAT(refusal("a=secret&a=secret"), Not(HasSubstr("secret")));
  EXPECT_THAT(refusal("a=secret%"), Not(HasSubstr("secret")));
}

TEST(Form, HasLimits) {
  EXPECT_EQ(refusal("a=12345", {.max_bytes = 6}), "The form is too large.");
  EXPECT_TRUE(Form::parse("a=1234", {.max_bytes = 6}));
  EXPECT_EQ(refusal("a=1&b=2&c=3", {.max_fields = 2}), "The form holds too many fields.");
  EXPECT_TRUE(Form::parse("a=1&b=2", {.max_fields = 2}));
  EXPECT_EQ(refusal("abc=1", {.max_name_bytes = 2}), "The form holds a field name that is too long.");
  EXPECT_TRUE(Form::parse("ab=1", {.max_name_bytes = 2}));
}

}  // namespace
}  // namespace kagimori
