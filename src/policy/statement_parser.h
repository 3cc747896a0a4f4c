#pragma once

#include <cstddef>

#include "base/result.h"
#include "policy/document.h"
#include "policy/json_tree.h"

namespace kagimori {

// One element of Statement. `variables`: the document's version knows policy variables. Errors as
// CompiledPolicy::compile.
Result<PolicyStatement> parse_policy_statement(const JsonNode& node, std::size_t index, PolicyKind kind,
                                               bool variables);

}  // namespace kagimori
