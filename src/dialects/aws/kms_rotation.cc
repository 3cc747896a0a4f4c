// EnableKeyRotation, DisableKeyRotation, GetKeyRotationStatus, RotateKeyOnDemand, ListKeyRotations.

#include <algorithm>

#include "dialects/aws/kms_members.h"
#include "dialects/aws/kms_operations.h"
#include "engine/rotation.h"
#include "model/arn.h"

namespace kagimori::aws {
namespace {

std::string_view material_state(const RotationList& list, const KeyVersion& version) {
  if (version.number > list.primary_version) {
    return list.pending == PendingMaterial::kMissingAtReplicas ? "PENDING_MULTI_REGION_IMPORT_AND_ROTATION"
                                                               : "PENDING_ROTATION";
  }
  return version.number == list.primary_version ? "CURRENT" : "NON_CURRENT";
}

void write_import(JsonWriter& json, const RotationList& list, const KeyVersion& version) {
  if (!version.description.empty()) json.member("KeyMaterialDescription", version.description);
  const bool absent = std::ranges::count(list.absent, version.number) > 0;
  json.member("ImportState", absent ? "PENDING_IMPORT" : "IMPORTED");
  if (!absent) json.member("ExpirationModel", expiration_model(version.valid_to));
  if (version.valid_to) json.member("ValidTo", *version.valid_to);
}

// RotationsListEntry (AWS KMS API reference).
void write_rotation(JsonWriter& json, const RotationList& list, const KeyVersion& version) {
  json.begin_object().member("KeyId", list.key_id).member("KeyMaterialId", version.material_id);
  if (list.imported) write_import(json, list, version);
  json.member("KeyMaterialState", material_state(list, version));
  if (version.rotated_at) json.member("RotationDate", *version.rotated_at);
  if (version.rotation != RotationType::kNone) {
    json.member("RotationType", version.rotation == RotationType::kAutomatic ? "AUTOMATIC" : "ON_DEMAND");
  }
  json.end_object();
}

}  // namespace

JsonAnswer kms_enable_key_rotation(JsonCall& call) {
  JsonMembers members(call.body);
  std::string key_id(members.required_text("KeyId", member::kKeyId));
  const auto days = members.integer("RotationPeriodInDays", member::kRotationPeriodInDays);
  ANSWER_IF_FAILED(members.status());
  return answer_later([key_id = std::move(key_id), days](Transaction& transaction) -> Result<std::string> {
    TRY(enable_key_rotation(transaction, key_id, days));
    return std::string();
  });
}

JsonAnswer kms_disable_key_rotation(JsonCall& call) {
  JsonMembers members(call.body);
  std::string key_id(members.required_text("KeyId", member::kKeyId));
  ANSWER_IF_FAILED(members.status());
  return answer_later([key_id = std::move(key_id)](Transaction& transaction) -> Result<std::string> {
    TRY(disable_key_rotation(transaction, key_id));
    return std::string();
  });
}

JsonAnswer kms_get_key_rotation_status(JsonCall& call) {
  JsonMembers members(call.body);
  std::string key_id(members.required_text("KeyId", member::kKeyId));
  ANSWER_IF_FAILED(members.status());
  return answer_later([key_id = std::move(key_id)](Transaction& transaction) -> Result<std::string> {
    TRY_ASSIGN(const RotationStatus status, get_key_rotation_status(transaction, key_id));
    std::string body;
    JsonWriter json(body);
    json.begin_object().member("KeyRotationEnabled", status.enabled).member("KeyId", status.key_id);
    if (status.enabled) json.member("RotationPeriodInDays", status.period_days);
    if (status.next_rotation) json.member("NextRotationDate", *status.next_rotation);
    json.end_object();
    return body;
  });
}

JsonAnswer kms_rotate_key_on_demand(JsonCall& call) {
  JsonMembers members(call.body);
  std::string key_id(members.required_text("KeyId", member::kKeyId));
  ANSWER_IF_FAILED(members.status());
  return answer_later([key_id = std::move(key_id)](Transaction& transaction) -> Result<std::string> {
    TRY_ASSIGN(const std::string arn, rotate_key_on_demand(transaction, key_id));
    std::string body;
    JsonWriter(body).begin_object().member("KeyId", arn).end_object();
    return body;
  });
}

JsonAnswer kms_list_key_rotations(JsonCall& call) {
  JsonMembers members(call.body);
  std::string key_id(members.required_text("KeyId", member::kKeyId));
  const bool all = members.enumeration("IncludeKeyMaterial", kIncludeKeyMaterial) == "ALL_KEY_MATERIAL";
  const std::size_t limit = members.limit(service_limit::kKeyRotationPage);
  std::optional<std::string> marker;
  if (const auto text = members.text("Marker", member::kMarker)) marker = std::string(*text);
  ANSWER_IF_FAILED(members.status());
  return answer_later([key_id = std::move(key_id), all, limit,
                       marker = std::move(marker)](Transaction& transaction) -> Result<std::string> {
    TRY_ASSIGN(const RotationList list, list_key_rotations(transaction, key_id, all, limit, marker));
    std::string body;
    JsonWriter json(body);
    json.begin_object().key("Rotations").begin_array();
    for (const KeyVersion& version : list.versions) write_rotation(json, list, version);
    json.end_array();
    if (list.next_marker) json.member("NextMarker", *list.next_marker);
    json.member("Truncated", list.next_marker.has_value()).end_object();
    return body;
  });
}

}  // namespace kagimori::aws
