#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "policy/condition.h"
#include "policy/fault.h"
#include "policy/policy.h"
#include "policy/principal.h"

namespace kagimori {

enum class PolicyEffect : std::uint8_t { kAllow, kDeny };

struct PolicyStatement {
  std::size_t index = 0;
  std::string sid;
  PolicyEffect effect = PolicyEffect::kDeny;
  bool not_principal = false;
  std::vector<Principal> principals;  // key policies only
  // Absent (not empty) where a key policy leaves the element out: then the statement has no effect.
  bool not_action = false;
  std::optional<std::vector<Pattern>> actions;
  bool not_resource = false;
  std::optional<std::vector<ArnPattern>> resources;
  std::vector<Condition> conditions;  // ANDed

  PolicyPlace place(PolicyKind kind) const { return {kind, index, sid}; }
};

// A policy whose text is right in every element; its principals are not yet bound.
struct PolicyDocument {
  std::vector<PolicyStatement> statements;
};

constexpr std::size_t kMaxPolicyStatements = 1000;

// IAM user guide, "Grammar of the IAM JSON policy language", with the rules of the kind. Errors as
// CompiledPolicy::compile.
Result<PolicyDocument> parse_policy_document(std::string_view text, PolicyKind kind);

}  // namespace kagimori
