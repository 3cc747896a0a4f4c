#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "policy/policy.h"

namespace kagimori {

// A policy variable of version 2012-10-17: ${aws:username}, ${aws:PrincipalTag/team, 'none'} (IAM user guide, "Policy
// elements: variables and tags"). ${*}, ${?} and ${$} are no variables but quoted characters; see parse_placeholder.
struct PolicyVariable {
  std::string key;  // lower case
  std::optional<std::string> fallback;

  // The value for one request: the key's only value, else the default. Nothing when there is neither, and for a key
  // with several values: IAM does not expand those.
  std::optional<std::string_view> value(const ConditionSource& source) const;
};

// What stands between "${" and "}".
struct Placeholder {
  std::optional<PolicyVariable> variable;
  char quoted_character = 0;  // * ? or $, when there is no variable
};

// kValidation with a message in lower case: a variable that IAM does not know, or broken syntax.
Result<Placeholder> parse_placeholder(std::string_view inside);

// Whether the text has the form of a condition key: vendor:name, with something after "kms:EncryptionContext:" and the
// like. Case does not matter.
bool is_condition_key(std::string_view key);

}  // namespace kagimori
