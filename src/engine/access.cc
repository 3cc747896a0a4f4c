#include "engine/access.h"

#include <fmt/format.h>

#include <array>

#include "model/arn.h"
#include "model/key_spec.h"

namespace kagimori {
namespace {

bool equals_ignoring_case(std::string_view lower, std::string_view text) {
  if (lower.size() != text.size()) return false;
  for (std::size_t i = 0; i < lower.size(); ++i) {
    const char c = text[i];
    if (lower[i] != (c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c)) return false;
  }
  return true;
}

// Condition keys whose value is one text of the request; lower case, without "kms:".
struct TextFact {
  std::string_view name;
  std::string_view RequestFacts::* member;
};
constexpr std::array kTextFacts = {
    TextFact{"datakeypairspec", &RequestFacts::data_key_pair_spec},
    TextFact{"encryptionalgorithm", &RequestFacts::encryption_algorithm},
    TextFact{"expirationmodel", &RequestFacts::expiration_model},
    TextFact{"grantconstraintsourcearn", &RequestFacts::grant_constraint_source_arn},
    TextFact{"grantconstrainttype", &RequestFacts::grant_constraint_type},
    TextFact{"granteeprincipal", &RequestFacts::grantee_principal},
    TextFact{"granteeserviceprincipal", &RequestFacts::grantee_service_principal},
    TextFact{"keyagreementalgorithm", &RequestFacts::key_agreement_algorithm},
    TextFact{"macalgorithm", &RequestFacts::mac_algorithm},
    TextFact{"messagetype", &RequestFacts::message_type},
    TextFact{"primaryregion", &RequestFacts::primary_region},
    TextFact{"replicaregion", &RequestFacts::replica_region},
    TextFact{"requestalias", &RequestFacts::request_alias},
    TextFact{"retiringprincipal", &RequestFacts::retiring_principal},
    TextFact{"retiringserviceprincipal", &RequestFacts::retiring_service_principal},
    TextFact{"signingalgorithm", &RequestFacts::signing_algorithm},
    TextFact{"wrappingalgorithm", &RequestFacts::wrapping_algorithm},
    TextFact{"wrappingkeyspec", &RequestFacts::wrapping_key_spec},
};

// Answers the condition keys of one request. Values are views into the request, the caller or the key; what must be
// made up (numbers, dates) lives in `made_`, which evaluate() outlives by contract.
class Conditions final : public ConditionSource {
 public:
  Conditions(const Caller& caller, const AccessRequest& request) : caller_(caller), request_(request) {}

  // Whose policy asks from now on: some keys have a value for one kind only.
  void answer_for(PolicyKind kind) { kind_ = kind; }

  bool get(std::string_view name, ConditionValues& out) const override {
    if (name.starts_with("kms:")) return kms(name.substr(4), out);
    if (name.starts_with("aws:")) return global(name.substr(4), out);
    constexpr std::string_view kIamTag = "iam:resourcetag/";
    if (name.starts_with(kIamTag)) return find_tag(request_.facts.resource_tags, name.substr(kIamTag.size()), out);
    for (const ConditionFact& fact : request_.facts.extra) {
      if (fact.key == name) out.add(fact.value);
    }
    return !out.empty();
  }

 private:
  static bool add(ConditionValues& out, std::string_view value) {
    if (value.empty()) return false;
    out.add(value);
    return true;
  }
  static bool add_bool(ConditionValues& out, std::optional<bool> value) {
    if (!value) return false;
    out.add(*value ? "true" : "false");
    return true;
  }
  bool add_number(ConditionValues& out, std::optional<std::int64_t> value) const {
    if (!value) return false;
    return add(out, keep(fmt::format("{}", *value)));
  }
  std::string_view keep(std::string text) const {
    for (std::string& slot : made_) {
      if (slot.empty()) return slot = std::move(text);
      if (slot == text) return slot;
    }
    return {};
  }
  // Names that differ only in case are all of that name.
  bool find_tag(std::span<const Tag> tags, std::string_view lower_name, ConditionValues& out) const {
    spend(tags.size());
    for (const Tag& tag : tags) {
      if (equals_ignoring_case(lower_name, tag.key)) out.add(tag.value);
    }
    return !out.empty();
  }

