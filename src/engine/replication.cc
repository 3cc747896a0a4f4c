#include "engine/replication.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/key_policies.h"
#include "engine/new_key.h"
#include "engine/related_keys.h"
#include "engine/replica_material.h"
#include "engine/tags.h"
#include "model/arn.h"
#include "policy/key_policy.h"

namespace kagimori {
namespace {

constexpr OperationInfo kCreateKey{"CreateKey", false, Plane::kManagement};

Status check_primary(const TransactionKey& key) {
  if (key.key.replication == ReplicationRole::kPrimary) return {};
  return fail(ErrorCode::kUnsupportedOperation, fmt::format("{} is not a multi-region primary key.", key.arn));
}

Status check_served(const Transaction& transaction, std::string_view region) {
  if (transaction.settings().serves(region)) return {};
  return fail(ErrorCode::kUnsupportedOperation,
              fmt::format("The Region {} is not served by this server. Its configuration, account.regions, names those "
                          "that are.",
                          region));
}

// What CreateKey asks for in the Region of the replica.
Status authorize_creation(Transaction& transaction, const Key& primary, const ReplicateKeyRequest& request) {
  RequestFacts facts;
  facts.key_spec = aws_key_spec(primary.type);
  facts.key_usage = aws_key_usage(primary.type);
  facts.key_origin = aws_origin(primary.origin);
  facts.multi_region = true;
  facts.multi_region_key_type = "REPLICA";
  facts.request_tags = request.tags;
  facts.bypass_policy_lockout_safety_check = request.bypass_policy_lockout_safety_check;
  TRY(transaction.authorize_in(request.region, {"kms:CreateKey", "*", nullptr, false, facts}));
  if (request.tags.empty()) return {};
  return transaction.authorize_in(request.region, {"kms:TagResource", "*", nullptr, false, facts});
}

Status check_new(const TransactionKey& primary, std::string_view region) {
  const auto& taken = primary.key.replica_regions;
  if (region != primary.key.region && std::find(taken.begin(), taken.end(), region) == taken.end()) return {};
  return fail(ErrorCode::kAlreadyExists,
              fmt::format("Unable to replicate key {} to region {}, as a related key already exists there.",
                          primary.key.key_id, region));
}

Key make_replica(Transaction& transaction, const Key& primary, const ReplicateKeyRequest& request) {
  Key key;
  key.row = RowId::make(transaction.random());
  key.account = primary.account;
  key.region = request.region;
  key.key_id = primary.key_id;
  key.owner = transaction.caller().identity->unique_id();
  key.type = primary.type;
  key.origin = primary.origin;
  key.export_rule = primary.export_rule;
  key.description = request.description;
  key.tags = request.tags;
  std::sort(key.tags.begin(), key.tags.end(), [](const Tag& a, const Tag& b) { return a.key < b.key; });
  key.created = transaction.lifecycle_now();
  key.replication = ReplicationRole::kReplica;
  key.primary_region = primary.region;
  key.primary_version = primary.primary_version;
  key.last_version = primary.last_version;
  if (key.origin == KeyOrigin::kImported) key.absent_versions = key.primary_version;
  key.replication_due = transaction.lifecycle_now();
  return key;
}

void tell_of_creation(Transaction& transaction, const Key& replica, const std::string& arn) {
  transaction.add_event(kCreateKey)
      .region(replica.region)
      .resource(arn)
      .parameter("description", replica.description)
      .parameter("keySpec", aws_key_spec(replica.type))
      .parameter("origin", aws_origin(replica.origin))
      .parameter_json("multiRegion", "true")
      .response("keyId", arn);
}

// Lets the two keys change roles; `target` is empty to take that back.
Status set_next_primary(Transaction& transaction, const Key& before, std::string_view target) {
  Key after = before;
  after.next_primary_region = target;
  return transaction.save_key(before, after);
}

}  // namespace

Result<Replica> replicate_key(Transaction& transaction, const ReplicateKeyRequest& request) {
  transaction.trail()
      .parameter("keyId", request.key_id)
      .parameter("replicaRegion", request.region)
      .parameter("description", request.description);
  TRY_ASSIGN(const TransactionKey found, transaction.find_key(request.key_id, false));
  RequestFacts facts;
  facts.replica_region = request.region;
  TRY(transaction.authorize_key("kms:ReplicateKey", found, facts));
  TRY(authorize_creation(transaction, found.key, request));
  TRY(check_key_state(KmsOperation::kReplicateKey, found.state(), found.arn));
  TRY(check_primary(found));
  TRY(check_served(transaction, request.region));
  TRY(check_new(found, request.region));
  TRY(check_tags(request.tags, transaction.settings().quotas.tags_per_key));
  TRY(check_key_quota(transaction, request.region));

  Key replica = make_replica(transaction, found.key, request);
  const std::string arn = key_arn(replica.region, replica.account, replica.key_id);
  transaction.trail().response("keyId", arn);
  std::string policy = request.policy.value_or(default_key_policy(replica.account));
  TRY(put_first_policy(transaction, replica, policy, request.bypass_policy_lockout_safety_check));
  TRY(copy_all_versions(transaction, found.key, replica));
  TRY(transaction.add_transition(replica, "", "Creating", "replicated"));
  TRY(enter_key(transaction, replica));
  tell_of_creation(transaction, replica, arn);

  Key primary = found.key;
  auto& regions = primary.replica_regions;
  regions.insert(std::lower_bound(regions.begin(), regions.end(), replica.region), replica.region);
  invalidate_related(transaction, primary);
  TRY(transaction.save_key(found.key, primary));
  transaction.request_sweep();
  TRY_ASSIGN(const auto version,
             transaction.get<KeyVersion>(primary.account, Table::kVersions,
                                         record_key::version(primary.account, primary.row, primary.primary_version)));
  if (!version) return fail(ErrorCode::kCorrupt, "The primary version of the key is missing from the store.");
  return Replica{{std::move(replica), arn, AwsKeyState::kCreating, version->material_id, regions, {}, {}},
                 std::move(policy)};
}

Status update_primary_region(Transaction& transaction, std::string_view key_id, std::string_view primary_region) {
  transaction.trail().parameter("keyId", key_id).parameter("primaryRegion", primary_region);
  TRY_ASSIGN(const TransactionKey found, transaction.find_key(key_id, false));
  RequestFacts facts;
  facts.primary_region = primary_region;
  TRY(transaction.authorize_key("kms:UpdatePrimaryRegion", found, facts));
  TRY(check_key_state(KmsOperation::kUpdatePrimaryRegion, found.state(), found.arn));
  TRY(check_primary(found));
  TRY(check_served(transaction, primary_region));
  if (primary_region == found.key.region) {
    return fail(ErrorCode::kUnsupportedOperation,
                fmt::format("{} is the primary key already. Name the Region of one of its replicas.", found.arn));
  }
  const std::string arn = key_arn(primary_region, found.key.account, found.key.key_id);
  TRY_ASSIGN(auto next, find_related(transaction, found.key, primary_region));
  if (!next) return fail(ErrorCode::kNotFound, fmt::format("Key '{}' does not exist", arn));
  TRY_ASSIGN(const TransactionKey replica, transaction.load_key(*std::move(next)));
  transaction.trail().resource(arn);
  TRY(transaction.authorize_key("kms:UpdatePrimaryRegion", replica, facts));
  TRY(check_key_state(KmsOperation::kUpdatePrimaryRegion, replica.state(), arn));

  const std::string& under_way = found.key.next_primary_region;
  if (!under_way.empty() && under_way != primary_region) {
    TRY_ASSIGN(const auto passed_over, find_related(transaction, found.key, under_way));
    if (passed_over) TRY(set_next_primary(transaction, *passed_over, ""));
  }
  TRY(set_next_primary(transaction, replica.key, primary_region));
  Key primary = found.key;
  primary.next_primary_region = primary_region;
  primary.replication_due = transaction.lifecycle_now();
  TRY(transaction.add_transition(primary, aws_key_state_name(found.state()), "Updating", "primary-region"));
  transaction.request_sweep();
  return transaction.save_key(found.key, primary);
}

}  // namespace kagimori
