#include "client/xml_element.h"

#include <pugixml.hpp>

#include "base/secret.h"

namespace kagimori {
namespace {

constexpr int kMaxDepth = 32;

Result<XmlElement> convert(const pugi::xml_node& node, int depth) {
  if (depth > kMaxDepth) return fail(ErrorCode::kSerialization, "The answer is nested too deeply.");
  XmlElement element;
  element.name = node.name();
  for (const pugi::xml_node& child : node.children()) {
    if (child.type() != pugi::node_element) continue;
    TRY_ASSIGN(XmlElement converted, convert(child, depth + 1));
    element.children.push_back(std::move(converted));
  }
  if (element.children.empty()) element.text = node.text().get();
  return element;
}

}  // namespace

const XmlElement* XmlElement::find(std::string_view child) const {
  for (const XmlElement& candidate : children) {
    if (candidate.name == child) return &candidate;
  }
  return nullptr;
}

std::string_view XmlElement::text_of(std::string_view child) const {
  const XmlElement* const found = find(child);
  return found == nullptr ? std::string_view() : std::string_view(found->text);
}

Result<XmlElement> parse_xml(std::string_view text) {
  pugi::xml_document document;
  std::string buffer(text);
  // In place, so that the one copy can be overwritten.
  const pugi::xml_parse_result parsed = document.load_buffer_inplace(buffer.data(), buffer.size());
  Result<XmlElement> root =
      parsed ? convert(document.document_element(), 0) : fail(ErrorCode::kSerialization, "The answer is no XML.");
  secure_wipe({reinterpret_cast<std::uint8_t*>(buffer.data()), buffer.size()});
  return root;
}

void wipe(XmlElement& element) {
  secure_wipe({reinterpret_cast<std::uint8_t*>(element.text.data()), element.text.size()});
  for (XmlElement& child : element.children) wipe(child);
}

}  // namespace kagimori