  bool kms(std::string_view name, ConditionValues& out) const {
    const RequestFacts& facts = request_.facts;
    constexpr std::string_view kContext = "encryptioncontext:";
    if (name.starts_with(kContext)) {
      spend(facts.encryption_context.size());
      for (const auto& [key, value] : facts.encryption_context) {
        if (equals_ignoring_case(name.substr(kContext.size()), key)) out.add(value);
      }
      return !out.empty();
    }
    if (name == "encryptioncontextkeys") {
      for (const auto& pair : facts.encryption_context) out.add(pair.first);
      return !facts.encryption_context.empty();
    }
    constexpr std::string_view kAttestation = "recipientattestation:";
    if (name.starts_with(kAttestation)) {
      return facts.recipient != nullptr && add(out, facts.recipient->condition_value(name.substr(kAttestation.size())));
    }
    if (name == "calleraccount") return add(out, caller_.identity->account());
    for (const TextFact& fact : kTextFacts) {
      if (fact.name == name) return add(out, facts.*fact.member);
    }
    if (name == "grantoperations") {
      for (const std::string_view operation : facts.grant_operations) out.add(operation);
      return !facts.grant_operations.empty();
    }
    if (name == "grantisforawsresource") return add_bool(out, facts.grant_is_for_aws_resource);
    if (name == "trailingdayswithoutkeyusage") return add_number(out, facts.trailing_days_without_usage);
    if (name == "validto") return facts.valid_to && add(out, keep(to_iso8601(*facts.valid_to)));
    if (name == "bypasspolicylockoutsafetycheck") return add_bool(out, facts.bypass_policy_lockout_safety_check);
    if (name == "reencryptonsamekey") return add_bool(out, facts.reencrypt_on_same_key);
    if (name == "rotationperiodindays") return add_number(out, facts.rotation_period_days);
    if (name == "schedulekeydeletionpendingwindowindays") return add_number(out, facts.pending_window_days);
    return key_property(name, out);
  }

  bool key_property(std::string_view name, ConditionValues& out) const {
    const RequestFacts& facts = request_.facts;
    const Key* key = request_.key == nullptr ? nullptr : request_.key->key;
    if (name == "keyspec" || name == "customermasterkeyspec") {
      return add(out, key == nullptr ? facts.key_spec : aws_key_spec(key->type));
    }
    if (name == "keyusage" || name == "customermasterkeyusage") {
      return add(out, key == nullptr ? facts.key_usage : aws_key_usage(key->type));
    }
    if (name == "keyorigin") return add(out, key == nullptr ? facts.key_origin : aws_origin(key->origin));
    if (name == "multiregion") {
      return add_bool(out,
                      key == nullptr ? facts.multi_region : std::optional(key->replication != ReplicationRole::kNone));
    }
    if (name == "multiregionkeytype") {
      if (key == nullptr) return add(out, facts.multi_region_key_type);
      if (key->replication == ReplicationRole::kNone) return false;
      return add(out, key->replication == ReplicationRole::kPrimary ? "PRIMARY" : "REPLICA");
    }
    if (key == nullptr) return false;
    // Of IAM policies only: whoever may create aliases must not grant access by a key policy.
    if (name == "resourcealiases" && kind_ == PolicyKind::kIdentity) {
      for (const std::string& alias : request_.key->aliases) out.add(alias);
      return !request_.key->aliases.empty();
    }
    return false;
  }

  bool global(std::string_view name, ConditionValues& out) const {
    const IdentitySnapshot& who = *caller_.identity;
    constexpr std::string_view kRequestTag = "requesttag/";
    constexpr std::string_view kResourceTag = "resourcetag/";
    constexpr std::string_view kPrincipalTag = "principaltag/";
    if (name.starts_with(kRequestTag))
      return find_tag(request_.facts.request_tags, name.substr(kRequestTag.size()), out);
    if (name.starts_with(kResourceTag)) {
      const auto tags = request_.key == nullptr ? request_.facts.resource_tags : std::span(request_.key->key->tags);
      return find_tag(tags, name.substr(kResourceTag.size()), out);
    }
    if (name.starts_with(kPrincipalTag)) return find_tag(who.tags, name.substr(kPrincipalTag.size()), out);
    if (name == "tagkeys") {
      for (const Tag& tag : request_.facts.request_tags) out.add(tag.key);
      for (const std::string& key : request_.facts.request_tag_keys) out.add(key);
      return !out.empty();
    }
    if (name == "principalarn") return add(out, who.principal_arn());
    if (name == "principalaccount") return add(out, who.account());
    if (name == "principaltype") {
      return add(out, who.is_root() ? "Account" : who.is_role_session() ? "AssumedRole" : "User");
    }
    if (name == "principalisawsservice" || name == "viaawsservice") return add_bool(out, false);
    if (name == "userid") return add(out, who.user_id());
    if (name == "username") return add(out, who.user_name);
    if (who.session) {
      if (name == "sourceidentity") return add(out, who.session->record.source_identity);
      if (name == "tokenissuetime") return add(out, keep(to_iso8601(who.session->record.created)));
      if (name == "multifactorauthpresent") return add_bool(out, false);
    }
    if (name == "sourceip") return add(out, caller_.origin.source_address);
    if (name == "useragent") return add(out, caller_.origin.user_agent);
    if (name == "securetransport") return add_bool(out, !caller_.origin.tls_version.empty());
    if (name == "currenttime") return add(out, keep(to_iso8601(caller_.time)));
    if (name == "epochtime") return add(out, keep(fmt::format("{}", caller_.time.seconds())));
    if (name == "resourceaccount") {
      if (request_.trust != nullptr) return add(out, request_.trust->account);
      return add(out, request_.key == nullptr ? std::string_view(who.account()) : request_.key->key->account);
    }
    if (name == "requestedregion") return add(out, caller_.region);
    return false;
  }

