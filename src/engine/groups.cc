#include "engine/groups.h"

#include <fmt/format.h>

#include "engine/marker.h"
#include "engine/principals.h"
#include "engine/user_name.h"

namespace kagimori {
namespace {

struct Membership {
  Group group;
  User user;
  bool exists = false;
  Bytes down, up;  // primary keys of its rows in kGroupMembers and kUserGroups
};

Result<Membership> find_membership(Transaction& transaction, std::string_view group_name, std::string_view user_name,
                                   std::string_view action) {
  transaction.trail().parameter("groupName", group_name).parameter("userName", user_name);
  Membership found;
  TRY_ASSIGN(found.group, find_named<Group>(transaction, group_name, action));
  const std::string& account = found.group.account;
  TRY_ASSIGN(auto user, read_named<User>(transaction, account, user_name));
  if (!user) return fail(ErrorCode::kNoSuchEntity, fmt::format("The user with name {} cannot be found.", user_name));
  found.user = *std::move(user);
  found.down = record_key::iam_link(account, found.group.group_id, found.user.user_id);
  found.up = record_key::iam_link(account, found.user.user_id, found.group.group_id);
  TRY_ASSIGN(const auto row, transaction.get<Bytes>(account, Table::kGroupMembers, found.down));
  found.exists = row.has_value();
  return found;
}

Status save(Transaction& transaction, const Membership& membership) {
  TRY(save_named(transaction, membership.group));
  return save_named(transaction, membership.user);
}

// The records that a page of rows names, and the marker after it.
template <typename R>
Result<NamedPage<R>> read_page(Transaction& transaction, const std::vector<Loaded<Bytes>>& rows, std::size_t limit,
                               const ListMarkers& markers) {
  NamedPage<R> page;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (i == limit) {
      page.next_marker = markers.make(as_text(rows[i - 1].record));
      break;
    }
    const std::string& account = transaction.account();
    TRY_ASSIGN(auto found, transaction.reader().get<R>(account, IamRecord<R>::kTable,
                                                       record_key::iam_entity(account, as_text(rows[i].record))));
    if (!found) return fail(ErrorCode::kCorrupt, "A member of a group is missing from the store.");
    page.records.push_back(std::move(found->record));
  }
  return page;
}

template <typename R>
Result<NamedPage<R>> list_links(Transaction& transaction, Table table, std::string_view from_id,
                                std::string_view operation, std::size_t limit, std::optional<std::string_view> marker) {
  const std::string& account = transaction.account();
  const Bytes prefix = record_key::iam_links_of(account, from_id);
  const ListMarkers markers(transaction.crypto(), operation, prefix);
  Bytes after;
  if (marker) {
    TRY_ASSIGN(const std::string last, markers.open(*marker));
    after = record_key::iam_link(account, from_id, last);
  }
  TRY_ASSIGN(const auto rows, transaction.scan<Bytes>(account, table, prefix, after, limit + 1));
  return read_page<R>(transaction, rows, limit, markers);
}

}  // namespace

Result<Group> create_group(Transaction& transaction, std::string name, std::string path) {
  transaction.trail().parameter("groupName", name).parameter("path", path);
  TRY(check_iam_name("groupName", name));
  TRY(check_iam_path(path));
  Group group;
  group.account = transaction.account();
  group.name = std::move(name);
  group.path = std::move(path);
  TRY(authorize_creation<Group>(transaction, group));
  TRY(check_name_is_free<Group>(transaction, group.name));
  TRY(check_count<Group>(transaction, transaction.settings().quotas.groups_per_account));
  group.group_id = make_group_id(transaction.random());
  group.created = transaction.now();
  TRY(save_new_named(transaction, group));
  transaction.trail().response("arn", named_arn(group)).response("groupId", group.group_id);
  return group;
}

