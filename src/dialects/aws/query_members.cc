#include "dialects/aws/query_members.h"

#include <fmt/format.h>

#include <array>
#include <charconv>

#include "dialects/aws/json_members.h"
#include "engine/user_name.h"

namespace kagimori::aws {
namespace {

constexpr std::size_t kMaxTags = 200;      // read; how many are allowed is the engine's to say
constexpr std::size_t kMaxListed = 1'000;  // likewise of other lists

}  // namespace

QueryMembers::QueryMembers(const Form& form, std::string_view version) : form_(form) {
  const auto asked = form.get("Version");
  if (!asked || *asked == version) return;
  version_ =
      fail(ErrorCode::kUnknownOperation, fmt::format("Could not find operation {} for version {}. The version is {}.",
                                                     form.get("Action").value_or(""), asked->substr(0, 32), version));
}

std::string QueryMembers::text(std::string_view name, const TextConstraint& constraint) {
  const auto value = form_.get(name);
  validator_.text(lower_camel(name), value, constraint);
  return std::string(value.value_or(""));
}

std::optional<std::string> QueryMembers::optional_text(std::string_view name, const TextConstraint& constraint) {
  if (!form_.get(name)) return std::nullopt;
  return text(name, constraint);
}

std::string QueryMembers::required_text(std::string_view name, const TextConstraint& constraint) {
  validator_.require(lower_camel(name), form_.get(name).has_value());
  return text(name, constraint);
}

std::string QueryMembers::required_choice(std::string_view name, std::span<const std::string_view> values) {
  const auto value = form_.get(name);
  validator_.require(lower_camel(name), value.has_value());
  if (value) validator_.one_of(lower_camel(name), *value, values);
  return std::string(value.value_or(""));
}

std::string QueryMembers::choice(std::string_view name, std::span<const std::string_view> values) {
  return form_.get(name) ? required_choice(name, values) : std::string();
}

bool QueryMembers::flag(std::string_view name) {
  constexpr std::array<std::string_view, 2> kValues = {"true", "false"};
  return choice(name, kValues) == "true";
}

std::optional<std::int64_t> QueryMembers::number(std::string_view name, const NumberConstraint& constraint) {
  const auto text = form_.get(name);
  if (!text) return std::nullopt;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc() || end != text->data() + text->size()) {
    names_ = fail(ErrorCode::kValidation, fmt::format("The value of {} is not a number.", lower_camel(name)));
    return std::nullopt;
  }
  validator_.number(lower_camel(name), value, constraint);
  return value;
}

std::vector<std::string> QueryMembers::texts(std::string_view name, const TextConstraint& constraint) {
  std::vector<std::string> texts;
  while (texts.size() < kMaxListed) {
    const auto item = form_.get(fmt::format("{}.member.{}", name, texts.size() + 1));
    if (!item) break;
    validator_.text(member_path(lower_camel(name), texts.size()), item, constraint);
    texts.emplace_back(*item);
  }
  return texts;
}

std::string QueryMembers::path_prefix() {
  std::string prefix = text("PathPrefix", iam_member::kPath);
  if (!prefix.empty() && prefix.front() != '/' && names_) {
    names_ = fail(ErrorCode::kValidation,
                  "The specified value for pathPrefix is invalid. It must begin with / and contain only alphanumeric "
                  "characters and/or / characters.");
  }
  return prefix;
}

std::string QueryMembers::name(std::string_view name, const TextConstraint& constraint) {
  std::string value = text(name, constraint);
  if (!value.empty() && names_) names_ = check_iam_name(lower_camel(name), value);
  return value;
}

std::string QueryMembers::required_name(std::string_view member_name, const TextConstraint& constraint) {
  validator_.require(lower_camel(member_name), form_.get(member_name).has_value());
  return name(member_name, constraint);
}

std::size_t QueryMembers::max_items() {
  const std::int64_t value = number("MaxItems", iam_member::kMaxItems).value_or(0);
  return value > 0 ? static_cast<std::size_t>(value) : iam_member::kDefaultMaxItems;
}

std::optional<std::string> QueryMembers::marker() {
  if (!form_.get("Marker")) return std::nullopt;
  return text("Marker", iam_member::kMarker);
}

std::vector<Tag> QueryMembers::tags() {
  std::vector<Tag> tags;
  while (tags.size() < kMaxTags) {
    const std::string item = fmt::format("Tags.member.{}.", tags.size() + 1);
    const auto key = form_.get(item + "Key");
    const auto value = form_.get(item + "Value");
    if (!key && !value) break;
    const std::string key_path = member_path("tags", tags.size(), "key");
    const std::string value_path = member_path("tags", tags.size(), "value");
    validator_.require(key_path, key.has_value());
    validator_.require(value_path, value.has_value());
    validator_.text(key_path, key, iam_member::kTagKey);
    validator_.text(value_path, value, iam_member::kTagValue);
    tags.push_back({std::string(key.value_or("")), std::string(value.value_or(""))});
  }
  return tags;
}

Status QueryMembers::status() const {
  TRY(version_);
  TRY(validator_.status());
  return names_;
}

}  // namespace kagimori::aws
