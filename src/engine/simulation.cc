#include "engine/simulation.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "engine/managed_policies.h"
#include "engine/marker.h"
#include "engine/principals.h"
#include "model/arn.h"

namespace kagimori {
namespace {

using Kind = PolicyOutcome::Kind;

struct NamedPolicy {
  std::string id;
  std::string_view type;
  std::shared_ptr<const CompiledPolicy> policy;
};

// Everything that takes part in the decisions.
struct Stage {
  std::vector<NamedPolicy> identity;
  std::optional<NamedPolicy> boundary;
  std::optional<NamedPolicy> resource;
  NamedPrincipal caller;
  std::string caller_account;
  bool cross_account = false;
};

// The given values; what was asked for in vain is kept.
class GivenConditions final : public ConditionSource {
 public:
  explicit GivenConditions(const SimulationRequest& request) : request_(request) {}

  bool get(std::string_view lower_case_key, ConditionValues& out) const override {
    for (const auto& [key, values] : request_.context) {
      if (lower_case(key) != lower_case_key) continue;
      for (const std::string& value : values) out.add(value);
    }
    if (out.empty() && std::ranges::find(missing_, lower_case_key) == missing_.end()) {
      missing_.emplace_back(lower_case_key);
    }
    return !out.empty();
  }
  std::vector<std::string> take_missing() { return std::move(missing_); }

