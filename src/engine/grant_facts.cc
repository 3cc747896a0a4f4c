#include "engine/grant_facts.h"

#include <fmt/format.h>

namespace kagimori {

std::vector<ContextPair> constrained_context(const GrantConstraints& constraints) {
  std::vector<ContextPair> pairs;
  for (const auto* context : {&constraints.equals, &constraints.subset}) {
    if (!*context) continue;
    for (const auto& [name, value] : **context) pairs.emplace_back(name, value);
  }
  return pairs;
}

RequestFacts grant_facts(const GrantConstraints& constraints, std::span<const ContextPair> context) {
  RequestFacts facts;
  facts.encryption_context = context;
  facts.grant_constraint_source_arn = constraints.source_arn;
  if (constraints.equals) {
    facts.grant_constraint_type = "EncryptionContextEquals";
  } else if (constraints.subset) {
    facts.grant_constraint_type = "EncryptionContextSubset";
  } else if (!constraints.source_arn.empty()) {
    facts.grant_constraint_type = "SourceArn";
  }
  return facts;
}

Status check_grant_id(std::string_view grant_id) {
  if (is_grant_id(grant_id)) return {};
  return fail(ErrorCode::kInvalidGrantId, "A grant id has 64 hexadecimal digits in lower case.");
}

Error no_grant(std::string_view grant_id) {
  return {ErrorCode::kNotFound, fmt::format("Grant ID {} not found", grant_id)};
}

}  // namespace kagimori
