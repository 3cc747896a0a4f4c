#include "engine/users.h"

#include <fmt/format.h>

#include "engine/cache_key.h"
#include "engine/permissions_boundaries.h"
#include "engine/principals.h"
#include "engine/tags.h"
#include "engine/user_name.h"
#include "model/arn.h"

namespace kagimori {
namespace {

bool is_root(const User& user) { return user.user_id == user.account; }

tl::unexpected<Error> missing_record(std::string_view user_id) {
  return fail(ErrorCode::kCorrupt,
              fmt::format("The record of user {} is missing from the store; restore it from a backup.", user_id));
}

Result<User> root_user(Transaction& transaction) {
  const std::string& account = transaction.account();
  TRY_ASSIGN(const auto record,
             transaction.get<Account>(kSystemAccount, Table::kAccounts, record_key::account(account)));
  if (!record) return missing_record(account);
  User user;
  user.account = account;
  user.user_id = account;
  user.created = record->created;
  return user;
}

Result<User> caller_user(Transaction& transaction) {
  const IdentitySnapshot& who = *transaction.caller().identity;
  if (who.is_root()) return root_user(transaction);
  if (who.is_role_session()) {
    return fail(ErrorCode::kValidation, "Must specify userName when calling with non-User credentials");
  }
  TRY_ASSIGN(auto user,
             transaction.get<User>(who.account(), Table::kUsers, record_key::user(who.account(), who.unique_id())));
  if (!user) return missing_record(who.unique_id());
  return *std::move(user);
}

Status delete_conflict(std::string_view what) {
  return fail(ErrorCode::kDeleteConflict, fmt::format("Cannot delete entity, must {} first.", what));
}

}  // namespace

std::string arn_of(const User& user) { return is_root(user) ? root_arn(user.account) : named_arn(user); }

Result<User> find_user(Transaction& transaction, std::string_view user_name, std::string_view action) {
  if (!user_name.empty()) return find_named<User>(transaction, user_name, action);
  TRY_ASSIGN(User self, caller_user(transaction));
  if (is_root(self)) {
    TRY(transaction.authorize({action, arn_of(self), nullptr, false, {}}));
  } else {
    TRY(authorize_for(transaction, self, action));
  }
  return self;
}

Status save_user(Transaction& transaction, const User& user) {
  if (!is_root(user)) return save_named(transaction, user);
  transaction.invalidate(cache_key::identities_of(user.user_id));
  const Bytes key = record_key::account(user.account);
  TRY_ASSIGN(const auto account, transaction.get<Account>(kSystemAccount, Table::kAccounts, key));
  if (!account) return missing_record(user.account);
  return transaction.put(kSystemAccount, Table::kAccounts, key, encode(*account));
}

Result<User> create_user(Transaction& transaction, const CreateUserRequest& request) {
  transaction.trail().parameter("userName", request.name).parameter("path", request.path);
  TRY(check_iam_name("userName", request.name));
  TRY(check_iam_path(request.path));
  User user;
  user.account = transaction.account();
  user.name = request.name;
  user.path = request.path;
  user.tags = request.tags;
  TRY(authorize_creation<User>(transaction, user, request.tags, request.permissions_boundary));
  TRY(check_tags(request.tags, kMaxIamTags));
  TRY(check_name_is_free<User>(transaction, request.name));
  TRY(check_count<User>(transaction, transaction.settings().quotas.users_per_account));

  user.user_id = make_user_id(transaction.random());
  TRY(set_first_boundary(transaction, user, request.permissions_boundary));
  user.created = transaction.now();
  TRY(save_new_named(transaction, user));
  transaction.trail().response("arn", arn_of(user)).response("userId", user.user_id);
  return user;
}

Result<User> get_user(Transaction& transaction, std::string_view user_name) {
  transaction.trail().parameter("userName", user_name);
  return find_user(transaction, user_name, "iam:GetUser");
}

Status update_user(Transaction& transaction, std::string_view user_name, std::optional<std::string> new_name,
                   std::optional<std::string> new_path) {
  transaction.trail()
      .parameter("userName", user_name)
      .parameter("newUserName", new_name.value_or(""))
      .parameter("newPath", new_path.value_or(""));
  TRY_ASSIGN(const User before, find_named<User>(transaction, user_name, "iam:UpdateUser"));
  User after = before;
  if (new_name) {
    TRY(check_iam_name("newUserName", *new_name));
    if (lower_case(*new_name) != lower_case(before.name)) TRY(check_name_is_free<User>(transaction, *new_name));
    after.name = *std::move(new_name);
  }
  if (new_path) {
    TRY(check_iam_path(*new_path));
    after.path = *std::move(new_path);
  }
  // Under its new name it must be the caller's to change too (AWS IAM API reference, UpdateUser).
  TRY(authorize_for(transaction, after, "iam:UpdateUser"));
  return rename_named(transaction, before, after);
}

Status delete_user(Transaction& transaction, std::string_view user_name) {
  transaction.trail().parameter("userName", user_name);
  TRY_ASSIGN(const User user, find_user(transaction, user_name, "iam:DeleteUser"));
  if (user.access_key_count > 0) return delete_conflict("delete access keys");
  if (user.policy_count > 0) return delete_conflict("delete policies");
  if (user.attached_policy_count > 0) return delete_conflict("detach all policies");
  if (user.group_count > 0) return delete_conflict("remove users from group");
  TRY(release_boundary(transaction, user));
  return erase_named(transaction, user);
}

}  // namespace kagimori