 private:
  const SimulationRequest& request_;
  mutable std::vector<std::string> missing_;
};

Result<NamedPolicy> compiled(std::string id, std::string_view type, std::string_view text) {
  auto policy = CompiledPolicy::compile(text, PolicyKind::kIdentity, {});
  if (!policy) return fail(ErrorCode::kInvalidInput, fmt::format("{}: {}", id, policy.error().message));
  return NamedPolicy{std::move(id), type, *std::move(policy)};
}

Result<NamedPolicy> managed(Transaction& transaction, const ManagedPolicy& policy) {
  TRY_ASSIGN(const std::string text, default_text(transaction, policy));
  return compiled(policy.name, is_of_aws(policy) ? "aws-managed" : "user-managed", text);
}

template <typename R>
Status add_policies_of(Transaction& transaction, const R& owner, Stage& stage) {
  const std::string& id = id_of(owner);
  TRY_ASSIGN(const auto own, transaction.scan_all<UserPolicy>(owner.account, Table::kUserPolicies,
                                                              record_key::user_policies_of(owner.account, id)));
  for (const Loaded<UserPolicy>& policy : own) {
    std::string label = fmt::format("{}_{}_{}", IamRecord<R>::kLower, owner.name, policy.record.name);
    TRY_ASSIGN(NamedPolicy named, compiled(std::move(label), IamRecord<R>::kLower, policy.record.text));
    stage.identity.push_back(std::move(named));
  }
  TRY_ASSIGN(const auto attached, transaction.scan_all<Bytes>(owner.account, Table::kAttachedPolicies,
                                                              record_key::iam_links_of(owner.account, id)));
  for (const Loaded<Bytes>& row : attached) {
    TRY_ASSIGN(const auto policy, policy_by_id(transaction, owner.account, as_text(row.record)));
    if (!policy) continue;
    TRY_ASSIGN(NamedPolicy named, managed(transaction, *policy));
    stage.identity.push_back(std::move(named));
  }
  return {};
}

template <typename R>
Status add_boundary_of(Transaction& transaction, const R& owner, Stage& stage) {
  if (owner.permissions_boundary.empty()) return {};
  TRY_ASSIGN(const auto policy, policy_by_arn(transaction, owner.account, owner.permissions_boundary));
  if (!policy) return {};
  TRY_ASSIGN(NamedPolicy named, managed(transaction, *policy));
  stage.boundary = std::move(named);
  return {};
}

Status add_groups_of(Transaction& transaction, const User& user, Stage& stage) {
  TRY_ASSIGN(const auto groups, transaction.scan_all<Bytes>(user.account, Table::kUserGroups,
                                                            record_key::iam_links_of(user.account, user.user_id)));
  for (const Loaded<Bytes>& row : groups) {
    TRY_ASSIGN(const auto group, transaction.get<Group>(user.account, Table::kGroups,
                                                        record_key::iam_entity(user.account, as_text(row.record))));
    if (group) TRY(add_policies_of(transaction, *group, stage));
  }
  return {};
}

template <typename R>
Result<R> find_source(Transaction& transaction, std::string_view arn) {
  const std::string_view name = arn.substr(arn.rfind('/') + 1);
  TRY_ASSIGN(auto found, read_named<R>(transaction, transaction.account(), name));
  if (found && named_arn(*found) == arn) return *std::move(found);
  return fail(ErrorCode::kNoSuchEntity, fmt::format("No such entity: {}", arn));
}

Status add_source(Transaction& transaction, std::string_view text, Stage& stage) {
  const auto arn = parse_arn(text);
  if (!arn || arn->service != "iam" || arn->account != transaction.account()) {
    return fail(ErrorCode::kInvalidInput,
                fmt::format("Invalid Entity Arn: {} does not clearly define an entity.", text));
  }
  if (arn->resource.starts_with("user/")) {
    TRY_ASSIGN(const User user, find_source<User>(transaction, text));
    stage.caller = {std::string(text), user.user_id};
    TRY(add_policies_of(transaction, user, stage));
    TRY(add_groups_of(transaction, user, stage));
    return add_boundary_of(transaction, user, stage);
  }
  if (arn->resource.starts_with("role/")) {
    TRY_ASSIGN(const Role role, find_source<Role>(transaction, text));
    TRY(add_policies_of(transaction, role, stage));
    return add_boundary_of(transaction, role, stage);
  }
  if (arn->resource.starts_with("group/")) {
    TRY_ASSIGN(const Group group, find_source<Group>(transaction, text));
    return add_policies_of(transaction, group, stage);
  }
  return fail(ErrorCode::kInvalidInput, fmt::format("Invalid Entity Arn: {} does not clearly define an entity.", text));
}

Status add_resource_policy(Transaction& transaction, const SimulationRequest& request, Stage& stage) {
  if (!request.caller_arn.empty()) {
    TRY_ASSIGN(const auto caller, find_principal(transaction, request.caller_arn));
    if (!caller) return fail(ErrorCode::kInvalidInput, fmt::format("There is no caller {}.", request.caller_arn));
    stage.caller = *caller;
  }
  stage.caller_account = transaction.account();
  if (const auto arn = parse_arn(stage.caller.arn)) stage.caller_account = arn->account;
  if (request.resource_policy.empty()) return {};
  if (stage.caller.arn.empty()) {
    return fail(ErrorCode::kInvalidInput, "A resource policy needs the CallerArn of a user.");
  }
  PrincipalBindings bindings;
  const auto named = named_principals(request.resource_policy, PolicyKind::kKey);
  if (!named) return fail(ErrorCode::kInvalidInput, fmt::format("ResourcePolicy: {}", named.error().message));
  for (const std::string& principal : *named) {
    TRY_ASSIGN(const auto found, find_principal(transaction, principal));
    if (found) bindings.emplace(found->arn, found->unique_id);
  }
  auto policy = CompiledPolicy::compile(request.resource_policy, PolicyKind::kKey, bindings);
  if (!policy) return fail(ErrorCode::kInvalidInput, fmt::format("ResourcePolicy: {}", policy.error().message));
  stage.resource = NamedPolicy{"ResourcePolicy", "resource", *std::move(policy)};
  const auto owner = parse_arn(request.resource_owner);
  const std::string_view owner_account = owner ? owner->account : std::string_view(request.resource_owner);
  stage.cross_account = !owner_account.empty() && owner_account != stage.caller_account;
  return {};
}

Result<Stage> set_stage(Transaction& transaction, const SimulationRequest& request) {
  Stage stage;
  if (!request.source_arn.empty()) TRY(add_source(transaction, request.source_arn, stage));
  for (std::size_t i = 0; i < request.policies.size(); ++i) {
    TRY_ASSIGN(NamedPolicy named, compiled(fmt::format("PolicyInputList.{}", i + 1), "none", request.policies[i]));
    stage.identity.push_back(std::move(named));
  }
  if (request.boundaries.size() > 1) {
    return fail(ErrorCode::kInvalidInput, "PermissionsBoundaryPolicyInputList takes one policy.");
  }
  if (!request.boundaries.empty()) {
    TRY_ASSIGN(stage.boundary, compiled("PermissionsBoundaryPolicyInputList.1", "none", request.boundaries.front()));
  }
  TRY(add_resource_policy(transaction, request, stage));
  return stage;
}

Result<SimulationResult> decide_one(const Stage& stage, const SimulationRequest& request, const std::string& action,
                                    const std::string& resource) {
  SimulationResult result;
  result.action = action;
  result.resource = resource;
  GivenConditions conditions(request);
  PolicyCaller caller;
  caller.arn = stage.caller.arn;
  caller.unique_id = stage.caller.unique_id;
  caller.account = stage.caller_account;
  const PolicyRequest asked{caller, action, resource, conditions};
  const auto ask = [&](const NamedPolicy& policy) {
    const Kind kind = evaluate(*policy.policy, asked).kind;
    if (kind != Kind::kNoMatch) result.matched.push_back({policy.id, policy.type});
    return kind;
  };

  DecisionInput input;
  input.cross_account = stage.cross_account;
  input.cross_account_operation = true;
  input.iam_only = !stage.resource.has_value();
  for (const NamedPolicy& policy : stage.identity) input.identity = std::max(input.identity, ask(policy));
  if (stage.resource) input.key_policy = ask(*stage.resource);
  if (stage.boundary) {
    input.has_boundary = true;
    input.boundary = ask(*stage.boundary);
    result.allowed_by_boundary = input.boundary != Kind::kNoMatch && input.boundary != Kind::kDeny;
  }
  if (conditions.exhausted()) {
    return fail(ErrorCode::kPolicyEvaluation, "The policies take too many steps to evaluate.");
  }
  const bool denied = input.identity == Kind::kDeny || input.key_policy == Kind::kDeny ||
                      (input.has_boundary && input.boundary == Kind::kDeny);
  result.decision = denied ? "explicitDeny" : decide(input).allowed ? "allowed" : "implicitDeny";
  result.missing_keys = conditions.take_missing();
  return result;
}

Status check_actions(const std::vector<std::string>& actions) {
  for (const std::string& action : actions) {
    if (action.find(':') == std::string::npos) {
      return fail(ErrorCode::kInvalidInput, fmt::format("Invalid action name: {}", action));
    }
  }
  return {};
}

}  // namespace

Result<SimulationPage> simulate(Transaction& transaction, const SimulationRequest& request) {
  transaction.trail().parameter("policySourceArn", request.source_arn);
  if (request.source_arn.empty()) {
    TRY(transaction.authorize({"iam:SimulateCustomPolicy", "*", nullptr, false, {}}));
  } else {
    TRY(transaction.authorize({"iam:SimulatePrincipalPolicy", request.source_arn, nullptr, false, {}}));
  }
  TRY(check_actions(request.actions));
  TRY_ASSIGN(const Stage stage, set_stage(transaction, request));
  const std::vector<std::string> resources =
      request.resources.empty() ? std::vector<std::string>{"*"} : request.resources;
  const ListMarkers markers(transaction.crypto(), "SimulatePolicy", as_bytes(request.source_arn));
  std::size_t next = 0;
  if (request.marker) {
    TRY_ASSIGN(const std::string place, markers.open(*request.marker));
    std::from_chars(place.data(), place.data() + place.size(), next);
  }
  SimulationPage page;
  for (; next < request.actions.size() * resources.size(); ++next) {
    if (page.results.size() == request.limit) {
      page.next_marker = markers.make(std::to_string(next));
      break;
    }
    TRY_ASSIGN(SimulationResult result, decide_one(stage, request, request.actions[next / resources.size()],
                                                   resources[next % resources.size()]));
    page.results.push_back(std::move(result));
  }
  return page;
}

}  // namespace kagimori