Result<GroupMembers> get_group(Transaction& transaction, std::string_view group_name, std::size_t limit,
                               std::optional<std::string_view> marker) {
  transaction.trail().parameter("groupName", group_name);
  GroupMembers members;
  TRY_ASSIGN(members.group, find_named<Group>(transaction, group_name, "iam:GetGroup"));
  TRY_ASSIGN(auto page,
             list_links<User>(transaction, Table::kGroupMembers, members.group.group_id, "GetGroup", limit, marker));
  members.users = std::move(page.records);
  members.next_marker = std::move(page.next_marker);
  return members;
}

Status update_group(Transaction& transaction, std::string_view group_name, std::optional<std::string> new_name,
                    std::optional<std::string> new_path) {
  transaction.trail()
      .parameter("groupName", group_name)
      .parameter("newGroupName", new_name.value_or(""))
      .parameter("newPath", new_path.value_or(""));
  TRY_ASSIGN(const Group before, find_named<Group>(transaction, group_name, "iam:UpdateGroup"));
  Group after = before;
  if (new_name) {
    TRY(check_iam_name("newGroupName", *new_name));
    if (lower_case(*new_name) != lower_case(before.name)) TRY(check_name_is_free<Group>(transaction, *new_name));
    after.name = *std::move(new_name);
  }
  if (new_path) {
    TRY(check_iam_path(*new_path));
    after.path = *std::move(new_path);
  }
  TRY(authorize_for(transaction, after, "iam:UpdateGroup"));
  return rename_named(transaction, before, after);
}

Status delete_group(Transaction& transaction, std::string_view group_name) {
  transaction.trail().parameter("groupName", group_name);
  TRY_ASSIGN(const Group group, find_named<Group>(transaction, group_name, "iam:DeleteGroup"));
  if (group.member_count > 0) {
    return fail(ErrorCode::kDeleteConflict, "Cannot delete entity, must remove users from group first.");
  }
  if (group.policy_count > 0) {
    return fail(ErrorCode::kDeleteConflict, "Cannot delete entity, must delete policies first.");
  }
  if (group.attached_policy_count > 0) {
    return fail(ErrorCode::kDeleteConflict, "Cannot delete entity, must detach all policies first.");
  }
  return erase_named(transaction, group);
}

Status add_user_to_group(Transaction& transaction, std::string_view group_name, std::string_view user_name) {
  TRY_ASSIGN(Membership found, find_membership(transaction, group_name, user_name, "iam:AddUserToGroup"));
  if (found.exists) return {};
  const std::size_t quota = transaction.settings().quotas.groups_per_user;
  if (found.user.group_count >= quota) {
    return fail(ErrorCode::kLimitExceeded, fmt::format("Cannot exceed quota for GroupsPerUser: {}", quota));
  }
  const std::string& account = found.group.account;
  TRY(transaction.put(account, Table::kGroupMembers, found.down, as_bytes(found.user.user_id)));
  TRY(transaction.put(account, Table::kUserGroups, found.up, as_bytes(found.group.group_id)));
  ++found.group.member_count;
  ++found.user.group_count;
  return save(transaction, found);
}

Status remove_user_from_group(Transaction& transaction, std::string_view group_name, std::string_view user_name) {
  TRY_ASSIGN(Membership found, find_membership(transaction, group_name, user_name, "iam:RemoveUserFromGroup"));
  if (!found.exists) return {};
  TRY(transaction.erase(Table::kGroupMembers, found.down));
  TRY(transaction.erase(Table::kUserGroups, found.up));
  --found.group.member_count;
  --found.user.group_count;
  return save(transaction, found);
}

Result<NamedPage<Group>> list_groups_for_user(Transaction& transaction, std::string_view user_name, std::size_t limit,
                                              std::optional<std::string_view> marker) {
  transaction.trail().parameter("userName", user_name);
  TRY_ASSIGN(const User user, find_named<User>(transaction, user_name, "iam:ListGroupsForUser"));
  return list_links<Group>(transaction, Table::kUserGroups, user.user_id, "ListGroupsForUser", limit, marker);
}

}  // namespace kagimori
