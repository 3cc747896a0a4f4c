#include "dialects/aws/json_members.h"

#include <cmath>

#include "base/encoding.h"

namespace kagimori::aws {

std::string lower_camel(std::string_view name) {
  std::string path(name);
  if (!path.empty() && path[0] >= 'A' && path[0] <= 'Z') path[0] = static_cast<char>(path[0] + 32);
  return path;
}

namespace {

// From year 1 to 9999, as records hold times.
constexpr double kFirstSecond = -62'135'596'800.0;
constexpr double kEndSecond = 253'402'300'800.0;

// null counts as absent.
const JsonValue* present(const JsonValue& object, std::string_view name) {
  const JsonValue* const value = object.find(name);
  return value == nullptr || value->is_null() ? nullptr : value;
}

}  // namespace

std::string JsonMembers::path_of(std::string_view name) const { return prefix_ + lower_camel(name); }

void JsonMembers::wrong_type() { serialization_failed_ = true; }

const JsonValue* JsonMembers::find(std::string_view name) const { return present(body_, name); }

const JsonValue* JsonMembers::find(std::string_view name, JsonValue::Kind kind) {
  const JsonValue* const value = find(name);
  if (value == nullptr || value->kind() == kind) return value;
  wrong_type();
  return nullptr;
}

void JsonMembers::require(std::string_view name) { validator_.require(path_of(name), has(name)); }

std::optional<std::string_view> JsonMembers::text(std::string_view name, const TextConstraint& constraint) {
  const JsonValue* const value = find(name, JsonValue::Kind::kString);
  if (value == nullptr) return std::nullopt;
  validator_.text(path_of(name), value->string(), constraint);
  return value->string();
}

std::optional<std::string_view> JsonMembers::hidden_text(std::string_view name, const TextConstraint& constraint) {
  const JsonValue* const value = find(name, JsonValue::Kind::kString);
  if (value == nullptr) return std::nullopt;
  validator_.hidden_text(path_of(name), value->string(), constraint);
  return value->string();
}

std::string_view JsonMembers::required_text(std::string_view name, const TextConstraint& constraint) {
  require(name);
  return text(name, constraint).value_or(std::string_view());
}

std::optional<std::string_view> JsonMembers::enumeration(std::string_view name,
                                                         std::span<const std::string_view> values) {
  const JsonValue* const value = find(name, JsonValue::Kind::kString);
  if (value == nullptr) return std::nullopt;
  validator_.one_of(path_of(name), value->string(), values);
  return value->string();
}

std::optional<bool> JsonMembers::boolean(std::string_view name) {
  const JsonValue* const value = find(name, JsonValue::Kind::kBool);
  if (value == nullptr) return std::nullopt;
  return value->boolean();
}

std::optional<std::int64_t> JsonMembers::integer(std::string_view name, const NumberConstraint& constraint) {
  const JsonValue* const value = find(name, JsonValue::Kind::kInteger);
  if (value == nullptr) return std::nullopt;
  validator_.number(path_of(name), value->integer(), constraint);
  return value->integer();
}

std::optional<Timestamp> JsonMembers::timestamp(std::string_view name) {
  const JsonValue* const value = find(name);
  if (value == nullptr) return std::nullopt;
  const bool is_number = value->kind() == JsonValue::Kind::kInteger || value->kind() == JsonValue::Kind::kNumber;
  const double seconds = value->number();
  if (!is_number || !(seconds >= kFirstSecond && seconds < kEndSecond)) {
    wrong_type();
    return std::nullopt;
  }
  return Timestamp{std::llround(seconds * 1e6)};
}

template <typename T>
std::optional<T> JsonMembers::decoded(std::string_view name, const BlobConstraint& constraint,
                                      Result<T> (*decode)(std::string_view)) {
  const JsonValue* const value = find(name, JsonValue::Kind::kString);
  if (value == nullptr) return std::nullopt;
  Result<T> bytes = decode(value->string());
  if (!bytes) {
    wrong_type();
    return std::nullopt;
  }
  validator_.blob(path_of(name), bytes->size(), constraint);
  return *std::move(bytes);
}

std::optional<Bytes> JsonMembers::blob(std::string_view name, const BlobConstraint& constraint) {
  return decoded<Bytes>(name, constraint, base64_decode);
}

std::optional<SecretBytes> JsonMembers::secret_blob(std::string_view name, const BlobConstraint& constraint) {
  return decoded<SecretBytes>(name, constraint, base64_decode_secret);
}

EncryptionContext JsonMembers::context(std::string_view name) {
  EncryptionContext context;
  const JsonValue* const value = find(name, JsonValue::Kind::kObject);
  if (value == nullptr) return context;
  context.reserve(value->size());
  for (const JsonValue& member : *value) {
    if (!member.is_string()) {
      wrong_type();
      return context;
    }
    context.emplace_back(member.name(), member.string());
  }
  return context;
}

std::optional<std::vector<Tag>> JsonMembers::tags(std::string_view name) {
  const JsonValue* const value = find(name, JsonValue::Kind::kArray);
  if (value == nullptr) return std::nullopt;
  std::vector<Tag> tags;
  const std::string list = path_of(name);
  for (const JsonValue& item : *value) {
    const JsonValue* const key = item.is_object() ? present(item, "TagKey") : nullptr;
    const JsonValue* const text = item.is_object() ? present(item, "TagValue") : nullptr;
    if (!item.is_object() || (key != nullptr && !key->is_string()) || (text != nullptr && !text->is_string())) {
      wrong_type();
      return std::nullopt;
    }
    const std::string key_path = member_path(list, tags.size(), "tagKey");
    const std::string value_path = member_path(list, tags.size(), "tagValue");
    validator_.require(key_path, key != nullptr);
    validator_.require(value_path, text != nullptr);
    Tag tag{std::string(key == nullptr ? "" : key->string()), std::string(text == nullptr ? "" : text->string())};
    if (key != nullptr) validator_.text(key_path, tag.key, member::kTagKey);
    if (text != nullptr) validator_.text(value_path, tag.value, member::kTagValue);
    tags.push_back(std::move(tag));
  }
  return tags;
}

std::optional<std::vector<std::string>> JsonMembers::texts(std::string_view name, const TextConstraint& constraint,
                                                           const NumberConstraint* count) {
  const JsonValue* const value = find(name, JsonValue::Kind::kArray);
  if (value == nullptr) return std::nullopt;
  if (count != nullptr) validator_.count(path_of(name), value->size(), *count);
  std::vector<std::string> texts;
  for (const JsonValue& item : *value) {
    if (!item.is_string()) {
      wrong_type();
      return std::nullopt;
    }
    validator_.text(member_path(path_of(name), texts.size()), item.string(), constraint);
    texts.emplace_back(item.string());
  }
  return texts;
}

std::optional<std::vector<std::string_view>> JsonMembers::enumerations(std::string_view name,
                                                                       std::span<const std::string_view> values,
                                                                       const NumberConstraint* count) {
  const JsonValue* const value = find(name, JsonValue::Kind::kArray);
  if (value == nullptr) return std::nullopt;
  if (count != nullptr) validator_.count(path_of(name), value->size(), *count);
  std::vector<std::string_view> chosen;
  for (const JsonValue& item : *value) {
    if (!item.is_string()) {
      wrong_type();
      return std::nullopt;
    }
    validator_.one_of(member_path(path_of(name), chosen.size()), item.string(), values);
    chosen.push_back(item.string());
  }
  return chosen;
}

void JsonMembers::absorb(const JsonMembers& inner) {
  serialization_failed_ = serialization_failed_ || inner.serialization_failed_;
  validator_.absorb(inner.validator_);
}

std::size_t JsonMembers::limit(const service_limit::Page& page) {
  const std::int64_t asked = integer("Limit", member::kLimit).value_or(page.standard);
  return static_cast<std::size_t>(std::clamp<std::int64_t>(asked, 1, page.max));
}

Status JsonMembers::status() const {
  if (serialization_failed_) return fail(ErrorCode::kSerialization, "A member of the request has the wrong JSON type.");
  return validator_.status();
}

}  // namespace kagimori::aws
