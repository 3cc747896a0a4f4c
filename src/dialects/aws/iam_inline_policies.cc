// PutUserPolicy, GetUserPolicy, ListUserPolicies, DeleteUserPolicy, and the same of roles and groups.

#include "dialects/aws/iam_operations.h"
#include "dialects/aws/iam_xml.h"
#include "engine/inline_policies.h"

namespace kagimori::aws {
namespace {

template <typename R>
std::string operation(std::string_view verb, std::string_view noun = "Policy") {
  return std::string(verb).append(IamRecord<R>::kName).append(noun);
}

template <typename R>
QueryWork put(const Form& form, const std::string& request_id) {
  QueryMembers members(form, kIamVersion);
  std::string owner = required_name_of<R>(members);
  std::string policy = members.required_name("PolicyName", iam_member::kPolicyName);
  std::string text = members.required_text("PolicyDocument", iam_member::kPolicyDocument);
  TRY(members.status());
  return iam_change(operation<R>("Put"), request_id,
                    [owner = std::move(owner), policy = std::move(policy), text = std::move(text)](
                        Transaction& transaction) { return put_inline_policy<R>(transaction, owner, policy, text); });
}

template <typename R>
QueryWork get(const Form& form, const std::string& request_id) {
  QueryMembers members(form, kIamVersion);
  std::string owner = required_name_of<R>(members);
  std::string policy = members.required_name("PolicyName", iam_member::kPolicyName);
  TRY(members.status());
  return [owner = std::move(owner), policy = std::move(policy),
          request_id](Transaction& transaction) -> Result<std::string> {
    TRY_ASSIGN(const NamedInlinePolicy found, get_inline_policy<R>(transaction, owner, policy));
    return iam_answer(operation<R>("Get"), request_id, [&](XmlWriter& xml) {
      xml.element(name_parameter<R>(), found.owner_name).element("PolicyName", found.policy.name);
      xml.element("PolicyDocument", encoded_policy(found.policy.text));
    });
  };
}

template <typename R>
QueryWork list(const Form& form, const std::string& request_id) {
  QueryMembers members(form, kIamVersion);
  std::string owner = required_name_of<R>(members);
  const std::size_t limit = members.max_items();
  auto marker = members.marker();
  TRY(members.status());
  return [owner = std::move(owner), limit, marker = std::move(marker),
          request_id](Transaction& transaction) -> Result<std::string> {
    TRY_ASSIGN(const InlinePolicyPage page, list_inline_policies<R>(transaction, owner, limit, marker));
    return iam_answer(operation<R>("List", "Policies"), request_id, [&](XmlWriter& xml) {
      xml.begin("PolicyNames");
      for (const std::string& name : page.names) xml.element("member", name);
      xml.end("PolicyNames");
      write_page_end(xml, page.next_marker);
    });
  };
}

template <typename R>
QueryWork remove(const Form& form, const std::string& request_id) {
  QueryMembers members(form, kIamVersion);
  std::string owner = required_name_of<R>(members);
  std::string policy = members.required_name("PolicyName", iam_member::kPolicyName);
  TRY(members.status());
  return iam_change(operation<R>("Delete"), request_id,
                    [owner = std::move(owner), policy = std::move(policy)](Transaction& transaction) {
                      return delete_inline_policy<R>(transaction, owner, policy);
                    });
}

constexpr QueryOperation kOperations[] = {
    {"PutUserPolicy", false, Plane::kManagement, put<User>},
    {"GetUserPolicy", true, Plane::kManagement, get<User>},
    {"ListUserPolicies", true, Plane::kManagement, list<User>},
    {"DeleteUserPolicy", false, Plane::kManagement, remove<User>},
    {"PutRolePolicy", false, Plane::kManagement, put<Role>},
    {"GetRolePolicy", true, Plane::kManagement, get<Role>},
    {"ListRolePolicies", true, Plane::kManagement, list<Role>},
    {"DeleteRolePolicy", false, Plane::kManagement, remove<Role>},
    {"PutGroupPolicy", false, Plane::kManagement, put<Group>},
    {"GetGroupPolicy", true, Plane::kManagement, get<Group>},
    {"ListGroupPolicies", true, Plane::kManagement, list<Group>},
    {"DeleteGroupPolicy", false, Plane::kManagement, remove<Group>},
};

}  // namespace

std::span<const QueryOperation> iam_inline_policy_operations() { return kOperations; }

}  // namespace kagimori::aws
