#include "policy/decision.h"

namespace kagimori {
namespace {

using Kind = PolicyOutcome::Kind;
using Reason = DecisionReason;

Decision allow(Reason reason) { return {true, reason}; }
Decision refuse(Reason reason) { return {false, reason}; }

}  // namespace

Decision decide(const DecisionInput& input) {
  const Kind key_policy = input.iam_only ? Kind::kNoMatch : input.key_policy;
  if (key_policy == Kind::kDeny) return refuse(Reason::kDeniedByKeyPolicy);
  if (input.identity == Kind::kDeny) return refuse(Reason::kDeniedByIdentityPolicy);
  const bool identity_allows = input.caller_is_root || input.identity != Kind::kNoMatch;

  if (input.iam_only) {
    if (input.cross_account && !input.cross_account_operation) return refuse(Reason::kNotAcrossAccounts);
    return identity_allows ? allow(Reason::kAllowedByIdentityPolicy) : refuse(Reason::kNoIdentityAllow);
  }
  if (input.cross_account) {
    if (!input.cross_account_operation) return refuse(Reason::kNotAcrossAccounts);
    if (key_policy == Kind::kNoMatch && !input.grant_allows) return refuse(Reason::kNoResourceAllow);
    if (!identity_allows) return refuse(Reason::kNoIdentityAllow);
    return allow(key_policy != Kind::kNoMatch ? Reason::kAllowedByKeyAndIdentityPolicy
                                              : Reason::kAllowedByGrantAndIdentityPolicy);
  }
  if (key_policy == Kind::kAllowPrincipal) return allow(Reason::kAllowedByKeyPolicy);
  if (key_policy == Kind::kAllowAccount && identity_allows) return allow(Reason::kAllowedByKeyAndIdentityPolicy);
  if (input.grant_allows) return allow(Reason::kAllowedByGrant);
  return refuse(key_policy == Kind::kAllowAccount ? Reason::kNoIdentityAllow : Reason::kNoResourceAllow);
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
