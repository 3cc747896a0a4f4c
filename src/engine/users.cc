#include "engine/users.h"

#include <fmt/format.h>

#include "engine/cache_key.h"
#include "engine/marker.h"
#include "engine/principals.h"
#include "engine/tags.h"
#include "engine/user_name.h"
#include "model/arn.h"

namespace kagimori {
namespace {

constexpr std::size_t kMaxTags = 50;
// Access keys of one user that are dropped from the caches; far above any quota.
constexpr std::size_t kMaxAccessKeys = 1'000;
// Users that one ListUsers looks at: a path prefix that fits nobody must not read the whole account.
constexpr std::size_t kMaxExamined = 1'000;

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
  TRY_ASSIGN(auto user,
             transaction.get<User>(who.account(), Table::kUsers, record_key::user(who.account(), who.unique_id())));
  if (!user) return missing_record(who.unique_id());
  return *std::move(user);
}

Result<std::optional<User>> user_by_name(Transaction& transaction, std::string_view name) {
  const std::string& account = transaction.account();
  TRY_ASSIGN(const auto id,
             transaction.get<Bytes>(account, Table::kUserNames, record_key::user_name(account, lower_case(name))));
  if (!id) return std::optional<User>{};
  TRY_ASSIGN(auto user, transaction.get<User>(account, Table::kUsers, record_key::user(account, as_text(*id))));
  if (!user) return missing_record(as_text(*id));
  return user;
}

// Not authenticated and not an expectation: two requests at once may exceed the quota by one, which does no harm.
Status check_user_quota(Transaction& transaction) {
  const std::size_t quota = transaction.settings().quotas.users_per_account;
  TRY_ASSIGN(const auto names, transaction.reader().transaction().scan(
                                   Table::kUserNames, record_key::users_of(transaction.account()), {}, quota));
  if (names.size() < quota) return {};
  return fail(ErrorCode::kLimitExceeded, fmt::format("Cannot exceed quota for UsersPerAccount: {}", quota));
}

}  // namespace

std::string arn_of(const User& user) {
  return is_root(user) ? root_arn(user.account) : user_arn(user.account, user.path, user.name);
}

Result<User> find_user(Transaction& transaction, std::string_view user_name, std::string_view action) {
  if (user_name.empty()) {
    TRY_ASSIGN(User self, caller_user(transaction));
    RequestFacts facts;
    facts.resource_tags = self.tags;
    TRY(transaction.authorize({action, arn_of(self), nullptr, false, facts}));
    return self;
  }
  TRY_ASSIGN(auto user, user_by_name(transaction, user_name));
  const std::string arn = user ? arn_of(*user) : user_arn(transaction.account(), "/", user_name);
  RequestFacts facts;
  if (user) facts.resource_tags = user->tags;
  TRY(transaction.authorize({action, arn, nullptr, false, facts}));
  if (user) return *std::move(user);
  return fail(ErrorCode::kNoSuchEntity, fmt::format("The user with name {} cannot be found.", user_name));
}

Status save_user(Transaction& transaction, const User& user) {
  TRY_ASSIGN(const auto listed,
             transaction.scan<Bytes>(user.account, Table::kUserAccessKeys,
                                     record_key::user_access_keys_of(user.account, user.user_id), {}, kMaxAccessKeys));
  for (const Loaded<Bytes>& row : listed) transaction.invalidate(cache_key::identity(as_text(row.record)));
  if (!is_root(user)) {
    return transaction.put(user.account, Table::kUsers, record_key::user(user.account, user.user_id), encode(user));
  }
  const Bytes key = record_key::account(user.account);
  TRY_ASSIGN(const auto account, transaction.get<Account>(kSystemAccount, Table::kAccounts, key));
  if (!account) return missing_record(user.account);
  return transaction.put(kSystemAccount, Table::kAccounts, key, encode(*account));
}

