#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/caller.h"
#include "engine/recipient.h"
#include "model/key.h"
#include "policy/decision.h"
#include "policy/policy.h"
#include "seal/ciphertext.h"

namespace kagimori {

// The key that a permission is asked for.
struct AccessKeyTarget {
  const Key* key = nullptr;
  std::string_view arn;
  const CompiledPolicy* policy = nullptr;  // null: no key policy takes part (RetireGrant)
  std::span<const std::string> aliases;
};

// A resource that is no key and has a policy: a role, to who would assume it.
struct TrustTarget {
  const CompiledPolicy* policy = nullptr;
  std::string_view account;
};

// One value of a condition key of IAM or STS; a key may come several times. The key is in lower case.
struct ConditionFact {
  std::string_view key;
  std::string_view value;
};

// What of a request its condition keys need (facts: AWS service authorization reference, "Condition keys for AWS KMS").
// Members stay empty where they have no meaning.
struct RequestFacts {
  std::span<const ContextPair> encryption_context;
  std::string_view encryption_algorithm;
  std::string_view request_alias;  // the alias that the request named the key by
  std::span<const Tag> request_tags;
  std::span<const std::string> request_tag_keys;  // UntagResource
  std::span<const Tag> resource_tags;             // of a resource that is no key
  std::optional<bool> bypass_policy_lockout_safety_check;
  std::optional<bool> reencrypt_on_same_key;
  std::optional<std::int64_t> rotation_period_days;
  std::optional<std::int64_t> pending_window_days;
  std::optional<std::int64_t> trailing_days_without_usage;  // of the key: DisableKey, ScheduleKeyDeletion
  std::string_view signing_algorithm, mac_algorithm, message_type, key_agreement_algorithm, data_key_pair_spec;
  // GetParametersForImport, ImportKeyMaterial.
  std::string_view wrapping_algorithm, wrapping_key_spec, expiration_model;
  std::optional<Timestamp> valid_to;
  // ReplicateKey, UpdatePrimaryRegion.
  std::string_view replica_region, primary_region;
  // CreateGrant, and RetireGrant for the constraint's type.
  std::span<const std::string_view> grant_operations;
  std::string_view grantee_principal, grantee_service_principal, retiring_principal, retiring_service_principal;
  std::string_view grant_constraint_type, grant_constraint_source_arn;
  std::optional<bool> grant_is_for_aws_resource;
  // CreateKey, where there is no key yet.
  std::string_view key_spec, key_usage, key_origin;
  std::optional<bool> multi_region;
  std::string_view multi_region_key_type;
  const AttestedRecipient* recipient = nullptr;  // whom the answer is for; null: the caller
  std::span<const ConditionFact> extra;          // iam:*, sts:*
};

// The grants that may allow a request. Asked only where the policies don't allow it and nothing denies it.
class GrantSource {
 public:
  virtual ~GrantSource() = default;
  // Whether a grant to `identity` (GrantParty::identity) allows it; kCacheMiss, or an error of the store.
  virtual Result<bool> allows(std::string_view identity) = 0;
};

struct AccessRequest {
  std::string_view action;               // "kms:Encrypt"
  std::string_view resource;             // ARN; "*" for operations without a resource
  const AccessKeyTarget* key = nullptr;  // null: IAM-only (CreateKey, ListKeys, an alias as resource, iam:*)
  bool cross_account_operation = false;
  RequestFacts facts;
  std::string_view shown_resource = {};  // what a refusal calls the resource; empty: `resource`
  GrantSource* grants = nullptr;
  const TrustTarget* trust = nullptr;  // of sts:AssumeRole and the like, instead of a key
};

// Who a caller is to grants (GrantParty::identity): by itself, where a grant is enough, and as one of its account,
// where its identity policies must allow too.
struct GranteeIdentities {
  std::vector<std::string> own;
  std::string_view account;
};
GranteeIdentities grantee_identities(const IdentitySnapshot& who);

// The one gate: every verb passes it before it touches anything. kAccessDenied with AWS's sentence, or an error of the
// request's grants. Pure but for them.
Status authorize(const Caller& caller, const AccessRequest& request);

// As authorize, with the key policy of the target replaced: what PutKeyPolicy's lock-out check asks. Denied -> false.
bool would_allow(const Caller& caller, const AccessRequest& request);

}  // namespace kagimori
