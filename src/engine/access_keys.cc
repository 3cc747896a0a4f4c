#include "engine/access_keys.h"

#include <fmt/format.h>

#include "engine/cache_key.h"
#include "engine/marker.h"
#include "engine/users.h"
#include "model/arn.h"

namespace kagimori {
namespace {

std::string_view status_name(bool active) { return active ? "Active" : "Inactive"; }

Result<AccessKey> find_access_key(Transaction& transaction, const User& user, std::string_view access_key_id) {
  TRY_ASSIGN(auto key,
             transaction.get<AccessKey>(kSystemAccount, Table::kAccessKeys, record_key::access_key(access_key_id)));
  // Whether somebody else has that key is not for the caller to learn.
  if (!key || key->account != user.account || key->user_id != user.user_id) {
    return fail(ErrorCode::kNoSuchEntity, fmt::format("The Access Key with id {} cannot be found.", access_key_id));
  }
  return *std::move(key);
}

}  // namespace

Status put_access_key(Transaction& transaction, const AccessKey& key) {
  // Somebody may have tried this id before it existed.
  transaction.invalidate(cache_key::identity(key.access_key_id));
  TRY(transaction.put_new(kSystemAccount, Table::kAccessKeys, record_key::access_key(key.access_key_id), encode(key)));
  return transaction.put_new(key.account, Table::kUserAccessKeys,
                             record_key::user_access_key(key.account, key.user_id, key.access_key_id),
                             as_bytes(key.access_key_id));
}

Result<CreatedAccessKey> create_access_key(Transaction& transaction, std::string_view user_name) {
  transaction.trail().parameter("userName", user_name);
  TRY_ASSIGN(User user, find_user(transaction, user_name, "iam:CreateAccessKey"));
  const std::size_t quota = transaction.settings().quotas.access_keys_per_user;
  // Counted anew, since the root user has no record that counts; save_user makes the count an expectation.
  TRY_ASSIGN(const auto listed,
             transaction.scan<Bytes>(user.account, Table::kUserAccessKeys,
                                     record_key::user_access_keys_of(user.account, user.user_id), {}, quota));
  if (listed.size() >= quota) {
    return fail(ErrorCode::kLimitExceeded, fmt::format("Cannot exceed quota for AccessKeysPerUser: {}", quota));
  }
  CreatedAccessKey created;
  created.user_name = user.name;
  TRY_ASSIGN(created.key, make_access_key(transaction.keyrings(), transaction.crypto(), transaction.random(),
                                          user.account, user.user_id, transaction.now()));
  TRY(put_access_key(transaction, created.key.record));
  ++user.access_key_count;
  TRY(save_user(transaction, user));
  transaction.trail()
      .response("userName", user.name)
      .response("accessKeyId", created.key.record.access_key_id)
      .response("status", status_name(true));
  return created;
}

Result<AccessKeyPage> list_access_keys(Transaction& transaction, std::string_view user_name, std::size_t limit,
                                       std::optional<std::string_view> marker) {
  transaction.trail().parameter("userName", user_name);
  TRY_ASSIGN(const User user, find_user(transaction, user_name, "iam:ListAccessKeys"));
  const Bytes prefix = record_key::user_access_keys_of(user.account, user.user_id);
  const ListMarkers markers(transaction.crypto(), "ListAccessKeys", prefix);
  Bytes after;
  if (marker) {
    TRY_ASSIGN(const std::string last, markers.open(*marker));
    after = record_key::user_access_key(user.account, user.user_id, last);
  }
  TRY_ASSIGN(const auto listed,
             transaction.scan<Bytes>(user.account, Table::kUserAccessKeys, prefix, after, limit + 1));
  AccessKeyPage page;
  page.user_name = user.name;
  for (const Loaded<Bytes>& row : listed) {
    if (page.keys.size() == limit) {
      page.next_marker = markers.make(page.keys.back().access_key_id);
      break;
    }
    TRY_ASSIGN(AccessKey key, find_access_key(transaction, user, as_text(row.record)));
    page.keys.push_back(std::move(key));
  }
  return page;
}

Status update_access_key(Transaction& transaction, std::string_view user_name, std::string_view access_key_id,
                         bool active) {
  transaction.trail()
      .parameter("userName", user_name)
      .parameter("accessKeyId", access_key_id)
      .parameter("status", status_name(active));
  TRY_ASSIGN(const User user, find_user(transaction, user_name, "iam:UpdateAccessKey"));
  TRY_ASSIGN(AccessKey key, find_access_key(transaction, user, access_key_id));
  if (key.active == active) return {};
  key.active = active;
  TRY(transaction.put(kSystemAccount, Table::kAccessKeys, record_key::access_key(access_key_id), encode(key)));
  return save_user(transaction, user);
}

Status delete_access_key(Transaction& transaction, std::string_view user_name, std::string_view access_key_id) {
  transaction.trail().parameter("userName", user_name).parameter("accessKeyId", access_key_id);
  TRY_ASSIGN(User user, find_user(transaction, user_name, "iam:DeleteAccessKey"));
  TRY_ASSIGN(const AccessKey key, find_access_key(transaction, user, access_key_id));
  TRY(transaction.erase(Table::kAccessKeys, record_key::access_key(key.access_key_id)));
  TRY(transaction.erase(Table::kUserAccessKeys,
                        record_key::user_access_key(key.account, key.user_id, key.access_key_id)));
  TRY(transaction.erase(Table::kAccessKeyUses, record_key::access_key(key.access_key_id)));
  if (user.access_key_count > 0) --user.access_key_count;
  return save_user(transaction, user);
}

Result<AccessKeyLastUsed> get_access_key_last_used(Transaction& transaction, std::string_view access_key_id) {
  transaction.trail().parameter("accessKeyId", access_key_id);
  constexpr std::string_view kAction = "iam:GetAccessKeyLastUsed";
  const Bytes record = record_key::access_key(access_key_id);
  TRY_ASSIGN(const auto key, transaction.get<AccessKey>(kSystemAccount, Table::kAccessKeys, record));
  if (!key || key->account != transaction.account()) {
    TRY(transaction.authorize({kAction, "*", nullptr, false, {}}));
    return fail(ErrorCode::kNoSuchEntity, fmt::format("The Access Key with id {} cannot be found.", access_key_id));
  }
  AccessKeyLastUsed found;
  if (key->is_root()) {
    TRY(transaction.authorize({kAction, root_arn(key->account), nullptr, false, {}}));
  } else {
    TRY_ASSIGN(const auto user,
               transaction.get<User>(key->account, Table::kUsers, record_key::user(key->account, key->user_id)));
    if (!user) return fail(ErrorCode::kCorrupt, "The user of an access key is missing from the store.");
    TRY(authorize_for(transaction, *user, kAction));
    found.user_name = user->name;
  }
  TRY_ASSIGN(found.use, transaction.get<AccessKeyUse>(kSystemAccount, Table::kAccessKeyUses, record));
  if (transaction.access_key_uses() == nullptr) return found;
  if (auto newer = transaction.access_key_uses()->find(access_key_id)) found.use = std::move(newer);
  return found;
}

}  // namespace kagimori
