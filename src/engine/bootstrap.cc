#include "engine/bootstrap.h"

#include <fmt/format.h>

#include "engine/new_access_key.h"
#include "engine/offline_event.h"
#include "engine/principals.h"
#include "engine/records.h"
#include "engine/user_name.h"
#include "model/arn.h"
#include "seal/sealed_batch.h"

namespace kagimori {
namespace {

constexpr std::string_view kPolicyName = "AdministratorAccess";
constexpr std::string_view kPolicy =
    R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]})";
constexpr std::size_t kMaxAccessKeys = 1'000;

Bytes event_line(RandomSource& random, Timestamp now, std::string_view name, std::string_view account,
                 const std::string& access_key_id) {
  return offline_event(random, now, name, account, {{"accountId", std::string(account)}},
                       {{"accessKeyId", access_key_id}});
}

Status put_access_key(SealedBatch& batch, const AccessKey& key) {
  TRY(batch.put(kSystemAccount, Table::kAccessKeys, record_key::access_key(key.access_key_id), 0, encode(key)));
  return batch.put(key.account, Table::kUserAccessKeys,
                   record_key::user_access_key(key.account, key.user_id, key.access_key_id), 0,
                   as_bytes(key.access_key_id));
}

Status put_administrator(SealedBatch& batch, const User& user) {
  const UserPolicy policy{user.account, user.user_id, std::string(kPolicyName), std::string(kPolicy), user.created};
  TRY(batch.put(user.account, Table::kUsers, record_key::user(user.account, user.user_id), 0, encode(user)));
  TRY(batch.put(user.account, Table::kUserNames, record_key::user_name(user.account, lower_case(user.name)), 0,
                as_bytes(user.user_id)));
  return batch.put(user.account, Table::kUserPolicies, record_key::user_policy(user.account, user.user_id, policy.name),
                   0, encode(policy));
}

Status check_new_account(std::string_view account, std::string_view user_name) {
  if (!is_account_id(account) || account == kSystemAccount) {
    return fail(ErrorCode::kValidation,
                fmt::format("'{}' is no account number. It has 12 digits that are not all zero.", account));
  }
  TRY(check_iam_name("userName", user_name));
  if (user_name.size() <= kMaxUserName) return {};
  return fail(ErrorCode::kValidation, fmt::format("A user name has at most {} characters.", kMaxUserName));
}

Status remove_root_keys(RecordReader& reader, SealedBatch& batch, std::string_view account) {
  TRY_ASSIGN(const auto listed,
             reader.scan<Bytes>(account, Table::kUserAccessKeys, record_key::user_access_keys_of(account, account), {},
                                kMaxAccessKeys));
  for (const Loaded<Bytes>& row : listed) {
    const Bytes key = record_key::access_key(as_text(row.record));
    batch.remove(Table::kUserAccessKeys, row.key, row.revision);
    TRY_ASSIGN(const auto old, reader.get<AccessKey>(kSystemAccount, Table::kAccessKeys, key));
    if (old) batch.remove(Table::kAccessKeys, key, old->revision);
  }
  return {};
}

}  // namespace

Result<BootstrapCredentials> bootstrap_operator_account(Store& store, Keyrings& keyrings, CryptoContext& crypto,
                                                        RandomSource& random, const Clock& clock,
                                                        std::string_view account, std::string_view name,
                                                        std::string_view user_name) {
  TRY(check_new_account(account, user_name));
  const Timestamp now = clock.now();
  TRY_ASSIGN(const auto read, store.read());
  SealedBatch batch(keyrings, crypto, read->store_revision());
  TRY(keyrings.create_account(crypto, account, batch.batch()));

  const Account record{std::string(account), std::string(name), now, true};
  TRY(batch.put(kSystemAccount, Table::kAccounts, record_key::account(account), 0, encode(record)));
  User user;
  user.account = account;
  user.user_id = make_user_id(random);
  user.name = user_name;
  user.path = "/";
  user.created = now;
  user.policy_count = 1;
  user.access_key_count = 1;
  user.policy_revision = 1;
  TRY(put_administrator(batch, user));
  TRY_ASSIGN(NewAccessKey key, make_access_key(keyrings, crypto, random, account, user.user_id, now));
  TRY(put_access_key(batch, key.record));
  batch.batch().events.push_back(event_line(random, now, "CreateAccount", account, key.record.access_key_id));
  TRY(store.commit_and_wait(std::move(batch).take()));
  return BootstrapCredentials{user_arn(account, user.path, user.name), key.record.access_key_id, std::move(key.secret)};
}

Result<BootstrapCredentials> recover_root_credentials(Store& store, Keyrings& keyrings, CryptoContext& crypto,
                                                      RandomSource& random, const Clock& clock,
                                                      std::string_view account) {
  const Timestamp now = clock.now();
  TRY_ASSIGN(const auto read, store.read());
  RecordReader reader(crypto, keyrings, *read);
  const Bytes account_key = record_key::account(account);
  TRY_ASSIGN(const auto record, reader.get<Account>(kSystemAccount, Table::kAccounts, account_key));
  if (!record) {
    return fail(ErrorCode::kNotFound, fmt::format("This store has no account {}. Give one that it has.", account));
  }
  SealedBatch batch(keyrings, crypto, read->store_revision());
  batch.expect(Table::kAccounts, account_key, record->revision);
  TRY(remove_root_keys(reader, batch, account));
  TRY_ASSIGN(NewAccessKey key, make_access_key(keyrings, crypto, random, account, account, now));
  TRY(put_access_key(batch, key.record));
  batch.batch().events.push_back(event_line(random, now, "RecoverRootCredentials", account, key.record.access_key_id));
  TRY(store.commit_and_wait(std::move(batch).take()));
  return BootstrapCredentials{root_arn(account), key.record.access_key_id, std::move(key.secret)};
}

}  // namespace kagimori
