#include "client/xml_element.h"

#include <gtest/gtest.h>

namespace kagimori {
namespace {

TEST(XmlElement, ReadsAnAnswerOfTheQueryProtocol) {
  const auto root = parse_xml(
      "<ListUserPoliciesResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><ListUserPoliciesResult>"
      "<PolicyNames><member>a&amp;b</member><member>\xc3\xbc</member></PolicyNames><IsTruncated>false</IsTruncated>"
      "</ListUserPoliciesResult></ListUserPoliciesResponse>");
  ASSERT_TRUE(root);
  EXPECT_EQ(root->name, "ListUserPoliciesResponse");
  const XmlElement* const result = root->find("ListUserPoliciesResult");
  ASSERT_NE(result, nullptr);
  EXPECT_EQ(result->text_of("IsTruncated"), "false");
  const XmlElement* const names = result->find("PolicyNames");
  ASSERT_EQ(names->children.size(), 2U);
  EXPECT_EQ(names->children[0].text, "a&b");
  EXPECT_EQ(names->children[1].text, "\xc3\xbc");
}

TEST(XmlElement, HasNothingUnderANameThatIsNotThere) {
  const auto root = parse_xml("<a><b/></a>");
  ASSERT_TRUE(root);
  EXPECT_EQ(root->find("c"), nullptr);
  EXPECT_EQ(root->text_of("c"), "");
  EXPECT_EQ(root->text_of("b"), "");
}

TEST(XmlElement, RefusesWhatIsNoXml) {
  for (const char* text : {"", "{}", "hello", "<a>", "<a></b>", "<a><b></a></b>", "<"}) {
    EXPECT_FALSE(parse_xml(text)) << text;
  }
}

TEST(XmlElement, RefusesWhatIsNestedTooDeeply) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += "<a>";
  for (int i = 0; i < 100; ++i) text += "</a>";
  EXPECT_FALSE(parse_xml(text));
}

TEST(XmlElement, LeavesNoTextWhenItIsWiped) {
  auto root = parse_xml("<a><b>secret</b></a>");
  ASSERT_TRUE(root);
  wipe(*root);
  EXPECT_EQ(root->text_of("b"), std::string(6, '\0'));
}

}  // namespace
}  // namespace kagimori
