#include "policy/decision.h"

#include <optional>

namespace kagimori {
namespace {

using Kind = PolicyOutcome::Kind;
using Reason = DecisionReason;

Decision allow(Reason reason) { return {true, reason}; }
Decision refuse(Reason reason) { return {false, reason}; }

// What keeps the identity side from allowing; nothing when it allows. A boundary and session policies only narrow.
std::optional<Reason> missing_limit(const DecisionInput& input) {
  if (input.has_boundary && input.boundary == Kind::kNoMatch) return Reason::kNoBoundaryAllow;
  if (input.has_session_policy && input.session_policy == Kind::kNoMatch) return Reason::kNoSessionPolicyAllow;
  return std::nullopt;
}
std::optional<Reason> missing_identity(const DecisionInput& input) {
  if (!input.caller_is_root && input.identity == Kind::kNoMatch) return Reason::kNoIdentityAllow;
  return missing_limit(input);
}

std::optional<Reason> explicit_deny(const DecisionInput& input) {
  if (!input.iam_only && input.key_policy == Kind::kDeny) return Reason::kDeniedByKeyPolicy;
  if (input.identity == Kind::kDeny) return Reason::kDeniedByIdentityPolicy;
  if (input.has_boundary && input.boundary == Kind::kDeny) return Reason::kDeniedByBoundary;
  if (input.has_session_policy && input.session_policy == Kind::kDeny) return Reason::kDeniedBySessionPolicy;
  return std::nullopt;
}

// Both sides must allow: the key's by its policy or a grant, the caller's by its identity policies.
Decision decide_across_accounts(const DecisionInput& input) {
  if (!input.cross_account_operation) return refuse(Reason::kNotAcrossAccounts);
  const bool by_policy = input.key_policy != Kind::kNoMatch;
  if (!by_policy && !input.grant_allows) return refuse(Reason::kNoResourceAllow);
  if (const auto missing = missing_identity(input)) return refuse(*missing);
  return allow(by_policy ? Reason::kAllowedByKeyAndIdentityPolicy : Reason::kAllowedByGrantAndIdentityPolicy);
}

// Within one account either side may be enough.
Decision decide_within_account(const DecisionInput& input) {
  const auto limit = missing_limit(input);
  const auto missing = missing_identity(input);
  if (input.key_policy == Kind::kAllowPrincipal) return allow(Reason::kAllowedByKeyPolicy);
  if (input.key_policy == Kind::kAllowBounded && !limit) return allow(Reason::kAllowedByKeyPolicy);
  if (input.key_policy == Kind::kAllowAccount && !missing) return allow(Reason::kAllowedByKeyAndIdentityPolicy);
  if (input.grant_allows && !(input.caller_is_role && limit)) return allow(Reason::kAllowedByGrant);
  if (input.key_policy == Kind::kAllowBounded) return refuse(*limit);
  if (input.key_policy == Kind::kAllowAccount) return refuse(*missing);
  return refuse(input.grant_allows ? *limit : Reason::kNoResourceAllow);
}

}  // namespace

Decision decide(const DecisionInput& input) {
  if (const auto denied = explicit_deny(input)) return refuse(*denied);
  if (!input.iam_only) return input.cross_account ? decide_across_accounts(input) : decide_within_account(input);
  if (input.cross_account && !input.cross_account_operation) return refuse(Reason::kNotAcrossAccounts);
  const auto missing = missing_identity(input);
  return missing ? refuse(*missing) : allow(Reason::kAllowedByIdentityPolicy);
}

std::string access_denied_message(DecisionReason reason, std::string_view caller_arn, std::string_view action,
                                  std::string_view resource) {
  std::string message = "User: " + std::string(caller_arn) + " is not authorized to perform: " + std::string(action);
  if (!resource.empty() && resource != "*") message += " on resource: " + std::string(resource);
  switch (reason) {
    case Reason::kDeniedByKeyPolicy:
      return message + " with an explicit deny in a resource-based policy";
    case Reason::kDeniedByIdentityPolicy:
      return message + " with an explicit deny in an identity-based policy";
    case Reason::kDeniedByBoundary:
      return message + " with an explicit deny in a permissions boundary";
    case Reason::kDeniedBySessionPolicy:
      return message + " with an explicit deny in a session policy";
    case Reason::kNoBoundaryAllow:
      return message + " because no permissions boundary allows the " + std::string(action) + " action";
    case Reason::kNoSessionPolicyAllow:
      return message + " because no session policy allows the " + std::string(action) + " action";
    case Reason::kNoIdentityAllow:
      return message + " because no identity-based policy allows the " + std::string(action) + " action";
    case Reason::kNoResourceAllow:
    case Reason::kNotAcrossAccounts:
      return message + " because no resource-based policy allows the " + std::string(action) + " action";
    case Reason::kTooCostly:
      return message + " because the policies that apply take too many steps to evaluate";
    case Reason::kAllowedByKeyPolicy:
    case Reason::kAllowedByKeyAndIdentityPolicy:
    case Reason::kAllowedByIdentityPolicy:
    case Reason::kAllowedByGrant:
    case Reason::kAllowedByGrantAndIdentityPolicy:
      break;
  }
  return message;
}

}  // namespace kagimori
