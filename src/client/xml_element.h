#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace kagimori {

// An element of a parsed XML text: names without attributes, which answers of the Query protocol don't need. A value.
struct XmlElement {
  std::string name;
  std::string text;  // of an element without children
  std::vector<XmlElement> children;

  // The first child of that name; nullptr when there is none.
  const XmlElement* find(std::string_view child) const;
  // The text of the child of that name; empty when there is none.
  std::string_view text_of(std::string_view child) const;
};

// kSerialization when it is no XML, or nested deeper than an answer is.
Result<XmlElement> parse_xml(std::string_view text);
// Overwrites every text: for answers that hold a secret.
void wipe(XmlElement& element);

}  // namespace kagimori
