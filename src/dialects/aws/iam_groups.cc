// CreateGroup, GetGroup, ListGroups, UpdateGroup, DeleteGroup, AddUserToGroup, RemoveUserFromGroup, ListGroupsForUser.

#include "dialects/aws/iam_operations.h"
#include "dialects/aws/iam_xml.h"
#include "engine/groups.h"

namespace kagimori::aws {
namespace {

QueryWork create(const Form& form, const std::string& request_id) {
  QueryMembers members(form, kIamVersion);
  std::string name = required_name_of<Group>(members);
  std::string path = members.optional_text("Path", iam_member::kPath).value_or("/");
  TRY(members.status());
  return [name = std::move(name), path = std::move(path), request_id](Transaction& transaction) -> Result<std::string> {
    TRY_ASSIGN(const Group group, create_group(transaction, name, path));
    return iam_answer("CreateGroup", request_id, [&](XmlWriter& xml) { write_group(xml, group, "Group"); });
  };
}

QueryWork get(const Form& form, const std::string& request_id) {
  QueryMembers members(form, kIamVersion);
  std::string name = required_name_of<Group>(members);
  const std::size_t limit = members.max_items();
  auto marker = members.marker();
  TRY(members.status());
  return [name = std::move(name), limit, marker = std::move(marker),
          request_id](Transaction& transaction) -> Result<std::string> {
    TRY_ASSIGN(const GroupMembers found, get_group(transaction, name, limit, marker));
    return iam_answer("GetGroup", request_id, [&](XmlWriter& xml) {
      write_group(xml, found.group, "Group");
      xml.begin("Users");
      for (const User& user : found.users) write_user(xml, user, "member", Detail::kListed);
      xml.end("Users");
      write_page_end(xml, found.next_marker);
    });
  };
}

std::string group_list(std::string_view operation, const std::string& request_id, const NamedPage<Group>& page) {
  return iam_answer(operation, request_id, [&](XmlWriter& xml) {
    xml.begin("Groups");
    for (const Group& group : page.records) write_group(xml, group, "member");
    xml.end("Groups");
    write_page_end(xml, page.next_marker);
  });
}

QueryWork list(const Form& form, const std::string& request_id) {
  QueryMembers members(form, kIamVersion);
  std::string prefix = members.path_prefix();
  const std::size_t limit = members.max_items();
  auto marker = members.marker();
  TRY(members.status());
  return [prefix = std::move(prefix), limit, marker = std::move(marker),
          request_id](Transaction& transaction) -> Result<std::string> {
    TRY_ASSIGN(const auto page, list_named<Group>(transaction, {"ListGroups", prefix, limit, marker}));
    return group_list("ListGroups", request_id, page);
  };
}

QueryWork list_for_user(const Form& form, const std::string& request_id) {
  QueryMembers members(form, kIamVersion);
  std::string user = required_name_of<User>(members);
  const std::size_t limit = members.max_items();
  auto marker = members.marker();
  TRY(members.status());
  return [user = std::move(user), limit, marker = std::move(marker),
          request_id](Transaction& transaction) -> Result<std::string> {
    TRY_ASSIGN(const auto page, list_groups_for_user(transaction, user, limit, marker));
    return group_list("ListGroupsForUser", request_id, page);
  };
}

QueryWork update(const Form& form, const std::string& request_id) {
  QueryMembers members(form, kIamVersion);
  std::string name = required_name_of<Group>(members);
  auto new_name = members.optional_text("NewGroupName", iam_member::kUserName);
  auto new_path = members.optional_text("NewPath", iam_member::kPath);
  TRY(members.status());
  return iam_change("UpdateGroup", request_id,
                    [name = std::move(name), new_name = std::move(new_name), new_path = std::move(new_path)](
                        Transaction& transaction) { return update_group(transaction, name, new_name, new_path); });
}

QueryWork remove(const Form& form, const std::string& request_id) {
  QueryMembers members(form, kIamVersion);
  std::string name = required_name_of<Group>(members);
  TRY(members.status());
  return iam_change("DeleteGroup", request_id,
                    [name = std::move(name)](Transaction& transaction) { return delete_group(transaction, name); });
}

template <Status (*Change)(Transaction&, std::string_view, std::string_view)>
QueryWork membership(const Form& form, const std::string& request_id, std::string operation) {
  QueryMembers members(form, kIamVersion);
  std::string group = required_name_of<Group>(members);
  std::string user = required_name_of<User>(members);
  TRY(members.status());
  return iam_change(std::move(operation), request_id,
                    [group = std::move(group), user = std::move(user)](Transaction& transaction) {
                      return Change(transaction, group, user);
                    });
}

QueryWork add_user(const Form& form, const std::string& request_id) {
  return membership<add_user_to_group>(form, request_id, "AddUserToGroup");
}
QueryWork remove_user(const Form& form, const std::string& request_id) {
  return membership<remove_user_from_group>(form, request_id, "RemoveUserFromGroup");
}

constexpr QueryOperation kOperations[] = {
    {"CreateGroup", false, Plane::kManagement, create},
    {"GetGroup", true, Plane::kManagement, get},
    {"ListGroups", true, Plane::kManagement, list},
    {"UpdateGroup", false, Plane::kManagement, update},
    {"DeleteGroup", false, Plane::kManagement, remove},
    {"AddUserToGroup", false, Plane::kManagement, add_user},
    {"RemoveUserFromGroup", false, Plane::kManagement, remove_user},
    {"ListGroupsForUser", true, Plane::kManagement, list_for_user},
};

}  // namespace

std::span<const QueryOperation> iam_group_operations() { return kOperations; }

}  // namespace kagimori::aws
