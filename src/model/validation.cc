#include "model/validation.h"

#include <fmt/format.h>

#include <algorithm>

namespace kagimori {
namespace {

// More than anybody wants to read, and an end to what a hostile request can make the answer grow to.
constexpr std::size_t kMaxFailures = 100;
constexpr std::size_t kMaxShownBytes = 16384;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_alphanumeric(char c) { return is_digit(c) || is_lower(c) || (c >= 'A' && c <= 'Z'); }
bool is_continuation(char c) { return (static_cast<std::uint8_t>(c) & 0xc0) == 0x80; }

// Text of one or more characters that are all alphanumeric or in `others`.
bool is_made_of(std::string_view text, std::string_view others) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return is_alphanumeric(c) || others.find(c) != std::string_view::npos;
  });
}

// Whether no character is beyond U+00FF, and those below U+0020 are in `controls`. U+0080 to U+00FF are two bytes that
// begin with C2 or C3.
bool is_latin1(std::string_view text, std::string_view controls) {
  return std::all_of(text.begin(), text.end(), [&](char c) {
    const auto byte = static_cast<std::uint8_t>(c);
    if (byte < 0x20) return controls.find(c) != std::string_view::npos;
    return byte < 0x80 || is_continuation(c) || byte == 0xc2 || byte == 0xc3;
  });
}

std::size_t characters(std::string_view text) {
  return text.size() - static_cast<std::size_t>(std::count_if(text.begin(), text.end(), is_continuation));
}

// The value, cut between characters if it is very long.
std::string_view shown_part(std::string_view value) {
  if (value.size() <= kMaxShownBytes) return value;
  std::size_t end = kMaxShownBytes;
  while (end > 0 && is_continuation(value[end])) --end;
  return value.substr(0, end);
}

}  // namespace

bool matches_alias_name(std::string_view text) { return is_made_of(text, ":/_-"); }
bool matches_policy_text(std::string_view text) { return !text.empty() && is_latin1(text, "\t\n\r"); }
bool matches_word(std::string_view text) { return is_made_of(text, "_"); }
bool matches_marker(std::string_view text) { return is_latin1(text, ""); }
bool matches_xks_key_id(std::string_view text) { return is_made_of(text, "-_."); }
bool matches_cluster_id(std::string_view text) {
  constexpr std::string_view kPrefix = "cluster-";
  if (!text.starts_with(kPrefix)) return false;
  text.remove_prefix(kPrefix.size());
  return text.size() >= 11 && text.size() <= 16 && is_made_of(text, "") &&
         text.find_first_of("0189") == std::string_view::npos;
}
bool matches_principal_id(std::string_view text) { return is_made_of(text, "_+=,.@:/-"); }

bool matches_service_principal(std::string_view text) {
  int labels = 1;
  for (std::size_t dot = text.find('.'); dot != std::string_view::npos; dot = text.find('.')) {
    if (!is_made_of(text.substr(0, dot), "-")) return false;
    text.remove_prefix(dot + 1);
    ++labels;
  }
  return labels >= 3 && is_made_of(text, "-");
}

bool matches_xks_uri_endpoint(std::string_view text) {
  constexpr std::string_view kScheme = "https://";
  return text.starts_with(kScheme) && is_made_of(text.substr(kScheme.size()), ".-");
}

bool matches_xks_uri_path(std::string_view text) {
  constexpr std::string_view kEnd = "/kms/xks/v";
  const std::size_t end = text.rfind(kEnd);
  if (end == std::string_view::npos) return false;
  const std::string_view digits = text.substr(end + kEnd.size());
  const std::string_view prefix = text.substr(0, end);
  return (digits.size() == 1 || digits.size() == 2) && std::all_of(digits.begin(), digits.end(), is_digit) &&
         (prefix.empty() || (prefix.size() > 1 && prefix[0] == '/' && is_made_of(prefix, "/_-")));
}

bool matches_vpc_service_name(std::string_view text) {
  constexpr std::string_view kBegin = ".amazonaws.vpce.";
  constexpr std::string_view kService = ".vpce-svc-";
  const std::size_t begin = text.find('.');
  const std::size_t service = text.find(kService);
  if (begin == std::string_view::npos || service == std::string_view::npos) return false;
  const std::string_view root = text.substr(0, begin);
  if ((root != "com" && root != "eu") || !text.substr(begin).starts_with(kBegin)) return false;
  const std::size_t region = begin + kBegin.size();
  const std::string_view id = text.substr(service + kService.size());
  return service > region && matches_region(text.substr(region, service - region)) && !id.empty() &&
         std::all_of(id.begin(), id.end(), [](char c) { return is_digit(c) || is_lower(c); });
}

bool matches_account_id(std::string_view text) {
  return text.size() == 12 && std::all_of(text.begin(), text.end(), is_digit);
}

bool matches_base32(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '2' && c <= '7'); });
}

bool matches_base64(std::string_view text) { return is_made_of(text, "/+="); }

