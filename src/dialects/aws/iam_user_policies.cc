// PutUserPolicy, GetUserPolicy, ListUserPolicies, DeleteUserPolicy.

#include "dialects/aws/iam_operations.h"
#include "engine/user_policies.h"
#include "protocol/percent.h"

namespace kagimori::aws {

QueryWork iam_put_user_policy(const Form& form, const std::string& request_id) {
  QueryMembers members(form, kIamVersion);
  std::string user = members.required_name("UserName", iam_member::kUserName);
  std::string policy = members.required_name("PolicyName", iam_member::kPolicyName);
  std::string text = members.required_text("PolicyDocument", iam_member::kPolicyDocument);
  TRY(members.status());
  return [user = std::move(user), policy = std::move(policy), text = std::move(text),
          request_id](Transaction& transaction) -> Result<std::string> {
    TRY(put_user_policy(transaction, user, policy, text));
    return iam_answer("PutUserPolicy", request_id);
  };
}

QueryWork iam_get_user_policy(const Form& form, const std::string& request_id) {
  QueryMembers members(form, kIamVersion);
  std::string user = members.required_name("UserName", iam_member::kUserName);
  std::string policy = members.required_name("PolicyName", iam_member::kPolicyName);
  TRY(members.status());
  return [user = std::move(user), policy = std::move(policy),
          request_id](Transaction& transaction) -> Result<std::string> {
    TRY_ASSIGN(const NamedUserPolicy found, get_user_policy(transaction, user, policy));
    return iam_answer("GetUserPolicy", request_id, [&](XmlWriter& xml) {
      std::string encoded;
      percent_encode(encoded, found.policy.text);
      xml.element("UserName", found.user_name).element("PolicyName", found.policy.name);
      xml.element("PolicyDocument", encoded);
    });
  };
}

QueryWork iam_list_user_policies(const Form& form, const std::string& request_id) {
  QueryMembers members(form, kIamVersion);
  std::string user = members.required_name("UserName", iam_member::kUserName);
  const std::size_t limit = members.max_items();
  auto marker = members.marker();
  TRY(members.status());
  return [user = std::move(user), limit, marker = std::move(marker),
          request_id](Transaction& transaction) -> Result<std::string> {
    TRY_ASSIGN(const UserPolicyPage page, list_user_policies(transaction, user, limit, marker));
    return iam_answer("ListUserPolicies", request_id, [&](XmlWriter& xml) {
      xml.begin("PolicyNames");
      for (const std::string& name : page.names) xml.element("member", name);
      xml.end("PolicyNames");
      write_page_end(xml, page.next_marker);
    });
  };
}

QueryWork iam_delete_user_policy(const Form& form, const std::string& request_id) {
  QueryMembers members(form, kIamVersion);
  std::string user = members.required_name("UserName", iam_member::kUserName);
  std::string policy = members.required_name("PolicyName", iam_member::kPolicyName);
  TRY(members.status());
  return [user = std::move(user), policy = std::move(policy),
          request_id](Transaction& transaction) -> Result<std::string> {
    TRY(delete_user_policy(transaction, user, policy));
    return iam_answer("DeleteUserPolicy", request_id);
  };
}

}  // namespace kagimori::aws
