#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace kagimori {

// A value of a parsed document: read-only, owned by its JsonDocument, gone with the document's next parse or wipe.
// The tree lies in one array in the order of the text: the first child follows its parent, the next sibling follows the
// whole subtree. So a value can't be copied out of its document.
class JsonValue {
 public:
  enum class Kind : std::uint8_t { kNull, kBool, kInteger, kNumber, kString, kArray, kObject };

  // Walks the items of an array or the members of an object, in order.
  class Iterator {
   public:
    using value_type = JsonValue;
    using difference_type = std::ptrdiff_t;
    Iterator() = default;
    explicit Iterator(const JsonValue* at) : at_(at) {}
    const JsonValue& operator*() const { return *at_; }
    const JsonValue* operator->() const { return at_; }
    Iterator& operator++() {
      at_ += at_->nodes_;
      return *this;
    }
    Iterator operator++(int) {
      Iterator old = *this;
      ++*this;
      return old;
    }
    bool operator==(const Iterator&) const = default;

   private:
    const JsonValue* at_ = nullptr;
  };

  JsonValue() = default;
  JsonValue(JsonValue&&) noexcept = default;
  JsonValue& operator=(JsonValue&&) noexcept = default;

  Kind kind() const { return kind_; }
  bool is_null() const { return kind_ == Kind::kNull; }
  bool is_string() const { return kind_ == Kind::kString; }
  bool is_array() const { return kind_ == Kind::kArray; }
  bool is_object() const { return kind_ == Kind::kObject; }

  // The name of this member; empty for items of arrays and for the root. Valid UTF-8.
  std::string_view name() const { return name_; }
  // Each is meaningful for its own kind only, and zero or empty for the others.
  bool boolean() const { return kind_ == Kind::kBool && integer_ != 0; }
  std::int64_t integer() const { return kind_ == Kind::kInteger ? integer_ : 0; }
  // Of kNumber and of kInteger. A number is kInteger when it was written without fraction and exponent and fits int64.
  double number() const { return kind_ == Kind::kNumber ? number_ : static_cast<double>(integer()); }
  std::string_view string() const { return string_; }  // unescaped, valid UTF-8, may hold U+0000

  // Of arrays and objects; none for the others.
  Iterator begin() const { return Iterator(this + 1); }
  Iterator end() const { return Iterator(this + nodes_); }
  std::size_t size() const { return children_; }
  // The member of that name, or nullptr. Linear; for the small objects that requests are.
  const JsonValue* find(std::string_view name) const;

 private:
  friend class JsonDocument;

  std::string_view name_;
  std::string_view string_;
  union {
    std::int64_t integer_ = 0;
    double number_;
  };
  std::uint32_t nodes_ = 1;  // this one and everything below it
  std::uint32_t children_ = 0;
  Kind kind_ = Kind::kNull;
};

struct JsonLimits {
  std::size_t max_bytes = 1 << 20;
  std::size_t max_depth = 64;  // containers within one another
  std::size_t max_nodes = 32'768;
};

// A parser with its buffers: one a worker, reused, so that parsing allocates nothing once the buffers have grown.
class JsonDocument {
 public:
  // Bytes that must be readable (whatever they hold) behind the text.
  static constexpr std::size_t kPadding = 64;

  explicit JsonDocument(JsonLimits limits = {});
  ~JsonDocument();
  JsonDocument(const JsonDocument&) = delete;
  JsonDocument& operator=(const JsonDocument&) = delete;

  // Reads RFC 8259 text, strictly: UTF-8, no byte order mark, no duplicate members, nothing behind the value. `body`
  // must be followed by kPadding readable bytes and may go once this returns. The result lives until the next parse or
  // wipe. kSerialization otherwise; the sentence never holds a piece of the text.
  Result<const JsonValue*> parse(ByteView body);

  // Overwrites every copy of the text's strings. Call it after each request whose body may hold plaintext.
  void wipe();

 private:
  struct Parser;  // simdjson, kept out of this header

  bool has_duplicates(const JsonValue& object);

  std::unique_ptr<Parser> parser_;
  JsonLimits limits_;
  std::vector<JsonValue> nodes_;
  std::vector<std::string_view> names_;  // to find duplicates in large objects
};

}  // namespace kagimori
