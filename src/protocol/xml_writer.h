#pragma once

#include <string>
#include <string_view>

namespace kagimori {

// Appends an XML 1.0 element tree to a string, for the answers of the AWS Query protocol. Names are the caller's
// literals; begin and end must nest. Text is escaped; what XML 1.0 forbids (section 2.2, Char) and bytes that are not
// UTF-8 become U+FFFD, so the result is well-formed whatever the text.
//   XmlWriter(out).begin("GetUserResponse", ns).begin("User").element("UserName", name).end("User").end(...);
class XmlWriter {
 public:
  explicit XmlWriter(std::string& out) : out_(out) {}

  XmlWriter& begin(std::string_view name);
  // With an xmlns attribute.
  XmlWriter& begin(std::string_view name, std::string_view xml_namespace);
  XmlWriter& end(std::string_view name);
  XmlWriter& text(std::string_view text);
  XmlWriter& element(std::string_view name, std::string_view value) { return begin(name).text(value).end(name); }

 private:
  std::string& out_;
};

}  // namespace kagimori
