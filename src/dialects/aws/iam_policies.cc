// CreatePolicy, GetPolicy, ListPolicies, DeletePolicy.

#include <array>

#include "dialects/aws/iam_operations.h"
#include "dialects/aws/iam_xml.h"
#include "engine/managed_policies.h"

namespace kagimori::aws {
namespace {

QueryWork create(const Form& form, const std::string& request_id) {
  QueryMembers members(form, kIamVersion);
  CreatePolicyRequest request;
  request.name = members.required_name("PolicyName", iam_member::kPolicyName);
  if (form.get("Path")) request.path = members.text("Path", iam_member::kPath);
  request.text = members.required_text("PolicyDocument", iam_member::kPolicyDocument);
  request.description = members.text("Description", iam_member::kPolicyDescription);
  request.tags = members.tags();
  TRY(members.status());
  return [request = std::move(request), request_id](Transaction& transaction) -> Result<std::string> {
    TRY_ASSIGN(const ManagedPolicy policy, create_policy(transaction, request));
    return iam_answer("CreatePolicy", request_id,
                      [&](XmlWriter& xml) { write_policy(xml, policy, "Policy", Detail::kWhole); });
  };
}

QueryWork get(const Form& form, const std::string& request_id) {
  QueryMembers members(form, kIamVersion);
  std::string arn = members.required_text("PolicyArn", iam_member::kArn);
  TRY(members.status());
  return [arn = std::move(arn), request_id](Transaction& transaction) -> Result<std::string> {
    TRY_ASSIGN(const ManagedPolicy policy, get_policy(transaction, arn));
    return iam_answer("GetPolicy", request_id,
                      [&](XmlWriter& xml) { write_policy(xml, policy, "Policy", Detail::kWhole); });
  };
}

QueryWork list(const Form& form, const std::string& request_id) {
  constexpr std::array<std::string_view, 3> kScopes = {"All", "AWS", "Local"};
  constexpr std::array<std::string_view, 2> kUses = {"PermissionsPolicy", "PermissionsBoundary"};
  QueryMembers members(form, kIamVersion);
  std::string prefix = members.path_prefix();
  const std::string scope = members.choice("Scope", kScopes);
  const bool only_attached = members.flag("OnlyAttached");
  const bool as_boundary = members.choice("PolicyUsageFilter", kUses) == kUses[1];
  const std::size_t limit = members.max_items();
  auto marker = members.marker();
  TRY(members.status());
  return [prefix = std::move(prefix), scope, only_attached, as_boundary, limit, marker = std::move(marker),
          request_id](Transaction& transaction) -> Result<std::string> {
    const PolicyQuery query{{"ListPolicies", prefix, limit, marker},
                            scope != "AWS",
                            scope != "Local",
                            only_attached || as_boundary,
                            as_boundary};
    TRY_ASSIGN(const auto page, list_policies(transaction, query));
    return iam_answer("ListPolicies", request_id, [&](XmlWriter& xml) {
      xml.begin("Policies");
      for (const ManagedPolicy& policy : page.records) write_policy(xml, policy, "member", Detail::kListed);
      xml.end("Policies");
      write_page_end(xml, page.next_marker);
    });
  };
}

QueryWork remove(const Form& form, const std::string& request_id) {
  QueryMembers members(form, kIamVersion);
  std::string arn = members.required_text("PolicyArn", iam_member::kArn);
  TRY(members.status());
  return iam_change("DeletePolicy", request_id,
                    [arn = std::move(arn)](Transaction& transaction) { return delete_policy(transaction, arn); });
}

constexpr QueryOperation kOperations[] = {
    {"CreatePolicy", false, Plane::kManagement, create},
    {"GetPolicy", true, Plane::kManagement, get},
    {"ListPolicies", true, Plane::kManagement, list},
    {"DeletePolicy", false, Plane::kManagement, remove},
};

}  // namespace

std::span<const QueryOperation> iam_policy_operations() { return kOperations; }

}  // namespace kagimori::aws