  const Caller& caller_;
  const AccessRequest& request_;
  PolicyKind kind_ = PolicyKind::kKey;
  // Enough for every made-up value that one policy can ask for: current time, epoch time, issue time, two numbers.
  mutable std::array<std::string, 5> made_;
};

// Refusals that a grant may turn into a permission: nothing denies, but nothing allows either.
bool may_be_granted(DecisionReason reason) {
  return reason == DecisionReason::kNoIdentityAllow || reason == DecisionReason::kNoResourceAllow ||
         reason == DecisionReason::kNoBoundaryAllow || reason == DecisionReason::kNoSessionPolicyAllow;
}

// Whether grants let the caller do what its policies alone do not.
Result<bool> grants_allow(const IdentitySnapshot& who, const DecisionInput& input, GrantSource& grants) {
  using Kind = PolicyOutcome::Kind;
  const bool limited = (input.has_boundary && input.boundary == Kind::kNoMatch) ||
                       (input.has_session_policy && input.session_policy == Kind::kNoMatch);
  const bool identity_allows = !limited && (input.caller_is_root || input.identity != Kind::kNoMatch);
  if (input.cross_account && !identity_allows) return false;
  const GranteeIdentities identities = grantee_identities(who);
  for (const std::string& identity : identities.own) {
    TRY_ASSIGN(const bool allowed, grants.allows(identity));
    if (allowed) return true;
  }
  if (!identity_allows || who.is_root()) return false;
  return grants.allows(identities.account);
}

PolicyOutcome::Kind strongest(const std::vector<std::shared_ptr<const CompiledPolicy>>& policies,
                              const PolicyRequest& request) {
  PolicyOutcome::Kind kind = PolicyOutcome::Kind::kNoMatch;
  for (const auto& policy : policies) kind = std::max(kind, evaluate(*policy, request).kind);
  return kind;
}

Result<Decision> decide_access(const Caller& caller, const AccessRequest& request) {
  const IdentitySnapshot& who = *caller.identity;
  Conditions conditions(caller, request);
  const PolicyCaller policy_caller{who.arn, who.unique_id(), who.account(), who.is_root(), {}, who.is_role_session()};
  const PolicyRequest policy_request{policy_caller, request.action, request.resource, conditions};

  DecisionInput input;
  input.caller_is_root = who.is_root();
  input.iam_only = request.key == nullptr && request.trust == nullptr;
  input.cross_account_operation = request.cross_account_operation;
  if (request.key != nullptr) {
    input.cross_account = request.key->key->account != who.account();
    if (request.key->policy != nullptr) input.key_policy = evaluate(*request.key->policy, policy_request).kind;
    // Key policies are written for AWS's actions. Of the ones that AWS has not, the key's account decides with its
    // identity policies, unless the key policy says something.
    if (!input.cross_account && request.action.starts_with("kagimori:")) {
      input.key_policy = std::max(input.key_policy, PolicyOutcome::Kind::kAllowAccount);
    }
  } else if (request.trust != nullptr) {
    input.cross_account = request.trust->account != who.account();
    input.key_policy = evaluate(*request.trust->policy, policy_request).kind;
  }
  conditions.answer_for(PolicyKind::kIdentity);
  input.identity = strongest(who.policies, policy_request);
  input.caller_is_role = who.is_role_session();
  input.has_boundary = who.is_bounded;
  if (who.boundary != nullptr) input.boundary = evaluate(*who.boundary, policy_request).kind;
  input.has_session_policy = who.has_session_policy();
  input.session_policy = strongest(who.session_policies, policy_request);
  if (conditions.exhausted()) return Decision{false, DecisionReason::kTooCostly};
  const Decision decision = decide(input);
  if (request.grants == nullptr || !may_be_granted(decision.reason)) return decision;
  TRY_ASSIGN(input.grant_allows, grants_allow(who, input, *request.grants));
  return decide(input);
}

}  // namespace

GranteeIdentities grantee_identities(const IdentitySnapshot& who) {
  GranteeIdentities identities{{who.unique_id()}, who.account()};
  const auto arn = parse_arn(who.arn);
  if (arn && arn->service == "sts") {
    const bool federated = arn->resource.starts_with("federated-user/");
    const std::string_view name = arn->resource.substr(arn->resource.rfind('/') + 1);
    identities.own.push_back(fmt::format("{}:{}", federated ? who.account() : who.unique_id(), name));
  }
  return identities;
}

Status authorize(const Caller& caller, const AccessRequest& request) {
  TRY_ASSIGN(const Decision decision, decide_access(caller, request));
  if (decision.allowed) return {};
  const std::string_view shown = request.shown_resource.empty() ? request.resource : request.shown_resource;
  return fail(ErrorCode::kAccessDenied,
              access_denied_message(decision.reason, caller.identity->arn, request.action, shown));
}

bool would_allow(const Caller& caller, const AccessRequest& request) {
  const auto decision = decide_access(caller, request);
  return decision && decision->allowed;
}

}  // namespace kagimori
