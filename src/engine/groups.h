#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/iam_record.h"

namespace kagimori {

// Groups of users (AWS IAM API reference: CreateGroup, GetGroup, UpdateGroup, DeleteGroup, AddUserToGroup,
// RemoveUserFromGroup, ListGroupsForUser). Whoever is in a group has its policies.

// kEntityAlreadyExists, kLimitExceeded, kValidation.
Result<Group> create_group(Transaction& transaction, std::string name, std::string path);
struct GroupMembers {
  Group group;
  std::vector<User> users;
  std::optional<std::string> next_marker;
};
Result<GroupMembers> get_group(Transaction& transaction, std::string_view group_name, std::size_t limit,
                               std::optional<std::string_view> marker);
// Either may be left out.
Status update_group(Transaction& transaction, std::string_view group_name, std::optional<std::string> new_name,
                    std::optional<std::string> new_path);
// kDeleteConflict while it has members or policies.
Status delete_group(Transaction& transaction, std::string_view group_name);

// kLimitExceeded at the quota groups_per_user. Adding who is in it does nothing.
Status add_user_to_group(Transaction& transaction, std::string_view group_name, std::string_view user_name);
// Removing who is not in it does nothing.
Status remove_user_from_group(Transaction& transaction, std::string_view group_name, std::string_view user_name);
Result<NamedPage<Group>> list_groups_for_user(Transaction& transaction, std::string_view user_name, std::size_t limit,
                                              std::optional<std::string_view> marker);

}  // namespace kagimori
