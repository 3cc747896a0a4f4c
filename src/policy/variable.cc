#include "policy/variable.h"

#include <algorithm>

#include "policy/ascii.h"

namespace kagimori {
namespace {

// Single-valued keys with vendors "aws" and "kms" (AWS global condition context keys), sorted.
constexpr std::array kVariableKeys = std::to_array<std::string_view>({
    "aws:assumedroot",
    "aws:currenttime",
    "aws:ec2instancesourceprivateipv4",
    "aws:ec2instancesourcevpc",
    "aws:epochtime",
    "aws:federatedprovider",
    "aws:multifactorauthage",
    "aws:multifactorauthpresent",
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalisawsservice",
    "aws:principalorgid",
    "aws:principalservicename",
    "aws:principaltype",
    "aws:referer",
    "aws:requestedregion",
    "aws:resourceaccount",
    "aws:resourceorgid",
    "aws:securetransport",
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceidentity",
    "aws:sourceip",
    "aws:sourceorgid",
    "aws:sourcevpc",
    "aws:sourcevpcarn",
    "aws:sourcevpce",
    "aws:tokenissuetime",
    "aws:useragent",
    "aws:userid",
    "aws:username",
    "aws:viaawsservice",
    "aws:vpceaccount",
    "aws:vpceorgid",
    "aws:vpcsourceip",
    "kms:bypasspolicylockoutsafetycheck",
    "kms:calleraccount",
    "kms:customermasterkeyspec",
    "kms:customermasterkeyusage",
    "kms:datakeypairspec",
    "kms:encryptionalgorithm",
    "kms:expirationmodel",
    "kms:grantconstraintsourcearn",
    "kms:grantconstrainttype",
    "kms:granteeprincipal",
    "kms:granteeserviceprincipal",
    "kms:grantisforawsresource",
    "kms:keyagreementalgorithm",
    "kms:keyorigin",
    "kms:keyspec",
    "kms:keyusage",
    "kms:macalgorithm",
    "kms:messagetype",
    "kms:multiregion",
    "kms:multiregionkeytype",
    "kms:primaryregion",
    "kms:reencryptonsamekey",
    "kms:replicaregion",
    "kms:requestalias",
    "kms:retiringprincipal",
    "kms:retiringserviceprincipal",
    "kms:rotationperiodindays",
    "kms:schedulekeydeletionpendingwindowindays",
    "kms:signingalgorithm",
    "kms:trailingdayswithoutkeyusage",
    "kms:validto",
    "kms:viaservice",
    "kms:wrappingalgorithm",
    "kms:wrappingkeyspec",
});
static_assert(std::is_sorted(kVariableKeys.begin(), kVariableKeys.end()));

// Families of keys: a name must follow.
constexpr std::array kKeyFamilies = std::to_array<std::string_view>({
    "aws:principaltag/",
    "aws:requesttag/",
    "aws:resourcetag/",
    "kms:encryptioncontext:",
    "kms:recipientattestation:",
});

bool is_family_key(std::string_view lower_key) {
  return std::any_of(kKeyFamilies.begin(), kKeyFamilies.end(), [&](std::string_view family) {
    return lower_key.starts_with(family) && lower_key.size() > family.size();
  });
}

bool is_bare_family(std::string_view lower_key) {
  return std::find(kKeyFamilies.begin(), kKeyFamilies.end(), lower_key) != kKeyFamilies.end();
}

bool is_known_variable(std::string_view lower_key) {
  if (!is_condition_key(lower_key)) return false;
  // Keys of other services never have a value here, but policies that people bring along may hold them.
  if (!lower_key.starts_with("aws:") && !lower_key.starts_with("kms:")) return true;
  return is_family_key(lower_key) || std::binary_search(kVariableKeys.begin(), kVariableKeys.end(), lower_key);
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

}  // namespace

std::optional<std::string_view> PolicyVariable::value(const ConditionSource& source) const {
  ConditionValues values;
  if (source.get(key, values) && !values.empty()) {
    if (values.size() == 1) return values[0];
    return std::nullopt;
  }
  if (fallback) return *fallback;
  return std::nullopt;
}

Result<Placeholder> parse_placeholder(std::string_view inside) {
  Placeholder placeholder;
  if (inside == "*" || inside == "?" || inside == "$") {
    placeholder.quoted_character = inside[0];
    return placeholder;
  }
  PolicyVariable variable;
  const std::size_t comma = inside.find(',');
  variable.key = ascii_lowered(trimmed(inside.substr(0, comma)));
  if (!is_known_variable(variable.key)) return fail(ErrorCode::kValidation, "there is no such policy variable");
  if (comma != std::string_view::npos) {
    const std::string_view text = trimmed(inside.substr(comma + 1));
    if (text.size() < 2 || text.front() != '\'' || text.back() != '\'') {
      return fail(ErrorCode::kValidation, "the default of a policy variable must stand in single quotes");
    }
    variable.fallback = std::string(text.substr(1, text.size() - 2));
  }
  placeholder.variable = std::move(variable);
  return placeholder;
}

bool is_condition_key(std::string_view key) {
  const std::size_t colon = key.find(':');
  if (colon == 0 || colon == std::string_view::npos || colon + 1 == key.size()) return false;
  const std::string_view vendor = key.substr(0, colon);
  const bool vendor_ok = std::all_of(vendor.begin(), vendor.end(),
                                     [](char c) { return is_ascii_alphanumeric(c) || c == '-' || c == '.'; });
  return vendor_ok && !is_bare_family(ascii_lowered(key));
}

}  // namespace kagimori
