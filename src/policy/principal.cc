#include "policy/principal.h"

#include <algorithm>

#include "policy/arn.h"
#include "policy/ascii.h"

namespace kagimori {
namespace {

using Kind = Principal::Kind;

template <typename Predicate>
bool consists_of(std::string_view text, Predicate allowed) {
  return !text.empty() && std::all_of(text.begin(), text.end(), allowed);
}

bool is_name_character(char c) {
  return is_ascii_alphanumeric(c) || std::string_view("_+=,.@-").find(c) != std::string_view::npos;
}

// Names of users and roles: an optional path of printable characters, then the name.
bool is_path_and_name(std::string_view text) {
  const std::size_t slash = text.rfind('/');
  if (slash != std::string_view::npos) {
    const std::string_view path = text.substr(0, slash);
    if (!consists_of(path, [](char c) { return c > ' ' && c <= '~' && c != '*' && c != '?'; })) return false;
    text.remove_prefix(slash + 1);
  }
  return consists_of(text, is_name_character);
}

bool is_session_resource(std::string_view resource) {
  constexpr std::string_view kFederated = "federated-user/";
  constexpr std::string_view kAssumed = "assumed-role/";
  if (resource.starts_with(kFederated)) return consists_of(resource.substr(kFederated.size()), is_name_character);
  if (!resource.starts_with(kAssumed)) return false;
  resource.remove_prefix(kAssumed.size());
  const std::size_t slash = resource.find('/');
  return slash != std::string_view::npos && consists_of(resource.substr(0, slash), is_name_character) &&
         consists_of(resource.substr(slash + 1), is_name_character);
}

bool is_unique_id(std::string_view text) {
  if (!text.starts_with("AIDA") && !text.starts_with("AROA")) return false;
  return text.size() >= 16 && text.size() <= 128 &&
         consists_of(text, [](char c) { return is_ascii_digit(c) || (c >= 'A' && c <= 'Z'); });
}

bool is_host_name(std::string_view text) {
  return text.find('.') != std::string_view::npos && text.front() != '.' && text.back() != '.' &&
         consists_of(text, [](char c) { return is_ascii_alphanumeric(c) || c == '-' || c == '.'; });
}

std::optional<Principal> make(Kind kind, std::string_view value) {
  Principal principal;
  principal.kind = kind;
  principal.value = value;
  return principal;
}

std::optional<Principal> parse_arn_principal(std::string_view value) {
  const auto parts = split_arn(value);
  if (!parts) return std::nullopt;
  const auto& [tag, partition, service, region, account, resource] = *parts;
  if (!is_partition(partition) || !region.empty() || !is_account_number(account)) return std::nullopt;
  if (service == "iam" && resource == "root") return make(Kind::kAccount, account);
  if (service == "iam" && (resource.starts_with("user/") || resource.starts_with("role/"))) {
    return is_path_and_name(resource.substr(5)) ? make(Kind::kEntity, value) : std::nullopt;
  }
  if (service == "sts" && is_session_resource(resource)) return make(Kind::kSession, value);
  return std::nullopt;
}

std::optional<Principal> parse_aws_principal(std::string_view value) {
  if (value == "*") return make(Kind::kEveryone, value);
  if (is_account_number(value)) {
    auto principal = make(Kind::kAccount, value);
    principal->bare = true;
    return principal;
  }
  if (is_unique_id(value)) return make(Kind::kUniqueId, value);
  return parse_arn_principal(value);
}

std::optional<Principal> parse_federated_principal(std::string_view value) {
  if (is_host_name(value)) return make(Kind::kFederated, value);
  const auto parts = split_arn(value);
  if (!parts || !is_partition((*parts)[kArnPartition]) || (*parts)[kArnService] != "iam") return std::nullopt;
  if (!(*parts)[kArnRegion].empty() || !is_account_number((*parts)[kArnAccount])) return std::nullopt;
  const std::string_view resource = (*parts)[kArnResource];
  for (const std::string_view type : {"saml-provider/", "oidc-provider/"}) {
    if (resource.starts_with(type) && is_path_and_name(resource.substr(type.size()))) {
      return make(Kind::kFederated, value);
    }
  }
  return std::nullopt;
}

bool is_canonical_user(std::string_view value) {
  return value.size() == 64 && consists_of(value, [](char c) { return is_ascii_digit(c) || (c >= 'a' && c <= 'f'); });
}

// Equal and not empty: an absent identity never equals an absent principal.
bool same(std::string_view a, std::string_view b) { return !a.empty() && a == b; }

bool is_caller_itself(const Principal& principal, const PolicyCaller& caller) {
  switch (principal.kind) {
    case Kind::kEveryone:
      return true;
    case Kind::kEntity:
      return same(principal.unique_id, caller.unique_id);
    case Kind::kSession:
      return same(principal.unique_id, caller.unique_id) && same(principal.value, caller.arn);
    case Kind::kUniqueId:
      return same(principal.value, caller.unique_id);
    case Kind::kService:
      return same(principal.value, caller.service);
    case Kind::kAccount:
    case Kind::kFederated:
    case Kind::kCanonicalUser:
      return false;
  }
  return false;
}

}  // namespace

std::optional<Principal> parse_principal(std::string_view type, std::string_view value) {
  if (value.empty()) return std::nullopt;
  if (type == "AWS") return parse_aws_principal(value);
  if (type == "Service") return is_host_name(value) ? make(Kind::kService, value) : std::nullopt;
  if (type == "Federated") return parse_federated_principal(value);
  if (type == "CanonicalUser") return is_canonical_user(value) ? make(Kind::kCanonicalUser, value) : std::nullopt;
  return std::nullopt;
}

bool names_caller(const Principal& principal, const PolicyCaller& caller) {
  if (principal.kind == Kind::kAccount) return same(principal.value, caller.account);
  return is_caller_itself(principal, caller);
}

bool exempts_caller(const Principal& principal, const PolicyCaller& caller) {
  if (principal.kind == Kind::kAccount) return caller.is_root && same(principal.value, caller.account);
  return is_caller_itself(principal, caller);
}

}  // namespace kagimori
