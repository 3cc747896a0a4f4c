#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/transaction.h"

namespace kagimori {

// Users of an account (AWS IAM API reference: CreateUser, GetUser, ListUsers, DeleteUser). Lengths of members have been
// checked by the dialect, meaning is checked here. Where `user_name` is empty the caller itself is meant.

// The account's root user has no record of its own: it appears as a User whose id is the account's and whose name and
// path are empty.
std::string arn_of(const User& user);

// The user that a request names, once the caller may do `action` ("iam:GetUser") to it; kNoSuchEntity.
Result<User> find_user(Transaction& transaction, std::string_view user_name, std::string_view action);
// Writes the user's record anew (for the root user its account's), so that its revision moves and whoever decided by
// the old one starts again, and drops every cached identity of the user. Call it with each change of what hangs on a
// user.
Status save_user(Transaction& transaction, const User& user);

struct CreateUserRequest {
  std::string name;
  std::string path = "/";
  std::vector<Tag> tags;
};
// kEntityAlreadyExists (names differ in more than case), kLimitExceeded, kValidation, kTag.
Result<User> create_user(Transaction& transaction, const CreateUserRequest& request);
Result<User> get_user(Transaction& transaction, std::string_view user_name);
// kDeleteConflict while it has access keys or policies.
Status delete_user(Transaction& transaction, std::string_view user_name);

struct UserPage {
  std::vector<User> users;
  std::optional<std::string> next_marker;
};
// By name without regard to case. A page may hold fewer than `limit` users and still have a marker, as IAM's may.
Result<UserPage> list_users(Transaction& transaction, std::string_view path_prefix, std::size_t limit,
                            std::optional<std::string_view> marker);

}  // namespace kagimori
