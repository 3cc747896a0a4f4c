#include "engine/assume_role.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/iam_record.h"
#include "engine/managed_policies.h"
#include "engine/principals.h"
#include "engine/roles.h"
#include "engine/tags.h"
#include "model/arn.h"

namespace kagimori {
namespace {

constexpr std::int64_t kChainedSeconds = 3'600;
constexpr std::size_t kMaxSessionPolicy = 2'048;  // characters
constexpr std::size_t kMaxPolicyArns = 10;
constexpr std::size_t kMaxSessionTags = 50;

bool holds_key(const std::vector<std::string>& keys, std::string_view key) {
  return std::ranges::any_of(keys, [lower = lower_case(key)](const std::string& k) { return lower_case(k) == lower; });
}

// What the caller's own session hands on: its transitive tags, and who it is in truth.
struct Inherited {
  std::vector<Tag> tags;
  std::vector<std::string> keys;
  std::string source_identity;
};
Inherited inherited_by(const IdentitySnapshot& who) {
  Inherited inherited;
  if (!who.is_role_session()) return inherited;
  const Session& session = who.session->record;
  inherited.keys = session.transitive_tag_keys;
  inherited.source_identity = session.source_identity;
  for (const Tag& tag : session.tags) {
    if (holds_key(inherited.keys, tag.key)) inherited.tags.push_back(tag);
  }
  return inherited;
}

Status check_session_tags(const AssumeRoleRequest& request, const Inherited& inherited) {
  TRY(check_tags(request.tags, kMaxSessionTags));
  std::vector<std::string> keys;
  for (const Tag& tag : request.tags) {
    if (holds_key(keys, tag.key)) return fail(ErrorCode::kTag, "Duplicate tag keys");
    if (holds_key(inherited.keys, tag.key)) {
      return fail(ErrorCode::kTag,
                  fmt::format("The tag {} is transitive in the calling session and can't be set anew.", tag.key));
    }
    keys.push_back(tag.key);
  }
  for (const std::string& key : request.transitive_tag_keys) {
    if (holds_key(keys, key) || holds_key(inherited.keys, key)) continue;
    return fail(ErrorCode::kTag, fmt::format("The transitive tag key {} is none of the session's tags.", key));
  }
  return {};
}

Status check_session_policies(Transaction& transaction, const AssumeRoleRequest& request, std::string_view account) {
  if (!request.policy.empty()) TRY(CompiledPolicy::compile(request.policy, PolicyKind::kIdentity, {}));
  if (request.policy.size() > kMaxSessionPolicy) {
    return fail(ErrorCode::kPackedPolicyTooLarge,
                fmt::format("The session policy has {} characters; at most {} are allowed.", request.policy.size(),
                            kMaxSessionPolicy));
  }
  if (request.policy_arns.size() > kMaxPolicyArns) {
    return fail(ErrorCode::kValidation, fmt::format("At most {} session policy ARNs are allowed.", kMaxPolicyArns));
  }
  for (const std::string& arn : request.policy_arns) {
    TRY_ASSIGN(const auto policy, policy_by_arn(transaction, account, arn));
    if (!policy) return fail(ErrorCode::kValidation, fmt::format("The session policy {} does not exist.", arn));
  }
  return {};
}

Status check_duration(std::int64_t seconds, const Role& role, bool chained) {
  if (chained && seconds > kChainedSeconds) {
    return fail(ErrorCode::kValidation,
                "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining");
  }
  if (seconds > role.max_session_seconds) {
    return fail(ErrorCode::kValidation,
                "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.");
  }
  return {};
}

// Asks the trust policy and the caller's policies about one action after the other.
class Gate {
 public:
  Gate(Transaction& transaction, const AssumeRoleRequest& request, const Inherited& inherited)
      : transaction_(transaction), request_(request), tags_(request.tags) {
    tags_.insert(tags_.end(), inherited.tags.begin(), inherited.tags.end());
    facts_.request_tags = tags_;
    extra_.push_back({"sts:rolesessionname", request.session_name});
    if (request.external_id) extra_.push_back({"sts:externalid", *request.external_id});
    const std::string_view identity =
        inherited.source_identity.empty() ? request.source_identity : inherited.source_identity;
    if (!identity.empty()) extra_.push_back({"sts:sourceidentity", identity});
    for (const std::string& key : request.transitive_tag_keys) extra_.push_back({"sts:transitivetagkeys", key});
    for (const std::string& key : inherited.keys) extra_.push_back({"sts:transitivetagkeys", key});
    actions_.emplace_back("sts:AssumeRole");
    if (!tags_.empty()) actions_.emplace_back("sts:TagSession");
    if (!identity.empty()) actions_.emplace_back("sts:SetSourceIdentity");
  }

