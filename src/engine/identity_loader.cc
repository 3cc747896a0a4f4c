#include <fmt/format.h>

#include <algorithm>

#include "engine/loader.h"
#include "engine/managed_policy_lookup.h"
#include "model/arn.h"

namespace kagimori {
namespace {

tl::unexpected<Error> missing(std::string_view what, std::string_view of) {
  return fail(ErrorCode::kCorrupt,
              fmt::format("The {} of {} is missing from the store; restore it from a backup.", what, of));
}

// IAM compares the keys of tags without regard to case.
void overlay(std::vector<Tag>& tags, const std::vector<Tag>& over) {
  for (const Tag& tag : over) {
    std::erase_if(tags, [&](const Tag& under) { return lower_case(under.key) == lower_case(tag.key); });
    tags.push_back(tag);
  }
}

// Fills a snapshot, and keeps book of the records that it is made of.
class IdentityLoader {
 public:
  IdentityLoader(RecordReader& reader, IdentitySnapshot& snapshot) : reader_(reader), snapshot_(snapshot) {}

  template <typename T>
  Result<std::optional<T>> get(std::string_view account, Table table, const Bytes& key) {
    TRY_ASSIGN(auto loaded, reader_.get<T>(account, table, key));
    snapshot_.basis.push_back({table, key, loaded ? loaded->revision : 0});
    if (!loaded) return std::optional<T>{};
    return std::optional(std::move(loaded->record));
  }

  // False when there is no such access key.
  Result<bool> load_access_key(std::string_view access_key_id) {
    TRY_ASSIGN(auto key, get<AccessKey>(kSystemAccount, Table::kAccessKeys, record_key::access_key(access_key_id)));
    if (!key) return false;
    snapshot_.access_key = *std::move(key);
    TRY_ASSIGN(snapshot_.secret, unwrap(material_binding(snapshot_.access_key), snapshot_.access_key.secret));
    return true;
  }

  // False when there is no such session, or its role is gone.
  Result<bool> load_session(std::string_view access_key_id) {
    TRY_ASSIGN(auto session, get<Session>(kSystemAccount, Table::kSessions, record_key::access_key(access_key_id)));
    if (!session) return false;
    snapshot_.access_key.access_key_id = session->access_key_id;
    snapshot_.access_key.account = session->account;
    snapshot_.access_key.user_id = session->principal_id;
    snapshot_.access_key.created = session->created;
    TRY_ASSIGN(snapshot_.secret, unwrap(material_binding(*session), session->secret));
    snapshot_.session.emplace().record = *std::move(session);
    return true;
  }

  Status load_account() {
    TRY_ASSIGN(auto owner,
               reader_.get<Account>(kSystemAccount, Table::kAccounts, record_key::account(snapshot_.account())));
    if (!owner) return missing("account record", snapshot_.account());
    snapshot_.account_is_operator = owner->record.is_operator;
    snapshot_.owners.push_back(snapshot_.unique_id());
    return {};
  }

  // False when the user is gone, which only a session outlives.
  Result<bool> load_user() {
    const std::string& account = snapshot_.account();
    TRY_ASSIGN(auto user, get<User>(account, Table::kUsers, record_key::user(account, snapshot_.unique_id())));
    if (!user && snapshot_.session) return false;
    if (!user) return missing("user record", snapshot_.unique_id());
    snapshot_.user_name = user->name;
    snapshot_.tags = user->tags;
    snapshot_.arn = user_arn(account, user->path, user->name);
    TRY(add_policies(user->user_id, user->policy_count, user->attached_policy_count));
    TRY(set_boundary(user->permissions_boundary));
    TRY_ASSIGN(const auto groups,
               reader_.scan_all<Bytes>(account, Table::kUserGroups, record_key::iam_links_of(account, user->user_id)));
    if (groups.size() != user->group_count) return missing("group", user->user_id);
    for (const Loaded<Bytes>& group : groups) TRY(add_group(as_text(group.record)));
    return true;
  }

  Result<bool> load_role() {
    const std::string& account = snapshot_.account();
    TRY_ASSIGN(auto role, get<Role>(account, Table::kRoles, record_key::iam_entity(account, snapshot_.unique_id())));
    if (!role) return false;
    IdentitySession& session = *snapshot_.session;
    session.role_name = role->name;
    session.role_arn = iam_arn(account, "role", role->path, role->name);
    session.assumed_role_id = role->role_id + ":" + session.record.role_session_name;
    snapshot_.arn = assumed_role_arn(account, role->name, session.record.role_session_name);
    snapshot_.tags = role->tags;
    overlay(snapshot_.tags, session.record.tags);
    TRY(add_policies(role->role_id, role->policy_count, role->attached_policy_count));
    TRY(set_boundary(role->permissions_boundary));
    TRY(add_session_policies());
    return true;
  }