Result<User> create_user(Transaction& transaction, const CreateUserRequest& request) {
  transaction.trail().parameter("userName", request.name).parameter("path", request.path);
  TRY(check_iam_name("userName", request.name));
  TRY(check_iam_path(request.path));
  const std::string& account = transaction.account();
  const std::string arn = user_arn(account, request.path, request.name);
  RequestFacts facts;
  facts.request_tags = request.tags;
  TRY(transaction.authorize({"iam:CreateUser", arn, nullptr, false, facts}));
  if (!request.tags.empty()) TRY(transaction.authorize({"iam:TagUser", arn, nullptr, false, facts}));
  TRY(check_tags(request.tags, kMaxTags));
  TRY_ASSIGN(const auto existing, user_by_name(transaction, request.name));
  if (existing) {
    return fail(ErrorCode::kEntityAlreadyExists, fmt::format("User with name {} already exists.", request.name));
  }
  TRY(check_user_quota(transaction));

  User user;
  user.account = account;
  user.user_id = make_user_id(transaction.random());
  user.name = request.name;
  user.path = request.path;
  user.created = transaction.now();
  user.tags = request.tags;
  TRY(transaction.put(account, Table::kUserNames, record_key::user_name(account, lower_case(user.name)),
                      as_bytes(user.user_id)));
  TRY(transaction.put_new(account, Table::kUsers, record_key::user(account, user.user_id), encode(user)));
  transaction.trail().response("arn", arn).response("userId", user.user_id);
  return user;
}

Result<User> get_user(Transaction& transaction, std::string_view user_name) {
  transaction.trail().parameter("userName", user_name);
  return find_user(transaction, user_name, "iam:GetUser");
}

Status delete_user(Transaction& transaction, std::string_view user_name) {
  transaction.trail().parameter("userName", user_name);
  TRY_ASSIGN(const User user, find_user(transaction, user_name, "iam:DeleteUser"));
  if (user.access_key_count > 0) {
    return fail(ErrorCode::kDeleteConflict, "Cannot delete entity, must delete access keys first.");
  }
  if (user.policy_count > 0) {
    return fail(ErrorCode::kDeleteConflict, "Cannot delete entity, must delete policies first.");
  }
  TRY(transaction.erase(Table::kUserNames, record_key::user_name(user.account, lower_case(user.name))));
  return transaction.erase(Table::kUsers, record_key::user(user.account, user.user_id));
}

Result<UserPage> list_users(Transaction& transaction, std::string_view path_prefix, std::size_t limit,
                            std::optional<std::string_view> marker) {
  transaction.trail().parameter("pathPrefix", path_prefix);
  const std::string& account = transaction.account();
  const std::string resource = root_arn(account).substr(0, root_arn(account).rfind(':')) + ":user" +
                               std::string(path_prefix.empty() ? "/" : path_prefix);
  TRY(transaction.authorize({"iam:ListUsers", resource, nullptr, false, {}}));
  const Bytes prefix = record_key::users_of(account);
  const ListMarkers markers(transaction.crypto(), "ListUsers", prefix);
  Bytes after;
  if (marker) {
    TRY_ASSIGN(const std::string last, markers.open(*marker));
    after = record_key::user_name(account, last);
  }
  RecordReader& reader = transaction.reader();
  TRY_ASSIGN(const auto names, reader.scan<Bytes>(account, Table::kUserNames, prefix, after, kMaxExamined + 1));
  UserPage page;
  std::string last_examined;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i == kMaxExamined || page.users.size() == limit) {
      page.next_marker = markers.make(last_examined);
      break;
    }
    const std::string_view id = as_text(names[i].record);
    TRY_ASSIGN(auto user, reader.get<User>(account, Table::kUsers, record_key::user(account, id)));
    if (!user) return missing_record(id);
    last_examined = lower_case(user->record.name);
    if (user->record.path.starts_with(path_prefix)) page.users.push_back(std::move(user->record));
  }
  return page;
}

}  // namespace kagimori
