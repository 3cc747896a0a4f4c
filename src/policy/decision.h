#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "policy/policy.h"

namespace kagimori {

// What is known of one permission check after each policy was evaluated by itself (IAM user guide, "Policy evaluation
// logic").
struct DecisionInput {
  PolicyOutcome::Kind key_policy = PolicyOutcome::Kind::kNoMatch;  // ignored where iam_only
  PolicyOutcome::Kind identity = PolicyOutcome::Kind::kNoMatch;    // the strongest of the caller's identity policies
  // Managed policies that bound what the identity policies give; without one the kind says nothing.
  bool has_boundary = false;
  PolicyOutcome::Kind boundary = PolicyOutcome::Kind::kNoMatch;
  bool has_session_policy = false;
  PolicyOutcome::Kind session_policy = PolicyOutcome::Kind::kNoMatch;  // the strongest of them
  bool caller_is_role = false;           // a role session: a grant to its role is limited as a policy that names it
  bool caller_is_root = false;           // the root user of an account: its identity side allows everything
  bool cross_account = false;            // the key's owner is another account than the caller's
  bool cross_account_operation = false;  // the operation is one of those that work across accounts
  bool iam_only = false;                 // no key policy takes part: CreateKey, ListKeys, an alias as resource, ...
  bool grant_allows = false;             // a live grant allows this operation to this caller
};

enum class DecisionReason : std::uint8_t {
  kAllowedByKeyPolicy,
  kAllowedByKeyAndIdentityPolicy,
  kAllowedByIdentityPolicy,
  kAllowedByGrant,
  kAllowedByGrantAndIdentityPolicy,
  kDeniedByKeyPolicy,       // explicit deny
  kDeniedByIdentityPolicy,  // explicit deny
  kDeniedByBoundary,        // explicit deny
  kDeniedBySessionPolicy,   // explicit deny
  kNoIdentityAllow,
  kNoBoundaryAllow,
  kNoSessionPolicyAllow,
  kNoResourceAllow,
  kNotAcrossAccounts,  // the operation works within the key's own account only
  kTooCostly,          // the policies ask for more matching than a request may cost
};

struct Decision {
  bool allowed = false;
  DecisionReason reason = DecisionReason::kNoResourceAllow;
};

// Combines the policies: an explicit deny anywhere wins; then a key policy that allows the caller, a grant, or a key
// policy that allows the account together with an identity policy; across accounts both sides. What identity policies
// give, and what a resource policy gives to a role or to everybody, counts only within the permissions boundary and the
// session policies; a resource policy that names the user or the session itself is not limited so. Pure.
Decision decide(const DecisionInput& input);

// AWS's sentence for a denied request: "User: <arn> is not authorized to perform: kms:Encrypt on resource: <arn>
// because
// ...". `resource` may be empty or "*" for operations without a resource.
std::string access_denied_message(DecisionReason reason, std::string_view caller_arn, std::string_view action,
                                  std::string_view resource);

}  // namespace kagimori