 private:
  using Policies = std::vector<std::shared_ptr<const CompiledPolicy>>;

  Result<SecretBytes> unwrap(const MaterialBinding& binding, const WrappedMaterial& secret) {
    return reader_.keyrings().unwrap(reader_.crypto(), binding, secret);
  }

  Status add_text(Policies& policies, std::string_view text) {
    TRY_ASSIGN(auto compiled, CompiledPolicy::compile(text, PolicyKind::kIdentity, {}));
    policies.push_back(std::move(compiled));
    return {};
  }
  Status add_managed(Policies& policies, const ManagedPolicy& policy) {
    snapshot_.owners.push_back(policy.policy_id);
    TRY_ASSIGN(const std::string text, default_text(*this, policy));
    return add_text(policies, text);
  }

  // What hangs on a user, role or group. Their own records count it, so no list needs to be expected.
  Status add_policies(std::string_view id, std::size_t inline_count, std::size_t attached_count) {
    const std::string& account = snapshot_.account();
    TRY_ASSIGN(const auto own,
               reader_.scan_all<UserPolicy>(account, Table::kUserPolicies, record_key::user_policies_of(account, id)));
    if (own.size() != inline_count) return missing("policy", id);
    for (const Loaded<UserPolicy>& policy : own) TRY(add_text(snapshot_.policies, policy.record.text));
    TRY_ASSIGN(const auto attached,
               reader_.scan_all<Bytes>(account, Table::kAttachedPolicies, record_key::iam_links_of(account, id)));
    if (attached.size() != attached_count) return missing("attached policy", id);
    for (const Loaded<Bytes>& row : attached) {
      TRY_ASSIGN(const auto policy, policy_by_id(*this, account, as_text(row.record)));
      if (!policy) return missing("record", as_text(row.record));
      TRY(add_managed(snapshot_.policies, *policy));
    }
    return {};
  }

  Status add_group(std::string_view group_id) {
    const std::string& account = snapshot_.account();
    snapshot_.owners.emplace_back(group_id);
    TRY_ASSIGN(const auto group, get<Group>(account, Table::kGroups, record_key::iam_entity(account, group_id)));
    if (!group) return missing("group record", group_id);
    return add_policies(group_id, group->policy_count, group->attached_policy_count);
  }

  // A boundary whose policy is gone allows nothing.
  Status set_boundary(std::string_view arn) {
    if (arn.empty()) return {};
    snapshot_.is_bounded = true;
    TRY_ASSIGN(const auto policy, policy_by_arn(*this, snapshot_.account(), arn));
    if (!policy) return {};
    Policies only;
    TRY(add_managed(only, *policy));
    snapshot_.boundary = std::move(only.front());
    return {};
  }

  Status add_session_policies() {
    const Session& session = snapshot_.session->record;
    if (!session.policy.empty()) TRY(add_text(snapshot_.session_policies, session.policy));
    for (const std::string& arn : session.policy_arns) {
      TRY_ASSIGN(const auto policy, policy_by_arn(*this, session.account, arn));
      if (policy) TRY(add_managed(snapshot_.session_policies, *policy));
    }
    return {};
  }

  RecordReader& reader_;
  IdentitySnapshot& snapshot_;
};

}  // namespace

Result<std::shared_ptr<const IdentitySnapshot>> load_identity(RecordReader& reader, std::string_view access_key_id) {
  using Answer = std::shared_ptr<const IdentitySnapshot>;
  auto snapshot = std::make_shared<IdentitySnapshot>();
  IdentityLoader loader(reader, *snapshot);
  const bool temporary = access_key_id.starts_with("ASIA");
  TRY_ASSIGN(const bool found, temporary ? loader.load_session(access_key_id) : loader.load_access_key(access_key_id));
  if (!found) return Answer{};
  TRY(loader.load_account());
  if (snapshot->is_root()) {
    snapshot->arn = root_arn(snapshot->account());
    return Answer(std::move(snapshot));
  }
  TRY_ASSIGN(const bool is_there, snapshot->is_role_session() ? loader.load_role() : loader.load_user());
  return is_there ? Answer(std::move(snapshot)) : Answer{};
}

}  // namespace kagimori
