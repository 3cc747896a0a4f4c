#include <cstdlib>
#include <cstring>
#include <memory>

#include "base/encoding.h"
#include "protocol/json.h"
#include "protocol/json_writer.h"

// What parses is written again and must parse to the same tree; duplicates and text that isn't UTF-8 must not get
// through.

using namespace kagimori;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void write(JsonWriter& writer, const JsonValue& value) {
  switch (value.kind()) {
    case JsonValue::Kind::kNull:
      writer.null();
      break;
    case JsonValue::Kind::kBool:
      writer.boolean(value.boolean());
      break;
    case JsonValue::Kind::kInteger:
      writer.integer(value.integer());
      break;
    case JsonValue::Kind::kNumber:
      writer.raw("0.5");  // the writer has no floating point
      break;
    case JsonValue::Kind::kString:
      writer.string(value.string());
      break;
    case JsonValue::Kind::kArray:
      writer.begin_array();
      for (const JsonValue& item : value) write(writer, item);
      writer.end_array();
      break;
    case JsonValue::Kind::kObject:
      writer.begin_object();
      for (const JsonValue& member : value) write(writer.key(member.name()), member);
      writer.end_object();
      break;
  }
}

void compare(const JsonValue& a, const JsonValue& b) {
  require(a.kind() == b.kind() && a.size() == b.size() && a.name() == b.name() && a.string() == b.string());
  require(a.integer() == b.integer() && a.boolean() == b.boolean());
  require(is_valid_utf8(a.name()) && is_valid_utf8(a.string()));
  if (a.is_object()) {
    for (const JsonValue& member : a) require(a.find(member.name()) == &member);
  }
  if (!a.is_object() && !a.is_array()) return;
  auto other = b.begin();
  for (const JsonValue& child : a) compare(child, *other++);
}

// In a block of exactly the size that the contract asks for.
struct Padded {
  explicit Padded(ByteView text) : bytes(new std::uint8_t[text.size() + JsonDocument::kPadding]()), size(text.size()) {
    if (!text.empty()) std::memcpy(bytes.get(), text.data(), text.size());
  }
  ByteView view() const { return {bytes.get(), size}; }
  std::unique_ptr<std::uint8_t[]> bytes;
  std::size_t size;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static JsonDocument& first = *new JsonDocument;
  static JsonDocument& second = *new JsonDocument;
  const Result<const JsonValue*> root = first.parse(Padded({data, size}).view());
  if (root) {
    std::string text;
    JsonWriter writer(text);
    write(writer, **root);
    if (text.size() <= JsonLimits{}.max_bytes) {  // escapes may have made it longer
      const Result<const JsonValue*> again = second.parse(Padded(as_bytes(text)).view());
      require(again.has_value());
      compare(**root, **again);
    }
  }
  first.wipe();
  second.wipe();
  return 0;
}
