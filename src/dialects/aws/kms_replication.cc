// ReplicateKey, UpdatePrimaryRegion.

#include "dialects/aws/kms_members.h"
#include "dialects/aws/kms_operations.h"
#include "engine/replication.h"

namespace kagimori::aws {

JsonAnswer kms_replicate_key(JsonCall& call) {
  JsonMembers members(call.body);
  ReplicateKeyRequest request;
  request.key_id = members.required_text("KeyId", member::kKeyId);
  request.region = members.required_text("ReplicaRegion", member::kRegion);
  if (const auto policy = members.text("Policy", member::kPolicy)) request.policy = std::string(*policy);
  request.description = members.text("Description", member::kDescription).value_or("");
  request.tags = members.tags("Tags").value_or(std::vector<Tag>());
  request.bypass_policy_lockout_safety_check = members.boolean("BypassPolicyLockoutSafetyCheck").value_or(false);
  ANSWER_IF_FAILED(members.status());
  return answer_later([request = std::move(request)](Transaction& transaction) -> Result<std::string> {
    TRY_ASSIGN(const Replica replica, replicate_key(transaction, request));
    const KeyDescription& made = replica.description;
    std::string body;
    JsonWriter json(body);
    json.begin_object().key("ReplicaKeyMetadata");
    write_key_metadata(json, metadata_of(made));
    json.member("ReplicaPolicy", replica.policy).key("ReplicaTags").begin_array();
    for (const Tag& tag : made.key.tags) {
      json.begin_object().member("TagKey", tag.key).member("TagValue", tag.value).end_object();
    }
    json.end_array().end_object();
    return body;
  });
}

JsonAnswer kms_update_primary_region(JsonCall& call) {
  JsonMembers members(call.body);
  std::string key_id(members.required_text("KeyId", member::kKeyId));
  std::string region(members.required_text("PrimaryRegion", member::kRegion));
  ANSWER_IF_FAILED(members.status());
  return answer_later(
      [key_id = std::move(key_id), region = std::move(region)](Transaction& transaction) -> Result<std::string> {
        TRY(update_primary_region(transaction, key_id, region));
        return std::string();
      });
}

}  // namespace kagimori::aws
