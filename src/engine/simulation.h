#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/transaction.h"

namespace kagimori {

// What policies would say to requests that nobody makes (AWS IAM API reference: SimulatePrincipalPolicy,
// SimulateCustomPolicy). Condition keys have the values that the caller gives and no others.

struct SimulationRequest {
  std::string source_arn;               // of a user, role or group; empty: only the policies below
  std::vector<std::string> policies;    // added to the source's own
  std::vector<std::string> boundaries;  // instead of the source's own; at most one
  std::vector<std::string> actions;
  std::vector<std::string> resources;  // none: "*"
  std::string resource_policy;
  std::string resource_owner;  // root ARN or account id; empty: the caller's account
  std::string caller_arn;      // a user; needed with a resource policy unless the source is one
  std::vector<std::pair<std::string, std::vector<std::string>>> context;  // condition key -> values
  std::size_t limit = 0;
  std::optional<std::string_view> marker;
};

struct MatchedPolicy {
  std::string id;
  std::string_view type;  // "user", "role", "group", "aws-managed", "user-managed", "resource", "none"
};
struct SimulationResult {
  std::string action;
  std::string resource;
  std::string_view decision;  // "allowed", "explicitDeny", "implicitDeny"
  std::vector<MatchedPolicy> matched;
  std::vector<std::string> missing_keys;
  std::optional<bool> allowed_by_boundary;
};
struct SimulationPage {
  std::vector<SimulationResult> results;
  std::optional<std::string> next_marker;
};
// kNoSuchEntity for a source that is not there; kInvalidInput for policies or ARNs that are none; kPolicyEvaluation
// when a policy takes too many steps.
Result<SimulationPage> simulate(Transaction& transaction, const SimulationRequest& request);

}  // namespace kagimori
