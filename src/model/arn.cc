#include "model/arn.h"

#include <fmt/format.h>

#include <algorithm>

#include "model/ids.h"

namespace kagimori {
namespace {

constexpr std::string_view kAliasPrefix = "alias/";
constexpr std::string_view kKeyPrefix = "key/";
constexpr std::string_view kMultiRegionPrefix = "mrk-";

tl::unexpected<Error> invalid_arn(std::string_view text) {
  return fail(ErrorCode::kInvalidArn, fmt::format("Invalid arn {}", text));
}
tl::unexpected<Error> invalid_key_id(std::string_view text) {
  return fail(ErrorCode::kNotFound, fmt::format("Invalid keyId '{}'", text));
}

bool is_lower_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

bool is_uuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : !is_lower_hex(text[i])) return false;
  }
  return true;
}

bool is_multi_region_id(std::string_view text) {
  if (text.size() != kMultiRegionPrefix.size() + 32 || !text.starts_with(kMultiRegionPrefix)) return false;
  return std::all_of(text.begin() + kMultiRegionPrefix.size(), text.end(), is_lower_hex);
}

bool names_an_alias(std::string_view text) {
  return text.starts_with(kAliasPrefix) && text.size() > kAliasPrefix.size();
}

Result<KeyReference> parse_key_arn(std::string_view text) {
  TRY_ASSIGN(const ArnView arn, parse_arn(text));
  if (arn.partition != kPartition || arn.service != "kms" || arn.region.empty() || !is_account_id(arn.account)) {
    return invalid_arn(text);
  }
  if (names_an_alias(arn.resource)) {
    return KeyReference{KeyReference::Form::kAliasArn, arn.region, arn.account, arn.resource};
  }
  if (!arn.resource.starts_with(kKeyPrefix)) return invalid_arn(text);
  const std::string_view id = arn.resource.substr(kKeyPrefix.size());
  if (!is_key_id(id)) return invalid_key_id(id);
  return KeyReference{KeyReference::Form::kKeyArn, arn.region, arn.account, id};
}

}  // namespace

Result<ArnView> parse_arn(std::string_view text) {
  std::string_view parts[5];  // all but the resource, which keeps its colons
  std::string_view rest = text;
  for (std::string_view& part : parts) {
    const std::size_t colon = rest.find(':');
    if (colon == std::string_view::npos) return invalid_arn(text);
    part = rest.substr(0, colon);
    rest.remove_prefix(colon + 1);
  }
  const ArnView arn{parts[1], parts[2], parts[3], parts[4], rest};
  if (parts[0] != "arn" || arn.partition.empty() || arn.service.empty() || arn.resource.empty()) {
    return invalid_arn(text);
  }
  return arn;
}

std::string key_arn(std::string_view region, std::string_view account, std::string_view key_id) {
  return fmt::format("arn:{}:kms:{}:{}:key/{}", kPartition, region, account, key_id);
}
std::string alias_arn(std::string_view region, std::string_view account, std::string_view alias_name) {
  return fmt::format("arn:{}:kms:{}:{}:{}", kPartition, region, account, alias_name);
}
std::string user_arn(std::string_view account, std::string_view path, std::string_view user_name) {
  return iam_arn(account, "user", path, user_name);
}
std::string iam_arn(std::string_view account, std::string_view type, std::string_view path, std::string_view name) {
  return fmt::format("arn:{}:iam::{}:{}{}{}", kPartition, account, type, path, name);
}
std::string assumed_role_arn(std::string_view account, std::string_view role_name, std::string_view session_name) {
  return fmt::format("arn:{}:sts::{}:assumed-role/{}/{}", kPartition, account, role_name, session_name);
}
std::string root_arn(std::string_view account) { return fmt::format("arn:{}:iam::{}:root", kPartition, account); }

bool is_key_id(std::string_view text) { return is_uuid(text) || is_multi_region_id(text); }

Result<KeyReference> parse_key_reference(std::string_view text) {
  if (text.starts_with("arn:")) return parse_key_arn(text);
  if (names_an_alias(text)) return KeyReference{KeyReference::Form::kAliasName, {}, {}, text};
  if (is_key_id(text)) return KeyReference{KeyReference::Form::kKeyId, {}, {}, text};
  return invalid_key_id(text);
}

}  // namespace kagimori
