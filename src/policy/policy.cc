#include "policy/policy.h"

#include <algorithm>
#include <set>

#include "policy/document.h"

namespace kagimori {

// What is left of a PolicyStatement once its principals are bound.
struct CompiledPolicy::Statement : PolicyStatement {
  PolicyKind kind = PolicyKind::kKey;
};

namespace {

using Kind = PolicyOutcome::Kind;

Status bind_principals(PolicyStatement& statement, PolicyKind kind, const PrincipalBindings& bindings) {
  for (Principal& principal : statement.principals) {
    if (!principal.needs_binding()) continue;
    const auto bound = bindings.find(principal.value);
    if (bound == bindings.end() || bound->second.empty()) {
      return malformed(statement.place(kind), policy_sentence::kInvalidPrincipal,
                       "there is no such user or role as " + quoted(principal.value));
    }
    principal.unique_id = bound->second;
  }
  return {};
}

bool action_matches(const PolicyStatement& statement, const PolicyRequest& request) {
  const bool listed = std::any_of(statement.actions->begin(), statement.actions->end(), [&](const Pattern& pattern) {
    return pattern.matches(request.action, request.conditions);
  });
  return listed != statement.not_action;
}

bool resource_matches(const PolicyStatement& statement, const PolicyRequest& request) {
  bool listed = false;
  for (const ArnPattern& pattern : *statement.resources) {
    const Pattern::Match match = pattern.match(request.resource, request.conditions);
    if (match == Pattern::Match::kYes) listed = true;
    // What NotResource leaves out can't be told: an Allow must not open it, a Deny must cover it.
    if (match == Pattern::Match::kUnresolved && statement.not_resource && statement.effect == PolicyEffect::kAllow) {
      return false;
    }
  }
  return listed != statement.not_resource;
}

// What it is worth to the caller to be spoken of so (IAM user guide, "Policy evaluation logic": implicit denies of
// boundaries and session policies against a resource policy that names a user, a role, or a session).
Kind worth(const Principal& principal, const PolicyCaller& caller) {
  if (principal.kind == Principal::Kind::kAccount) return Kind::kAllowAccount;
  if (principal.kind == Principal::Kind::kEveryone) return Kind::kAllowBounded;
  const bool names_role = caller.is_role && principal.kind != Principal::Kind::kSession;
  return names_role ? Kind::kAllowBounded : Kind::kAllowPrincipal;
}

// What an Allow by this statement is worth to the caller as far as its principals go; kNoMatch when they leave it out.
Kind principal_matches(const CompiledPolicy::Statement& statement, const PolicyCaller& caller) {
  if (statement.kind == PolicyKind::kIdentity) return Kind::kAllowPrincipal;
  if (statement.not_principal) {
    const bool exempt = std::any_of(statement.principals.begin(), statement.principals.end(),
                                    [&](const Principal& p) { return exempts_caller(p, caller); });
    return exempt ? Kind::kNoMatch : Kind::kAllowPrincipal;
  }
  Kind strongest = Kind::kNoMatch;
  for (const Principal& principal : statement.principals) {
    if (names_caller(principal, caller)) strongest = std::max(strongest, worth(principal, caller));
  }
  return strongest;
}

bool conditions_hold(const PolicyStatement& statement, const ConditionSource& source) {
  return std::all_of(statement.conditions.begin(), statement.conditions.end(), [&](const Condition& condition) {
    return condition.holds(source, statement.effect == PolicyEffect::kAllow);
  });
}

Kind apply(const CompiledPolicy::Statement& statement, const PolicyRequest& request) {
  const Kind allowed = principal_matches(statement, request.caller);
  if (allowed == Kind::kNoMatch) return allowed;
  if (!action_matches(statement, request) || !resource_matches(statement, request)) return Kind::kNoMatch;
  if (!conditions_hold(statement, request.conditions)) return Kind::kNoMatch;
  return statement.effect == PolicyEffect::kDeny ? Kind::kDeny : allowed;
}

}  // namespace

CompiledPolicy::CompiledPolicy(std::vector<Statement> statements) : statements_(std::move(statements)) {}
CompiledPolicy::~CompiledPolicy() = default;

Result<std::vector<std::string>> named_principals(std::string_view text, PolicyKind kind) {
  TRY_ASSIGN(const PolicyDocument document, parse_policy_document(text, kind));
  std::set<std::string> named;
  for (const PolicyStatement& statement : document.statements) {
    for (const Principal& principal : statement.principals) {
      if (principal.names_entity()) named.insert(principal.value);
    }
  }
  return std::vector<std::string>(named.begin(), named.end());
}

Result<std::shared_ptr<const CompiledPolicy>> CompiledPolicy::compile(std::string_view text, PolicyKind kind,
                                                                      const PrincipalBindings& bindings) {
  TRY_ASSIGN(PolicyDocument document, parse_policy_document(text, kind));
  for (PolicyStatement& parsed : document.statements) TRY(bind_principals(parsed, kind, bindings));
  std::vector<Statement> statements;
  for (const PolicyEffect effect : {PolicyEffect::kDeny, PolicyEffect::kAllow}) {
    for (PolicyStatement& parsed : document.statements) {
      // Without Action or Resource a statement is stored, but has no effect.
      if (parsed.effect != effect || !parsed.actions || !parsed.resources) continue;
      statements.push_back(Statement{std::move(parsed), kind});
    }
  }
  return std::make_shared<const CompiledPolicy>(std::move(statements));
}

void ConditionValues::add(std::string_view value) {
  if (size_ < kInline) {
    inline_[size_] = value;
  } else {
    spilled_.push_back(value);
  }
  ++size_;
}

void ConditionValues::clear() {
  spilled_.clear();
  size_ = 0;
}

PolicyOutcome evaluate(const CompiledPolicy& policy, const PolicyRequest& request) {
  PolicyOutcome outcome;
  for (const CompiledPolicy::Statement& statement : policy.statements()) {
    const Kind kind = apply(statement, request);
    if (kind <= outcome.kind) continue;
    outcome = PolicyOutcome{kind, statement.index, statement.sid};
    if (kind >= Kind::kAllowPrincipal) break;  // denials come first, so nothing stronger follows
  }
  return outcome;
}

}  // namespace kagimori
