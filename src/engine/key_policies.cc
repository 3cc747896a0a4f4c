#include "engine/key_policies.h"

#include <fmt/format.h>

#include "engine/loader.h"
#include "engine/principals.h"
#include "model/arn.h"
#include "policy/key_policy.h"

namespace kagimori {
namespace {

constexpr std::string_view kOnlyName = "default";

Status check_name(std::string_view policy_name) {
  if (policy_name == kOnlyName) return {};
  return fail(ErrorCode::kNotFound, fmt::format("No such policy exists. The only policy name is '{}'.", kOnlyName));
}

// Binds every principal that the text names to its unique id, as of now.
Result<KeyPolicy> make_policy(Transaction& transaction, const Key& key, std::string text) {
  const std::size_t limit = transaction.settings().quotas.policy_bytes;
  if (text.size() > limit) {
    return fail(ErrorCode::kLimitExceeded,
                fmt::format("The key policy has {} bytes; at most {} are allowed.", text.size(), limit));
  }
  KeyPolicy policy;
  policy.row = key.row;
  policy.account = key.account;
  policy.version = key.policy_version;
  TRY_ASSIGN(const std::vector<std::string> named, named_principals(text, PolicyKind::kKey));
  for (const std::string& principal : named) {
    TRY_ASSIGN(const std::optional<NamedPrincipal> user, find_principal(transaction, principal));
    if (!user) {
      return fail(ErrorCode::kMalformedPolicyDocument,
                  "Policy contains a statement with one or more invalid principals.");
    }
    policy.bindings.emplace_back(user->arn, user->unique_id);
  }
  policy.text = std::move(text);
  policy.when = transaction.lifecycle_now();
  policy.by = transaction.caller().identity->arn;
  return policy;
}

Status check_lockout(Transaction& transaction, const Key& key, const CompiledPolicy& policy,
                     std::span<const std::string> aliases) {
  const std::string arn = key_arn(key.region, key.account, key.key_id);
  const AccessKeyTarget target{&key, arn, &policy, aliases};
  RequestFacts facts;
  facts.bypass_policy_lockout_safety_check = false;
  Caller caller = transaction.caller();
  caller.region = key.region;
  if (would_allow(caller, {"kms:PutKeyPolicy", arn, &target, false, facts})) return {};
  return fail(ErrorCode::kMalformedPolicyDocument,
              "The new key policy will not allow you to update the key policy in the future.");
}

Status save_policy(Transaction& transaction, const KeyPolicy& policy) {
  return transaction.put_new(policy.account, Table::kKeyPolicies,
                             record_key::key_policy(policy.account, policy.row, policy.version), encode(policy));
}

}  // namespace

Status put_first_policy(Transaction& transaction, const Key& key, std::string text, bool bypass_lockout_check) {
  TRY_ASSIGN(const KeyPolicy policy, make_policy(transaction, key, std::move(text)));
  TRY_ASSIGN(const auto compiled, compile_key_policy(policy));
  if (!bypass_lockout_check) TRY(check_lockout(transaction, key, *compiled, {}));
  return save_policy(transaction, policy);
}

Status put_key_policy(Transaction& transaction, std::string_view key_id, std::string_view policy_name, std::string text,
                      bool bypass_lockout_check) {
  transaction.trail().parameter("keyId", key_id).parameter("policyName", policy_name).parameter("policy", text);
  transaction.trail().parameter_json("bypassPolicyLockoutSafetyCheck", bypass_lockout_check ? "true" : "false");
  TRY_ASSIGN(const TransactionKey found, transaction.find_key(key_id, false));
  RequestFacts facts;
  facts.bypass_policy_lockout_safety_check = bypass_lockout_check;
  TRY(transaction.authorize_key("kms:PutKeyPolicy", found, facts));
  TRY(check_name(policy_name));
  TRY(check_key_state(KmsOperation::kPutKeyPolicy, found.state(), found.arn));
  Key key = found.key;
  ++key.policy_version;
  TRY_ASSIGN(const KeyPolicy policy, make_policy(transaction, key, std::move(text)));
  TRY_ASSIGN(const auto compiled, compile_key_policy(policy));
  if (!bypass_lockout_check) TRY(check_lockout(transaction, key, *compiled, found.aliases));
  TRY(save_policy(transaction, policy));
  return transaction.save_key(found.key, key);
}

Result<std::string> get_key_policy(Transaction& transaction, std::string_view key_id, std::string_view policy_name) {
  transaction.trail().parameter("keyId", key_id).parameter("policyName", policy_name);
  TRY_ASSIGN(const TransactionKey found, transaction.find_key(key_id, false));
  TRY(transaction.authorize_key("kms:GetKeyPolicy", found));
  TRY(check_name(policy_name));
  PrincipalNames shown;
  for (const auto& [arn, unique_id] : found.policy_record.bindings) {
    TRY_ASSIGN(const std::optional<NamedPrincipal> user, find_principal(transaction, arn));
    const bool is_there = user && user->unique_id == unique_id;
    // A session is named by its ARN alone; its unique id is its role's.
    if (is_there && arn.find(":assumed-role/") != std::string::npos) continue;
    shown.emplace(is_there ? unique_id : arn, is_there ? arn : unique_id);
  }
  return render_key_policy(found.policy_record.text, shown);
}

Status list_key_policies(Transaction& transaction, std::string_view key_id) {
  transaction.trail().parameter("keyId", key_id);
  TRY_ASSIGN(const TransactionKey found, transaction.find_key(key_id, false));
  return transaction.authorize_key("kms:ListKeyPolicies", found);
}

}  // namespace kagimori
