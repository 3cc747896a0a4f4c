#pragma once

#include <vector>

#include "engine/access.h"
#include "model/grant.h"

namespace kagimori {

// What the operations on grants share. The views are into the constraints.

// The encryption context that condition keys see: the pairs that the constraints name.
std::vector<ContextPair> constrained_context(const GrantConstraints& constraints);
RequestFacts grant_facts(const GrantConstraints& constraints, std::span<const ContextPair> context);

// kInvalidGrantId for what can be no grant's id.
Status check_grant_id(std::string_view grant_id);
Error no_grant(std::string_view grant_id);  // kNotFound

}  // namespace kagimori
