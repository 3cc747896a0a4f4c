// SimulatePrincipalPolicy, SimulateCustomPolicy.

#include <fmt/format.h>

#include "dialects/aws/iam_operations.h"
#include "engine/simulation.h"

namespace kagimori::aws {
namespace {

constexpr TextConstraint kAction{3, 128};
constexpr TextConstraint kResource{1, 2048};
constexpr TextConstraint kContextKey{5, 256};
constexpr TextConstraint kContextValue{0, 2048};
constexpr std::size_t kMaxContext = 200;

void read_context(const Form& form, QueryMembers& members, SimulationRequest& request) {
  for (std::size_t i = 1; i <= kMaxContext; ++i) {
    const std::string entry = fmt::format("ContextEntries.member.{}.", i);
    if (!form.get(entry + "ContextKeyName")) return;
    std::string key = members.required_text(entry + "ContextKeyName", kContextKey);
    request.context.emplace_back(std::move(key), members.texts(entry + "ContextKeyValues", kContextValue));
  }
}

void write_result(XmlWriter& xml, const SimulationResult& result) {
  xml.begin("member").element("EvalActionName", result.action).element("EvalResourceName", result.resource);
  xml.element("EvalDecision", result.decision).begin("MatchedStatements");
  for (const MatchedPolicy& policy : result.matched) {
    xml.begin("member").element("SourcePolicyId", policy.id).element("SourcePolicyType", policy.type).end("member");
  }
  xml.end("MatchedStatements").begin("MissingContextValues");
  for (const std::string& key : result.missing_keys) xml.element("member", key);
  xml.end("MissingContextValues");
  if (result.allowed_by_boundary) {
    xml.begin("PermissionsBoundaryDecisionDetail");
    xml.element("AllowedByPermissionsBoundary", *result.allowed_by_boundary ? "true" : "false");
    xml.end("PermissionsBoundaryDecisionDetail");
  }
  xml.end("member");
}

QueryWork simulate_policy(const Form& form, const std::string& request_id, std::string operation, bool of_principal) {
  QueryMembers members(form, kIamVersion);
  SimulationRequest request;
  if (of_principal) request.source_arn = members.required_text("PolicySourceArn", iam_member::kArn);
  request.policies = members.texts("PolicyInputList", iam_member::kPolicyDocument);
  request.boundaries = members.texts("PermissionsBoundaryPolicyInputList", iam_member::kPolicyDocument);
  request.actions = members.texts("ActionNames", kAction);
  request.resources = members.texts("ResourceArns", kResource);
  request.resource_policy = members.text("ResourcePolicy", iam_member::kPolicyDocument);
  request.resource_owner = members.text("ResourceOwner", kResource);
  request.caller_arn = members.text("CallerArn", kResource);
  read_context(form, members, request);
  request.limit = members.max_items();
  const auto marker = members.marker();
  TRY(members.status());
  return [request = std::move(request), marker, operation = std::move(operation),
          request_id](Transaction& transaction) -> Result<std::string> {
    SimulationRequest asked = request;
    asked.marker = marker;
    TRY_ASSIGN(const SimulationPage page, simulate(transaction, asked));
    return iam_answer(operation, request_id, [&](XmlWriter& xml) {
      xml.begin("EvaluationResults");
      for (const SimulationResult& result : page.results) write_result(xml, result);
      xml.end("EvaluationResults");
      write_page_end(xml, page.next_marker);
    });
  };
}

QueryWork simulate_principal(const Form& form, const std::string& request_id) {
  return simulate_policy(form, request_id, "SimulatePrincipalPolicy", true);
}
QueryWork simulate_custom(const Form& form, const std::string& request_id) {
  return simulate_policy(form, request_id, "SimulateCustomPolicy", false);
}

constexpr QueryOperation kOperations[] = {
    {"SimulatePrincipalPolicy", true, Plane::kManagement, simulate_principal},
    {"SimulateCustomPolicy", true, Plane::kManagement, simulate_custom},
};

}  // namespace

std::span<const QueryOperation> iam_simulation_operations() { return kOperations; }

}  // namespace kagimori::aws
