#include "protocol/xml_writer.h"

#include <gtest/gtest.h>

namespace kagimori {
namespace {

std::string text_of(std::string_view text) {
  std::string out;
  XmlWriter(out).text(text);
  return out;
}

TEST(XmlWriter, WritesATree) {
  std::string out;
  XmlWriter(out)
      .begin("GetUserResponse", "https://iam.amazonaws.com/doc/2010-05-08/")
      .begin("User")
      .element("UserName", "a<b")
      .element("Path", "")
      .end("User")
      .end("GetUserResponse");
  EXPECT_EQ(out,
            "<GetUserResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><User><UserName>a&lt;b</UserName>"
            "<Path></Path></User></GetUserResponse>");
}

TEST(XmlWriter, EscapesMarkup) {
  EXPECT_EQ(text_of("<a href=\"x\">&amp;]]></a>"), "&lt;a href=&quot;x&quot;&gt;&amp;amp;]]&gt;&lt;/a&gt;");
  std::string out;
  XmlWriter(out).begin("a", "\"><b/>");
  EXPECT_EQ(out, "<a xmlns=\"&quot;&gt;&lt;b/&gt;\">");
}

TEST(XmlWriter, KeepsWhatXmlAllows) {
  EXPECT_EQ(text_of("a\tb\nc"), "a\tb\nc");
  EXPECT_EQ(text_of("a\r\nb"), "a&#13;\nb");
  EXPECT_EQ(text_of("\u00e9\xed\x9f\xbf\xee\x80\x80\ufffd\U0001F511\U0010FFFF\x7f"),
            "\u00e9\xed\x9f\xbf\xee\x80\x80\ufffd\U0001F511\U0010FFFF\x7f");
}

// XML 1.0 section 2.2: Char ::= #x9 | #xA | #xD | [#x20-#xD7FF] | [#xE000-#xFFFD] | [#x10000-#x10FFFF].
TEST(XmlWriter, ReplacesWhatXmlForbids) {
  for (int c = 0; c < 0x20; ++c) {
    if (c == '\t' || c == '\n' || c == '\r') continue;
    EXPECT_EQ(text_of(std::string("a") + static_cast<char>(c) + "b"), "a\ufffdb") << c;
  }
  EXPECT_EQ(text_of("a\xef\xbf\xbe|\xef\xbf\xbf"), "a\ufffd|\ufffd");
}

TEST(XmlWriter, ReplacesWhatIsNotUtf8) {
  EXPECT_EQ(text_of("a\xff"
                    "b"),
            "a\ufffdb");
  EXPECT_EQ(text_of("\xc3"), "\ufffd");
  EXPECT_EQ(text_of("\xe2\x82<"), "\ufffd\ufffd&lt;");
  EXPECT_EQ(text_of("\xed\xa0\x80"), "\ufffd\ufffd\ufffd");
  EXPECT_EQ(text_of("\xf4\x90\x80\x80"), "\ufffd\ufffd\ufffd\ufffd");
}

}  // namespace
}  // namespace kagimori
