#include "dialects/aws/kms_operations.h"

#include <algorithm>
#include <array>

#include "dialects/aws/kms_members.h"
#include "model/arn.h"

namespace kagimori::aws {
namespace {

struct AlgorithmMember {
  std::string_view usage, name;
};
constexpr std::array kAlgorithmMembers = {
    AlgorithmMember{"ENCRYPT_DECRYPT", "EncryptionAlgorithms"},
    AlgorithmMember{"SIGN_VERIFY", "SigningAlgorithms"},
    AlgorithmMember{"GENERATE_VERIFY_MAC", "MacAlgorithms"},
    AlgorithmMember{"KEY_AGREEMENT", "KeyAgreementAlgorithms"},
    AlgorithmMember{"ENCAPSULATE_DECAPSULATE", "EncapsulationAlgorithms"},
};

void write_related_key(JsonWriter& json, const Key& key, std::string_view region) {
  json.begin_object().member("Arn", key_arn(region, key.account, key.key_id)).member("Region", region).end_object();
}

void write_multi_region(JsonWriter& json, const Key& key, std::span<const std::string> replica_regions) {
  const bool primary = key.replication == ReplicationRole::kPrimary;
  json.key("MultiRegionConfiguration")
      .begin_object()
      .member("MultiRegionKeyType", primary ? "PRIMARY" : "REPLICA")
      .key("PrimaryKey");
  write_related_key(json, key, key.primary_region);
  json.key("ReplicaKeys").begin_array();
  for (const std::string& region : replica_regions) write_related_key(json, key, region);
  json.end_array().end_object();
}

// Where a key in a custom key store is.
void write_place(JsonWriter& json, const KeyMetadata& metadata) {
  json.member("CustomKeyStoreId", metadata.external->store_id);
  if (metadata.key.origin == KeyOrigin::kHsm) {
    json.member("CloudHsmClusterId", metadata.cluster_id);
    return;
  }
  json.key("XksKeyConfiguration").begin_object().member("Id", metadata.external->key_id).end_object();
}

}  // namespace

std::string_view expiration_model(const std::optional<Timestamp>& valid_to) {
  return valid_to ? "KEY_MATERIAL_EXPIRES" : "KEY_MATERIAL_DOES_NOT_EXPIRE";
}

JsonAnswer (*kms_handler(KmsOperation operation))(JsonCall&) {
  switch (operation) {
    case KmsOperation::kEncrypt:
      return kms_encrypt;
    case KmsOperation::kDecrypt:
      return kms_decrypt;
    case KmsOperation::kReEncrypt:
      return kms_re_encrypt;
    case KmsOperation::kGenerateDataKey:
      return kms_generate_data_key;
    case KmsOperation::kGenerateDataKeyWithoutPlaintext:
      return kms_generate_data_key_without_plaintext;
    case KmsOperation::kGenerateRandom:
      return kms_generate_random;
    case KmsOperation::kDescribeKey:
      return kms_describe_key;
    case KmsOperation::kSign:
      return kms_sign;
    case KmsOperation::kVerify:
      return kms_verify;
    case KmsOperation::kGetPublicKey:
      return kms_get_public_key;
    case KmsOperation::kGenerateMac:
      return kms_generate_mac;
    case KmsOperation::kVerifyMac:
      return kms_verify_mac;
    case KmsOperation::kDeriveSharedSecret:
      return kms_derive_shared_secret;
    case KmsOperation::kEncapsulate:
      return kms_encapsulate;
    case KmsOperation::kDecapsulate:
      return kms_decapsulate;
    case KmsOperation::kGenerateDataKeyPair:
      return kms_generate_data_key_pair;
    case KmsOperation::kGenerateDataKeyPairWithoutPlaintext:
      return kms_generate_data_key_pair_without_plaintext;
    case KmsOperation::kCreateKey:
      return kms_create_key;
    case KmsOperation::kListKeys:
      return kms_list_keys;
    case KmsOperation::kEnableKey:
      return kms_enable_key;
    case KmsOperation::kDisableKey:
      return kms_disable_key;
    case KmsOperation::kUpdateKeyDescription:
      return kms_update_key_description;
    case KmsOperation::kScheduleKeyDeletion:
      return kms_schedule_key_deletion;
    case KmsOperation::kGetKeyLastUsage:
      return kms_get_key_last_usage;
    case KmsOperation::kCancelKeyDeletion:
      return kms_cancel_key_deletion;
    case KmsOperation::kCreateCustomKeyStore:
      return kms_create_custom_key_store;
    case KmsOperation::kUpdateCustomKeyStore:
      return kms_update_custom_key_store;
    case KmsOperation::kDeleteCustomKeyStore:
      return kms_delete_custom_key_store;
    case KmsOperation::kConnectCustomKeyStore:
      return kms_connect_custom_key_store;
    case KmsOperation::kDisconnectCustomKeyStore:
      return kms_disconnect_custom_key_store;
    case KmsOperation::kDescribeCustomKeyStores:
      return kms_describe_custom_key_stores;
    case KmsOperation::kReplicateKey:
      return kms_replicate_key;
    case KmsOperation::kUpdatePrimaryRegion:
      return kms_update_primary_region;
    case KmsOperation::kGetParametersForImport:
      return kms_get_parameters_for_import;
    case KmsOperation::kImportKeyMaterial:
      return kms_import_key_material;
    case KmsOperation::kDeleteImportedKeyMaterial:
      return kms_delete_imported_key_material;
    case KmsOperation::kCreateAlias:
      return kms_create_alias;
    case KmsOperation::kUpdateAlias:
      return kms_update_alias;
    case KmsOperation::kDeleteAlias:
      return kms_delete_alias;
    case KmsOperation::kListAliases:
      return kms_list_aliases;
    case KmsOperation::kEnableKeyRotation:
      return kms_enable_key_rotation;
    case KmsOperation::kDisableKeyRotation:
      return kms_disable_key_rotation;
    case KmsOperation::kGetKeyRotationStatus:
      return kms_get_key_rotation_status;
    case KmsOperation::kRotateKeyOnDemand:
      return kms_rotate_key_on_demand;
    case KmsOperation::kListKeyRotations:
      return kms_list_key_rotations;
    case KmsOperation::kGetKeyPolicy:
      return kms_get_key_policy;
    case KmsOperation::kPutKeyPolicy:
      return kms_put_key_policy;
    case KmsOperation::kListKeyPolicies:
      return kms_list_key_policies;
    case KmsOperation::kCreateGrant:
      return kms_create_grant;
    case KmsOperation::kListGrants:
      return kms_list_grants;
    case KmsOperation::kListRetirableGrants:
      return kms_list_retirable_grants;
    case KmsOperation::kRetireGrant:
      return kms_retire_grant;
    case KmsOperation::kRevokeGrant:
      return kms_revoke_grant;
    case KmsOperation::kTagResource:
      return kms_tag_resource;
    case KmsOperation::kUntagResource:
      return kms_untag_resource;
    case KmsOperation::kListResourceTags:
      return kms_list_resource_tags;
    default:
      return nullptr;
  }
}

void write_key_spec(JsonWriter& json, const KeyType& type) {
  const std::string_view spec = aws_key_spec(type);
  const auto& old_specs = kCustomerMasterKeySpecs;
  if (std::find(old_specs.begin(), old_specs.end(), spec) != old_specs.end()) {
    json.member("CustomerMasterKeySpec", spec);
  }
  json.member("KeySpec", spec);
}

void write_algorithms(JsonWriter& json, const KeyType& type) {
  const std::string_view usage = aws_key_usage(type);
  for (const AlgorithmMember& member : kAlgorithmMembers) {
    if (member.usage != usage) continue;
    json.key(member.name).begin_array();
    for (const std::string_view algorithm : aws_algorithms(type)) json.string(algorithm);
    json.end_array();
  }
}

KeyMetadata metadata_of(const KeyDescription& made) {
  return {made.key,
          made.arn,
          made.state,
          made.material_id,
          made.replica_regions,
          made.external ? &*made.external : nullptr,
          made.cluster_id};
}

void write_key_metadata(JsonWriter& json, const KeyMetadata& metadata) {
  const Key& key = metadata.key;
  const AwsKeyState state = metadata.state;
  json.begin_object()
      .member("AWSAccountId", key.account)
      .member("KeyId", key.key_id)
      .member("Arn", metadata.arn)
      .member("CreationDate", key.created)
      .member("Enabled", state == AwsKeyState::kEnabled || state == AwsKeyState::kUpdating)
      .member("Description", key.description)
      .member("KeyUsage", aws_key_usage(key.type))
      .member("KeyState", aws_key_state_name(state));
  if (key.deletion_date) json.member("DeletionDate", *key.deletion_date);
  if (state == AwsKeyState::kPendingReplicaDeletion) {
    json.member("PendingDeletionWindowInDays", key.pending_window_days);
  }
  if (key.expiry) json.member("ValidTo", *key.expiry);
  json.member("Origin", aws_origin(key.origin));
  if (key.origin == KeyOrigin::kImported && key.absent_versions < key.primary_version) {
    json.member("ExpirationModel", expiration_model(key.expiry));
  }
  json.member("KeyManager", "CUSTOMER");
  if (metadata.external != nullptr) write_place(json, metadata);
  write_key_spec(json, key.type);
  write_algorithms(json, key.type);
  json.member("MultiRegion", key.replication != ReplicationRole::kNone);
  if (key.replication != ReplicationRole::kNone) write_multi_region(json, key, metadata.replica_regions);
  if (key.type.construction == Construction::kEnvelope && metadata.external == nullptr &&
      !metadata.material_id.empty()) {
    json.member("CurrentKeyMaterialId", metadata.material_id);
  }
  json.end_object();
}

}  // namespace kagimori::aws