  // A role of another account that is not there, and one that does not trust the caller, look the same.
  Status ask(const std::optional<Role>& role, std::string_view account) {
    const bool foreign = account != transaction_.account();
    if (!role) return refused(foreign);
    TRY_ASSIGN(const auto policy, compile_trust_policy(*role));
    const TrustTarget target{policy.get(), account};
    RequestFacts facts = facts_;
    facts.extra = extra_;
    facts.resource_tags = role->tags;
    for (const std::string_view action : actions_) {
      AccessRequest request{action, request_.role_arn, nullptr, true, facts};
      request.trust = &target;
      Status allowed = transaction_.authorize(request);
      if (!allowed && foreign) return refused(true);
      TRY(allowed);
    }
    return {};
  }

 private:
  Status refused(bool foreign) const {
    const std::string message = access_denied_message(
        DecisionReason::kNoResourceAllow, transaction_.caller().identity->arn, "sts:AssumeRole", request_.role_arn);
    return fail(ErrorCode::kAccessDenied, foreign ? message.substr(0, message.find(" because ")) : message);
  }

  Transaction& transaction_;
  const AssumeRoleRequest& request_;
  std::vector<Tag> tags_;
  RequestFacts facts_;
  std::vector<ConditionFact> extra_;
  std::vector<std::string_view> actions_;
};

// nullopt for a role that is not there; kValidation for what is no ARN of one.
Result<std::optional<Role>> find_role(Transaction& transaction, const AssumeRoleRequest& request,
                                      std::string& account) {
  const auto arn = parse_arn(request.role_arn);
  if (!arn || arn->partition != kPartition || arn->service != "iam" || !is_account_id(arn->account) ||
      !arn->resource.starts_with("role/")) {
    return fail(ErrorCode::kValidation, fmt::format("{} is invalid", request.role_arn));
  }
  account = arn->account;
  const std::string_view name = arn->resource.substr(arn->resource.rfind('/') + 1);
  TRY_ASSIGN(auto role, read_named<Role>(transaction, arn->account, name));
  if (role && named_arn(*role) != request.role_arn) role.reset();
  return role;
}

Status check_source_identity(const AssumeRoleRequest& request, const Inherited& inherited) {
  const std::string& before = inherited.source_identity;
  if (before.empty() || request.source_identity.empty() || request.source_identity == before) return {};
  return fail(ErrorCode::kAccessDenied, "The source identity of a session can't be changed by role chaining.");
}

Session session_of(const Role& role, const AssumeRoleRequest& request, const Inherited& inherited) {
  Session session;
  session.account = role.account;
  session.principal_id = role.role_id;
  session.role_session_name = request.session_name;
  session.source_identity = inherited.source_identity.empty() ? request.source_identity : inherited.source_identity;
  session.tags = inherited.tags;
  session.tags.insert(session.tags.end(), request.tags.begin(), request.tags.end());
  session.transitive_tag_keys = inherited.keys;
  for (const std::string& key : request.transitive_tag_keys) {
    if (!holds_key(session.transitive_tag_keys, key)) session.transitive_tag_keys.push_back(key);
  }
  session.policy = request.policy;
  session.policy_arns = request.policy_arns;
  return session;
}

void put_parameters(Trail& trail, const AssumeRoleRequest& request) {
  trail.parameter("roleArn", request.role_arn).parameter("roleSessionName", request.session_name);
  if (request.duration_seconds) trail.parameter_json("durationSeconds", std::to_string(*request.duration_seconds));
  if (!request.policy.empty()) trail.parameter("policy", request.policy);
  if (!request.source_identity.empty()) trail.parameter("sourceIdentity", request.source_identity);
}

}  // namespace

Result<AssumedRole> assume_role(Transaction& transaction, const AssumeRoleRequest& request) {
  put_parameters(transaction.trail(), request);
  const IdentitySnapshot& who = *transaction.caller().identity;
  if (who.is_root()) return fail(ErrorCode::kAccessDenied, "Roles may not be assumed by root accounts.");
  std::string account;
  TRY_ASSIGN(const std::optional<Role> role, find_role(transaction, request, account));
  const Inherited inherited = inherited_by(who);
  TRY(check_session_tags(request, inherited));
  TRY(Gate(transaction, request, inherited).ask(role, account));
  TRY(check_source_identity(request, inherited));
  const std::int64_t seconds = request.duration_seconds.value_or(kDefaultSessionSeconds);
  TRY(check_duration(seconds, *role, who.is_role_session()));
  TRY(check_session_policies(transaction, request, account));
  TRY_ASSIGN(NewSession session, start_session(transaction, session_of(*role, request, inherited), seconds));
  AssumedRole assumed{std::move(session), assumed_role_arn(account, role->name, request.session_name),
                      role->role_id + ":" + request.session_name};
  transaction.trail().response("assumedRoleId", assumed.id).response("arn", assumed.arn);
  return assumed;
}

}  // namespace kagimori
