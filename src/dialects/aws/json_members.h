#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/secret.h"
#include "engine/cryptographic.h"
#include "model/validation.h"
#include "protocol/json.h"

namespace kagimori::aws {

// Reads the members of one request body and checks them against AWS's model: a wrong JSON type is a
// SerializationException, a violated constraint a ValidationException that lists them all. null counts as absent,
// unknown members are ignored, as AWS does. Views are into the parsed body.
class JsonMembers {
 public:
  // `path`: of the structure inside the request, for validation errors, e.g. "recipient"; empty for the request itself.
  explicit JsonMembers(const JsonValue& body, std::string_view path = {})
      : body_(body), prefix_(path.empty() ? std::string() : std::string(path).append(".")) {}

  std::optional<std::string_view> text(std::string_view name, const TextConstraint& constraint);
  // As text, for what must not be repeated in an answer.
  std::optional<std::string_view> hidden_text(std::string_view name, const TextConstraint& constraint);
  std::string_view required_text(std::string_view name, const TextConstraint& constraint);
  std::optional<std::string_view> enumeration(std::string_view name, std::span<const std::string_view> values);
  std::optional<bool> boolean(std::string_view name);
  std::optional<std::int64_t> integer(std::string_view name, const NumberConstraint& constraint);
  // Seconds since 1970, with or without a fraction; times that no record can hold have the wrong type.
  std::optional<Timestamp> timestamp(std::string_view name);
  std::optional<Bytes> blob(std::string_view name, const BlobConstraint& constraint);
  // As blob, for what is sensitive; straight into secret memory.
  std::optional<SecretBytes> secret_blob(std::string_view name, const BlobConstraint& constraint);
  EncryptionContext context(std::string_view name);
  std::optional<std::vector<Tag>> tags(std::string_view name);
  std::optional<std::vector<std::string>> texts(std::string_view name, const TextConstraint& constraint,
                                                const NumberConstraint* count = nullptr);
  std::optional<std::vector<std::string_view>> enumerations(std::string_view name,
                                                            std::span<const std::string_view> values,
                                                            const NumberConstraint* count = nullptr);
  // A structure, whose members are read through a JsonMembers of its own; absorb() then adds what is wrong with them.
  const JsonValue* structure(std::string_view name) { return find(name, JsonValue::Kind::kObject); }
  void absorb(const JsonMembers& inner);
  // The page size: a list's own maximum clamps what the model allows.
  std::size_t limit(const service_limit::Page& page);
  void require(std::string_view name);
  bool has(std::string_view name) const { return find(name) != nullptr; }

  // kSerialization, else kValidation, else success.
  Status status() const;

 private:
  const JsonValue* find(std::string_view name) const;
  const JsonValue* find(std::string_view name, JsonValue::Kind kind);
  template <typename T>
  std::optional<T> decoded(std::string_view name, const BlobConstraint& constraint,
                           Result<T> (*decode)(std::string_view));
  std::string path_of(std::string_view name) const;
  void wrong_type();

  const JsonValue& body_;
  std::string prefix_;
  Validator validator_;
  bool serialization_failed_ = false;
};

// "KeyId" -> "keyId", as AWS spells members in validation errors.
std::string lower_camel(std::string_view name);

}  // namespace kagimori::aws
