#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/iam_record.h"
#include "engine/transaction.h"

namespace kagimori {

// Users of an account (AWS IAM API reference: CreateUser, GetUser, ListUsers, UpdateUser, DeleteUser). Lengths of
// members have been checked by the dialect, meaning is checked here. Where `user_name` is empty the caller itself is
// meant.

// The account's root user has no record of its own: it appears as a User whose id is the account's and whose name and
// path are empty.
std::string arn_of(const User& user);

// The user that a request names, once the caller may do `action` ("iam:GetUser") to it; kNoSuchEntity.
Result<User> find_user(Transaction& transaction, std::string_view user_name, std::string_view action);
// As save_named(), for the root user too (whose account's record is written).
Status save_user(Transaction& transaction, const User& user);

struct CreateUserRequest {
  std::string name;
  std::string path = "/";
  std::vector<Tag> tags;
  std::string permissions_boundary = {};
};
// kEntityAlreadyExists (names differ in more than case), kLimitExceeded, kValidation, kTag.
Result<User> create_user(Transaction& transaction, const CreateUserRequest& request);
Result<User> get_user(Transaction& transaction, std::string_view user_name);
// Either may be left out.
Status update_user(Transaction& transaction, std::string_view user_name, std::optional<std::string> new_name,
                   std::optional<std::string> new_path);
// kDeleteConflict while it has access keys, policies or groups.
Status delete_user(Transaction& transaction, std::string_view user_name);

}  // namespace kagimori
