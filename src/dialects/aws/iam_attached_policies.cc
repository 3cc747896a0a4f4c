// AttachUserPolicy, DetachUserPolicy, ListAttachedUserPolicies, the same of roles and groups, ListEntitiesForPolicy;
// and PutUserPermissionsBoundary, DeleteUserPermissionsBoundary, and the same of roles.

#include <array>

#include "dialects/aws/iam_operations.h"
#include "engine/attached_policies.h"
#include "engine/permissions_boundaries.h"

namespace kagimori::aws {
namespace {

template <typename R>
std::string operation(std::string_view verb, std::string_view noun) {
  return std::string(verb).append(IamRecord<R>::kName).append(noun);
}

template <typename R, Status (*Change)(Transaction&, std::string_view, std::string_view)>
QueryWork change(const Form& form, const std::string& request_id, std::string name) {
  QueryMembers members(form, kIamVersion);
  std::string owner = required_name_of<R>(members);
  std::string arn = members.required_text("PolicyArn", iam_member::kArn);
  TRY(members.status());
  return iam_change(std::move(name), request_id,
                    [owner = std::move(owner), arn = std::move(arn)](Transaction& transaction) {
                      return Change(transaction, owner, arn);
                    });
}

template <typename R>
QueryWork attach(const Form& form, const std::string& request_id) {
  return change<R, attach_policy<R>>(form, request_id, operation<R>("Attach", "Policy"));
}
template <typename R>
QueryWork detach(const Form& form, const std::string& request_id) {
  return change<R, detach_policy<R>>(form, request_id, operation<R>("Detach", "Policy"));
}

template <typename R>
QueryWork list(const Form& form, const std::string& request_id) {
  QueryMembers members(form, kIamVersion);
  std::string owner = required_name_of<R>(members);
  std::string prefix = members.path_prefix();
  const std::size_t limit = members.max_items();
  auto marker = members.marker();
  TRY(members.status());
  return [owner = std::move(owner), prefix = std::move(prefix), limit, marker = std::move(marker),
          request_id](Transaction& transaction) -> Result<std::string> {
    TRY_ASSIGN(const auto page, list_attached_policies<R>(transaction, owner, {prefix, limit, marker}));
    return iam_answer(operation<R>("ListAttached", "Policies"), request_id, [&](XmlWriter& xml) {
      xml.begin("AttachedPolicies");
      for (const ManagedPolicy& policy : page.records) {
        xml.begin("member").element("PolicyName", policy.name).element("PolicyArn", arn_of(policy)).end("member");
      }
      xml.end("AttachedPolicies");
      write_page_end(xml, page.next_marker);
    });
  };
}

template <typename R>
void write_entities(XmlWriter& xml, const std::vector<R>& entities) {
  const std::string kind(IamRecord<R>::kName);
  xml.begin("Policy" + kind + "s");
  for (const R& entity : entities) {
    xml.begin("member").element(kind + "Name", entity.name).element(kind + "Id", id_of(entity)).end("member");
  }
  xml.end("Policy" + kind + "s");
}

QueryWork list_entities(const Form& form, const std::string& request_id) {
  constexpr std::array<std::string_view, 5> kFilters = {"User", "Role", "Group", "LocalManagedPolicy",
                                                        "AWSManagedPolicy"};
  constexpr std::array<std::string_view, 2> kUses = {"PermissionsPolicy", "PermissionsBoundary"};
  QueryMembers members(form, kIamVersion);
  std::string arn = members.required_text("PolicyArn", iam_member::kArn);
  const std::string filter = members.choice("EntityFilter", kFilters);
  const bool as_boundary = members.choice("PolicyUsageFilter", kUses) == kUses[1];
  std::string prefix = members.path_prefix();
  const std::size_t limit = members.max_items();
  auto marker = members.marker();
  TRY(members.status());
  return [arn = std::move(arn), filter, as_boundary, prefix = std::move(prefix), limit, marker = std::move(marker),
          request_id](Transaction& transaction) -> Result<std::string> {
    const auto wanted = [&](std::string_view kind) { return filter.empty() || filter == kind; };
    const PolicyEntitiesQuery query{arn,         wanted("User"),         wanted("Role"), wanted("Group"),
                                    as_boundary, {prefix, limit, marker}};
    TRY_ASSIGN(const PolicyEntities page, list_entities_for_policy(transaction, query));
    return iam_answer("ListEntitiesForPolicy", request_id, [&](XmlWriter& xml) {
      write_entities(xml, page.groups);
      write_entities(xml, page.users);
      write_entities(xml, page.roles);
      write_page_end(xml, page.next_marker);
    });
  };
}

template <typename R>
QueryWork put_limit(const Form& form, const std::string& request_id) {
  QueryMembers members(form, kIamVersion);
  std::string owner = required_name_of<R>(members);
  std::string arn = members.required_text("PermissionsBoundary", iam_member::kArn);
  TRY(members.status());
  return iam_change(operation<R>("Put", "PermissionsBoundary"), request_id,
                    [owner = std::move(owner), arn = std::move(arn)](Transaction& transaction) {
                      return put_boundary<R>(transaction, owner, arn);
                    });
}

template <typename R>
QueryWork delete_limit(const Form& form, const std::string& request_id) {
  QueryMembers members(form, kIamVersion);
  std::string owner = required_name_of<R>(members);
  TRY(members.status());
  return iam_change(
      operation<R>("Delete", "PermissionsBoundary"), request_id,
      [owner = std::move(owner)](Transaction& transaction) { return delete_boundary<R>(transaction, owner); });
}

constexpr QueryOperation kOperations[] = {
    {"AttachUserPolicy", false, Plane::kManagement, attach<User>},
    {"DetachUserPolicy", false, Plane::kManagement, detach<User>},
    {"ListAttachedUserPolicies", true, Plane::kManagement, list<User>},
    {"AttachRolePolicy", false, Plane::kManagement, attach<Role>},
    {"DetachRolePolicy", false, Plane::kManagement, detach<Role>},
    {"ListAttachedRolePolicies", true, Plane::kManagement, list<Role>},
    {"AttachGroupPolicy", false, Plane::kManagement, attach<Group>},
    {"DetachGroupPolicy", false, Plane::kManagement, detach<Group>},
    {"ListAttachedGroupPolicies", true, Plane::kManagement, list<Group>},
    {"ListEntitiesForPolicy", true, Plane::kManagement, list_entities},
    {"PutUserPermissionsBoundary", false, Plane::kManagement, put_limit<User>},
    {"DeleteUserPermissionsBoundary", false, Plane::kManagement, delete_limit<User>},
    {"PutRolePermissionsBoundary", false, Plane::kManagement, put_limit<Role>},
    {"DeleteRolePermissionsBoundary", false, Plane::kManagement, delete_limit<Role>},
};

}  // namespace

std::span<const QueryOperation> iam_attached_policy_operations() { return kOperations; }

}  // namespace kagimori::aws