bool matches_source_arn(std::string_view text) {
  // From the second on: the partition after "aws", service, region and account.
  const auto part = [&text]() {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) return std::string_view(":");
    const std::string_view found = text.substr(0, colon);
    text.remove_prefix(colon + 1);
    return found;
  };
  const auto is_word = [](std::string_view word) {
    return std::all_of(word.begin(), word.end(), [](char c) { return is_digit(c) || is_lower(c) || c == '-'; });
  };
  if (part() != "arn") return false;
  const std::string_view partition = part();
  const std::string_view service = part();
  const std::string_view region = part();
  const std::string_view account = part();
  return partition.starts_with("aws") && is_word(partition) && !service.empty() && is_word(service) &&
         is_word(region) && account.size() == 12 && std::all_of(account.begin(), account.end(), is_digit) &&
         !text.empty() && text.find_first_of("\r\n") == std::string_view::npos;
}

bool matches_material_description(std::string_view text) { return is_made_of(text, ":/_.- \t\n\v\f\r"); }
bool matches_material_id(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); });
}

bool matches_region(std::string_view text) {
  int words = 0;
  while (!text.empty() && is_lower(text[0])) {
    const std::size_t dash = text.find('-');
    if (dash == std::string_view::npos) return false;
    if (!std::all_of(text.begin(), text.begin() + dash, is_lower)) return false;
    text.remove_prefix(dash + 1);
    ++words;
  }
  return (words == 2 || words == 3) && !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

void Validator::require(std::string_view path, bool present) {
  if (present) return;
  if (++failures_ > kMaxFailures) return;
  if (!text_.empty()) text_ += "; ";
  text_ += fmt::format("Value null at '{}' failed to satisfy constraint: Member must not be null", path);
}

void Validator::text(std::string_view path, std::optional<std::string_view> value, const TextConstraint& constraint) {
  if (value) check_text(path, *value, constraint, true);
}
void Validator::hidden_text(std::string_view path, std::optional<std::string_view> value,
                            const TextConstraint& constraint) {
  if (value) check_text(path, *value, constraint, false);
}

void Validator::blob(std::string_view path, std::size_t size, const BlobConstraint& constraint) {
  check_size(path, std::nullopt, size, constraint.min_size, constraint.max_size);
}

void Validator::number(std::string_view path, std::int64_t value, const NumberConstraint& constraint) {
  const std::string shown = std::to_string(value);
  if (value < constraint.min) {
    add(path, shown, fmt::format("Member must have value greater than or equal to {}", constraint.min));
  }
  if (value > constraint.max) {
    add(path, shown, fmt::format("Member must have value less than or equal to {}", constraint.max));
  }
}

void Validator::count(std::string_view path, std::size_t size, const NumberConstraint& constraint) {
  check_size(path, std::nullopt, size, static_cast<std::size_t>(constraint.min),
             static_cast<std::size_t>(constraint.max));
}

void Validator::one_of(std::string_view path, std::string_view value, std::span<const std::string_view> values) {
  if (std::find(values.begin(), values.end(), value) != values.end()) return;
  add(path, value, fmt::format("Member must satisfy enum value set: [{}]", fmt::join(values, ", ")));
}

void Validator::absorb(const Validator& other) {
  if (!text_.empty() && !other.text_.empty()) text_ += "; ";
  text_ += other.text_;
  failures_ += other.failures_;
}

Status Validator::status() const {
  if (ok()) return {};
  return fail(ErrorCode::kValidation,
              fmt::format("{} validation error{} detected: {}", failures_, failures_ == 1 ? "" : "s", text_));
}

void Validator::add(std::string_view path, std::optional<std::string_view> shown, std::string_view constraint) {
  if (++failures_ > kMaxFailures) return;
  if (!text_.empty()) text_ += "; ";
  if (shown) {
    text_ += fmt::format("Value '{}' at '{}' failed to satisfy constraint: {}", shown_part(*shown), path, constraint);
  } else {
    text_ += fmt::format("Value at '{}' failed to satisfy constraint: {}", path, constraint);
  }
}

void Validator::check_text(std::string_view path, std::string_view value, const TextConstraint& constraint,
                           bool shown) {
  const std::optional<std::string_view> echo = shown ? std::optional(value) : std::nullopt;
  check_size(path, echo, characters(value), constraint.min_length, constraint.max_length);
  if (constraint.matches != nullptr && !constraint.matches(value)) {
    add(path, echo, fmt::format("Member must satisfy regular expression pattern: {}", constraint.pattern));
  }
}

void Validator::check_size(std::string_view path, std::optional<std::string_view> shown, std::size_t size,
                           std::size_t min, std::size_t max) {
  if (size < min) add(path, shown, fmt::format("Member must have length greater than or equal to {}", min));
  if (size > max) add(path, shown, fmt::format("Member must have length less than or equal to {}", max));
}

std::string member_path(std::string_view list, std::size_t index, std::string_view member) {
  if (member.empty()) return fmt::format("{}.{}.member", list, index + 1);
  return fmt::format("{}.{}.member.{}", list, index + 1, member);
}

}  // namespace kagimori
