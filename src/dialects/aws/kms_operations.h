#pragma once

#include "dialects/aws/json_call.h"
#include "engine/key_management.h"
#include "model/custom_key_store.h"
#include "model/kms_operation.h"

namespace kagimori::aws {

// The operations of AWS KMS that are served; null for those that are not (they answer UnsupportedOperationException).
JsonAnswer (*kms_handler(KmsOperation operation))(JsonCall&);

// KeySpec, and CustomerMasterKeySpec for the specs that its enumeration has.
void write_key_spec(JsonWriter& json, const KeyType& type);
// The list of the key's algorithms under the name that its usage asks for.
void write_algorithms(JsonWriter& json, const KeyType& type);
// AWS's name of it, of material that is removed on that date or never.
std::string_view expiration_model(const std::optional<Timestamp>& valid_to);
// KeyMetadata (AWS KMS API reference).
struct KeyMetadata {
  const Key& key;
  std::string_view arn;
  AwsKeyState state = AwsKeyState::kEnabled;
  std::string_view material_id;
  std::span<const std::string> replica_regions = {};
  const ExternalKey* external = nullptr;  // of a key in a custom key store
  std::string_view cluster_id = {};       // of a key in an HSM
};
void write_key_metadata(JsonWriter& json, const KeyMetadata& metadata);
// Of a key that was just made.
KeyMetadata metadata_of(const KeyDescription& made);

// Each reads its members, asks the engine and writes the answer.
JsonAnswer kms_encrypt(JsonCall& call);
JsonAnswer kms_decrypt(JsonCall& call);
JsonAnswer kms_re_encrypt(JsonCall& call);
JsonAnswer kms_generate_data_key(JsonCall& call);
JsonAnswer kms_generate_data_key_without_plaintext(JsonCall& call);
JsonAnswer kms_generate_random(JsonCall& call);
JsonAnswer kms_describe_key(JsonCall& call);

JsonAnswer kms_sign(JsonCall& call);
JsonAnswer kms_verify(JsonCall& call);
JsonAnswer kms_get_public_key(JsonCall& call);
JsonAnswer kms_generate_mac(JsonCall& call);
JsonAnswer kms_verify_mac(JsonCall& call);
JsonAnswer kms_derive_shared_secret(JsonCall& call);
JsonAnswer kms_encapsulate(JsonCall& call);
JsonAnswer kms_decapsulate(JsonCall& call);
JsonAnswer kms_generate_data_key_pair(JsonCall& call);
JsonAnswer kms_generate_data_key_pair_without_plaintext(JsonCall& call);

JsonAnswer kms_create_key(JsonCall& call);
JsonAnswer kms_list_keys(JsonCall& call);
JsonAnswer kms_enable_key(JsonCall& call);
JsonAnswer kms_disable_key(JsonCall& call);
JsonAnswer kms_update_key_description(JsonCall& call);
JsonAnswer kms_schedule_key_deletion(JsonCall& call);
JsonAnswer kms_cancel_key_deletion(JsonCall& call);
JsonAnswer kms_get_key_last_usage(JsonCall& call);

JsonAnswer kms_create_custom_key_store(JsonCall& call);
JsonAnswer kms_update_custom_key_store(JsonCall& call);
JsonAnswer kms_delete_custom_key_store(JsonCall& call);
JsonAnswer kms_connect_custom_key_store(JsonCall& call);
JsonAnswer kms_disconnect_custom_key_store(JsonCall& call);
JsonAnswer kms_describe_custom_key_stores(JsonCall& call);

JsonAnswer kms_replicate_key(JsonCall& call);
JsonAnswer kms_update_primary_region(JsonCall& call);
JsonAnswer kms_get_parameters_for_import(JsonCall& call);
JsonAnswer kms_import_key_material(JsonCall& call);
JsonAnswer kms_delete_imported_key_material(JsonCall& call);

JsonAnswer kms_create_alias(JsonCall& call);
JsonAnswer kms_update_alias(JsonCall& call);
JsonAnswer kms_delete_alias(JsonCall& call);
JsonAnswer kms_list_aliases(JsonCall& call);

JsonAnswer kms_enable_key_rotation(JsonCall& call);
JsonAnswer kms_disable_key_rotation(JsonCall& call);
JsonAnswer kms_get_key_rotation_status(JsonCall& call);
JsonAnswer kms_rotate_key_on_demand(JsonCall& call);
JsonAnswer kms_list_key_rotations(JsonCall& call);

JsonAnswer kms_get_key_policy(JsonCall& call);
JsonAnswer kms_put_key_policy(JsonCall& call);
JsonAnswer kms_list_key_policies(JsonCall& call);

JsonAnswer kms_create_grant(JsonCall& call);
JsonAnswer kms_list_grants(JsonCall& call);
JsonAnswer kms_list_retirable_grants(JsonCall& call);
JsonAnswer kms_retire_grant(JsonCall& call);
JsonAnswer kms_revoke_grant(JsonCall& call);

JsonAnswer kms_tag_resource(JsonCall& call);
JsonAnswer kms_untag_resource(JsonCall& call);
JsonAnswer kms_list_resource_tags(JsonCall& call);

}  // namespace kagimori::aws
