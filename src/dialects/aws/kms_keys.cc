// CreateKey, ListKeys, EnableKey, DisableKey, UpdateKeyDescription, ScheduleKeyDeletion, CancelKeyDeletion.

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "dialects/aws/kms_members.h"
#include "dialects/aws/kms_operations.h"
#include "model/arn.h"

namespace kagimori::aws {
namespace {

constexpr std::array<std::string_view, 2> kResourceOwners = {"SELF", "OTHER_ACCOUNTS_VIA_RAM"};

// The custom key store, and the key in an external one, that are asked for.
Status read_key_store(std::optional<std::string_view> origin, std::optional<std::string_view> store_id,
                      std::optional<std::string_view> xks_key_id, CreateKeyRequest& request) {
  const bool is_external = origin == "EXTERNAL_KEY_STORE";
  if (xks_key_id && !is_external) {
    return fail(ErrorCode::kValidation, "XksKeyId is valid only with Origin EXTERNAL_KEY_STORE.");
  }
  if (!is_external && origin != "AWS_CLOUDHSM") {
    if (!store_id) return {};
    return fail(ErrorCode::kValidation,
                "CustomKeyStoreId is valid only with the Origin of that store, EXTERNAL_KEY_STORE or AWS_CLOUDHSM.");
  }
  if (!store_id || (is_external && !xks_key_id)) {
    return fail(ErrorCode::kValidation, is_external
                                            ? "Origin EXTERNAL_KEY_STORE needs a CustomKeyStoreId and an XksKeyId."
                                            : "Origin AWS_CLOUDHSM needs a CustomKeyStoreId.");
  }
  if (aws_key_spec(request.type) != "SYMMETRIC_DEFAULT" || request.multi_region) {
    return fail(ErrorCode::kUnsupportedOperation,
                "A key in a custom key store is a symmetric encryption key (SYMMETRIC_DEFAULT) of a single Region.");
  }
  request.origin = is_external ? KeyOrigin::kExternalKeyStore : KeyOrigin::kHsm;
  request.external = ExternalKey{std::string(*store_id), std::string(xks_key_id.value_or(""))};
  if (!is_external) request.hsm_key = std::make_shared<NewHsmKey>();
  return {};
}

// The kind of key that is asked for, and where it is to be.
Status read_key_type(JsonMembers& members, CreateKeyRequest& request) {
  const auto spec = members.enumeration("KeySpec", kKeySpecs);
  const auto old_spec = members.enumeration("CustomerMasterKeySpec", kCustomerMasterKeySpecs);
  const auto usage = members.enumeration("KeyUsage", kKeyUsages);
  const auto origin = members.enumeration("Origin", kOrigins);
  const auto store_id = members.text("CustomKeyStoreId", member::kCustomKeyStoreId);
  const auto xks_key_id = members.text("XksKeyId", member::kXksKeyId);
  TRY(members.status());
  if (spec && old_spec && *spec != *old_spec) {
    return fail(ErrorCode::kValidation, "KeySpec and CustomerMasterKeySpec differ. Give KeySpec alone.");
  }
  const std::string_view chosen = spec.value_or(old_spec.value_or("SYMMETRIC_DEFAULT"));
  TRY_ASSIGN(request.type, aws_key_type(chosen, usage.value_or(std::string_view())));
  if (origin == "EXTERNAL") request.origin = KeyOrigin::kImported;
  return read_key_store(origin, store_id, xks_key_id, request);
}

// The generation of a key pair, which takes long: before the store is read, and only for who may have it. The others
// learn from the transaction why not.
Engine::Prepare generation(const Caller& caller, const CreateKeyRequest& request,
                           const std::shared_ptr<std::optional<KeyMaterial>>& made) {
  if (!key_pair_spec(request.type) || request.origin == KeyOrigin::kImported) return {};
  return [caller, request, made](PoolThread& thread) {
    if (!admit_create_key(*thread.crypto, caller, request)) return;
    auto material = generate_key_material(*thread.crypto, *thread.random, request.type);
    if (material) made->emplace(*std::move(material));
  };
}

// Whose keys to list. No key is shared through Resource Access Manager here, so only one's own can be asked for.
Status check_resource_owners(JsonMembers& members) {
  const auto owners = members.enumerations("ResourceOwners", kResourceOwners, &member::kResourceOwnerCount);
  TRY(members.status());
  if (owners && std::find(owners->begin(), owners->end(), "SELF") == owners->end()) {
    return fail(ErrorCode::kUnsupportedOperation,
                "ResourceOwners OTHER_ACCOUNTS_VIA_RAM is not supported by this server.");
  }
  return {};
}

// An operation whose only member is KeyId and whose answer is empty.
JsonAnswer simple_key_operation(JsonCall& call, Status (*operation)(Transaction&, std::string_view)) {
  JsonMembers members(call.body);
  std::string key_id(members.required_text("KeyId", member::kKeyId));
  ANSWER_IF_FAILED(members.status());
  return answer_later([key_id = std::move(key_id), operation](Transaction& transaction) -> Result<std::string> {
    TRY(operation(transaction, key_id));
    return std::string();
  });
}

}  // namespace

JsonAnswer kms_create_key(JsonCall& call) {
  JsonMembers members(call.body);
  CreateKeyRequest request;
  if (const auto policy = members.text("Policy", member::kPolicy)) request.policy = std::string(*policy);
  request.description = members.text("Description", member::kDescription).value_or("");
  request.tags = members.tags("Tags").value_or(std::vector<Tag>());
  request.bypass_policy_lockout_safety_check = members.boolean("BypassPolicyLockoutSafetyCheck").value_or(false);
  request.multi_region = members.boolean("MultiRegion").value_or(false);
  ANSWER_IF_FAILED(read_key_type(members, request));
  const auto material = std::make_shared<std::optional<KeyMaterial>>();
  const bool calls_outside = request.external.has_value();
  Engine::Prepare prepare = generation(call.caller, request, material);
  const auto work = [request = std::move(request), material](Transaction& transaction) -> Result<std::string> {
    TRY_ASSIGN(const KeyDescription made,
               create_key(transaction, request, material->has_value() ? &**material : nullptr));
    std::string body;
    JsonWriter json(body);
    json.begin_object().key("KeyMetadata");
    write_key_metadata(json, metadata_of(made));
    json.end_object();
    return body;
  };
  if (calls_outside) return answer_from_outside(work);
  return answer_later(work, std::move(prepare));
}

JsonAnswer kms_enable_key(JsonCall& call) { return simple_key_operation(call, enable_key); }
JsonAnswer kms_disable_key(JsonCall& call) { return simple_key_operation(call, disable_key); }

JsonAnswer kms_list_keys(JsonCall& call) {
  JsonMembers members(call.body);
  const std::size_t limit = members.limit(service_limit::kKeyPage);
  std::optional<std::string> marker;
  if (const auto text = members.text("Marker", member::kMarker)) marker = std::string(*text);
  ANSWER_IF_FAILED(check_resource_owners(members));
  return answer_later([limit, marker = std::move(marker)](Transaction& transaction) -> Result<std::string> {
    TRY_ASSIGN(const KeyList list, list_keys(transaction, limit, marker));
    std::string body;
    JsonWriter json(body);
    json.begin_object().key("Keys").begin_array();
    for (const std::string& key_id : list.key_ids) {
      json.begin_object().member("KeyId", key_id);
      json.member("KeyArn", key_arn(transaction.region(), transaction.account(), key_id)).end_object();
    }
    json.end_array();
    if (list.next_marker) json.member("NextMarker", *list.next_marker);
    json.member("Truncated", list.next_marker.has_value()).end_object();
    return body;
  });
}

JsonAnswer kms_update_key_description(JsonCall& call) {
  JsonMembers members(call.body);
  std::string key_id(members.required_text("KeyId", member::kKeyId));
  std::string description(members.required_text("Description", member::kDescription));
  ANSWER_IF_FAILED(members.status());
  return answer_later([key_id = std::move(key_id),
                       description = std::move(description)](Transaction& transaction) -> Result<std::string> {
    TRY(update_key_description(transaction, key_id, description));
    return std::string();
  });
}

JsonAnswer kms_schedule_key_deletion(JsonCall& call) {
  JsonMembers members(call.body);
  std::string key_id(members.required_text("KeyId", member::kKeyId));
  const auto days = members.integer("PendingWindowInDays", member::kPendingWindowInDays);
  ANSWER_IF_FAILED(members.status());
  return answer_later([key_id = std::move(key_id), days](Transaction& transaction) -> Result<std::string> {
    TRY_ASSIGN(const ScheduledDeletion scheduled, schedule_key_deletion(transaction, key_id, days));
    std::string body;
    JsonWriter json(body);
    json.begin_object().member("KeyId", scheduled.key_arn);
    if (scheduled.deletion_date) json.member("DeletionDate", *scheduled.deletion_date);
    json.member("KeyState", aws_key_state_name(scheduled.state))
        .member("PendingWindowInDays", scheduled.window_days)
        .end_object();
    return body;
  });
}

JsonAnswer kms_get_key_last_usage(JsonCall& call) {
  JsonMembers members(call.body);
  std::string key_id(members.required_text("KeyId", member::kKeyId));
  ANSWER_IF_FAILED(members.status());
  return answer_later([key_id = std::move(key_id)](Transaction& transaction) -> Result<std::string> {
    TRY_ASSIGN(const KeyUsageAnswer answer, get_key_last_usage(transaction, key_id));
    std::string body;
    JsonWriter json(body);
    json.begin_object().member("KeyId", answer.key_id);
    if (answer.last_usage) write_last_usage(json, *answer.last_usage);
    json.member("TrackingStartDate", answer.created).member("KeyCreationDate", answer.created).end_object();
    return body;
  });
}

JsonAnswer kms_cancel_key_deletion(JsonCall& call) {
  JsonMembers members(call.body);
  std::string key_id(members.required_text("KeyId", member::kKeyId));
  ANSWER_IF_FAILED(members.status());
  return answer_later([key_id = std::move(key_id)](Transaction& transaction) -> Result<std::string> {
    TRY_ASSIGN(const std::string arn, cancel_key_deletion(transaction, key_id));
    std::string body;
    JsonWriter(body).begin_object().member("KeyId", arn).end_object();
    return body;
  });
}

}  // namespace kagimori::aws
