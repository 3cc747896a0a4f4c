// GetKeyPolicy, PutKeyPolicy, ListKeyPolicies.

#include "dialects/aws/kms_operations.h"
#include "engine/key_policies.h"

namespace kagimori::aws {
namespace {

constexpr std::string_view kDefaultName = "default";

}  // namespace

JsonAnswer kms_get_key_policy(JsonCall& call) {
  JsonMembers members(call.body);
  std::string key_id(members.required_text("KeyId", member::kKeyId));
  std::string name(members.text("PolicyName", member::kPolicyName).value_or(kDefaultName));
  ANSWER_IF_FAILED(members.status());
  return answer_later(
      [key_id = std::move(key_id), name = std::move(name)](Transaction& transaction) -> Result<std::string> {
        TRY_ASSIGN(const std::string text, get_key_policy(transaction, key_id, name));
        std::string body;
        JsonWriter(body).begin_object().member("Policy", text).member("PolicyName", name).end_object();
        return body;
      });
}

JsonAnswer kms_put_key_policy(JsonCall& call) {
  JsonMembers members(call.body);
  std::string key_id(members.required_text("KeyId", member::kKeyId));
  std::string name(members.text("PolicyName", member::kPolicyName).value_or(kDefaultName));
  std::string policy(members.required_text("Policy", member::kPolicy));
  const bool bypass = members.boolean("BypassPolicyLockoutSafetyCheck").value_or(false);
  ANSWER_IF_FAILED(members.status());
  return answer_later([key_id = std::move(key_id), name = std::move(name), policy = std::move(policy),
                       bypass](Transaction& transaction) -> Result<std::string> {
    TRY(put_key_policy(transaction, key_id, name, policy, bypass));
    return std::string();
  });
}

JsonAnswer kms_list_key_policies(JsonCall& call) {
  JsonMembers members(call.body);
  std::string key_id(members.required_text("KeyId", member::kKeyId));
  members.limit(service_limit::kKeyPolicyPage);
  const bool has_marker = members.text("Marker", member::kMarker).has_value();
  ANSWER_IF_FAILED(members.status());
  return answer_later([key_id = std::move(key_id), has_marker](Transaction& transaction) -> Result<std::string> {
    TRY(list_key_policies(transaction, key_id));
    // AWS's model has no InvalidMarkerException for this operation.
    if (has_marker)
      return fail(ErrorCode::kValidation, "The marker is not valid. This list has one page: leave it out.");
    std::string body;
    JsonWriter json(body);
    json.begin_object().key("PolicyNames").begin_array().string(kDefaultName).end_array();
    json.member("Truncated", false).end_object();
    return body;
  });
}

}  // namespace kagimori::aws
