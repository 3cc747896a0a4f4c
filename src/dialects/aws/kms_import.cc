// GetParametersForImport, ImportKeyMaterial, DeleteImportedKeyMaterial.

#include <array>

#include "dialects/aws/computed_answer.h"
#include "dialects/aws/kms_members.h"
#include "dialects/aws/kms_operations.h"
#include "engine/key_import.h"

namespace kagimori::aws {
namespace {

constexpr std::array<std::string_view, 6> kWrappingAlgorithms = {"RSAES_PKCS1_V1_5",         "RSAES_OAEP_SHA_1",
                                                                 "RSAES_OAEP_SHA_256",       "RSA_AES_KEY_WRAP_SHA_1",
                                                                 "RSA_AES_KEY_WRAP_SHA_256", "SM2PKE"};
constexpr std::array<std::string_view, 4> kWrappingKeySpecs = {"RSA_2048", "RSA_3072", "RSA_4096", "SM2"};
constexpr std::array<std::string_view, 2> kExpirationModels = {"KEY_MATERIAL_EXPIRES", "KEY_MATERIAL_DOES_NOT_EXPIRE"};
constexpr std::array<std::string_view, 2> kImportTypes = {"NEW_KEY_MATERIAL", "EXISTING_KEY_MATERIAL"};

std::optional<std::string> optional_text(JsonMembers& members, std::string_view name,
                                         const TextConstraint& constraint) {
  const auto text = members.text(name, constraint);
  return text ? std::optional<std::string>(*text) : std::nullopt;
}

Bytes required_blob(JsonMembers& members, std::string_view name) {
  members.require(name);
  return members.blob(name, member::kCiphertext).value_or(Bytes());
}

ImportKeyMaterialRequest import_members(JsonMembers& members) {
  ImportKeyMaterialRequest request;
  request.key_id = members.required_text("KeyId", member::kKeyId);
  request.token = required_blob(members, "ImportToken");
  request.wrapped = required_blob(members, "EncryptedKeyMaterial");
  request.valid_to = members.timestamp("ValidTo");
  request.expires = members.enumeration("ExpirationModel", kExpirationModels) != kExpirationModels[1];
  if (const auto type = members.enumeration("ImportType", kImportTypes)) request.is_new = *type == kImportTypes[0];
  request.description = optional_text(members, "KeyMaterialDescription", member::kKeyMaterialDescription);
  request.material_id = optional_text(members, "KeyMaterialId", member::kKeyMaterialId);
  return request;
}

std::string material_body(const MaterialOfKey& material) {
  std::string body;
  JsonWriter json(body);
  json.begin_object().member("KeyId", material.key_arn);
  if (!material.material_id.empty()) json.member("KeyMaterialId", material.material_id);
  json.end_object();
  return body;
}

}  // namespace

JsonAnswer kms_get_parameters_for_import(JsonCall& call) {
  JsonMembers members(call.body);
  ParametersForImportRequest request;
  request.key_id = members.required_text("KeyId", member::kKeyId);
  members.require("WrappingAlgorithm");
  members.require("WrappingKeySpec");
  request.wrapping_algorithm = members.enumeration("WrappingAlgorithm", kWrappingAlgorithms).value_or("");
  request.wrapping_key_spec = members.enumeration("WrappingKeySpec", kWrappingKeySpecs).value_or("");
  ANSWER_IF_FAILED(members.status());
  const auto parameters = get_parameters_for_import(call.engine, call.worker, call.caller, call.trail, request);
  if (!parameters) return answer_error(parameters.error());
  return computed_answer(
      call, true, {parameters->key},
      [parameters = *parameters](CryptoContext& crypto, RandomSource& random) -> Result<std::string> {
        TRY_ASSIGN(const ParametersForImport::Response response, parameters.compute(crypto, random));
        std::string body;
        JsonWriter(body)
            .begin_object()
            .member("KeyId", parameters.key->arn)
            .member("ImportToken", response.token)
            .member("PublicKey", response.public_key)
            .member("ParametersValidTo", parameters.valid_to)
            .end_object();
        return body;
      });
}

// The material is unwrapped before the store is read, because that takes long, and only for who may import it. The
// others learn from the transaction why not.
JsonAnswer kms_import_key_material(JsonCall& call) {
  JsonMembers members(call.body);
  const auto request = std::make_shared<const ImportKeyMaterialRequest>(import_members(members));
  ANSWER_IF_FAILED(members.status());
  const auto admitted = admit_import(call.engine, call.worker, call.caller, *request);
  if (!admitted && admitted.error().code == ErrorCode::kCacheMiss) return answer_error(admitted.error());
  const auto unwrapped = std::make_shared<std::optional<Result<ImportedMaterial>>>();
  Engine::Prepare prepare;
  if (admitted) {
    prepare = [request, unwrapped, key = *admitted, now = call.engine.lifecycle_clock().now()](PoolThread& thread) {
      unwrapped->emplace(unwrap_material(*thread.crypto, key->key, key->versions[0].import_secret, *request, now));
    };
  }
  return answer_later(
      [request, unwrapped](Transaction& transaction) -> Result<std::string> {
        TRY_ASSIGN(const MaterialOfKey material,
                   import_key_material(transaction, *request, unwrapped->has_value() ? &**unwrapped : nullptr));
        return material_body(material);
      },
      std::move(prepare));
}

JsonAnswer kms_delete_imported_key_material(JsonCall& call) {
  JsonMembers members(call.body);
  std::string key_id(members.required_text("KeyId", member::kKeyId));
  auto material_id = optional_text(members, "KeyMaterialId", member::kKeyMaterialId);
  ANSWER_IF_FAILED(members.status());
  return answer_later([key_id = std::move(key_id),
                       material_id = std::move(material_id)](Transaction& transaction) -> Result<std::string> {
    TRY_ASSIGN(const MaterialOfKey material, delete_imported_key_material(transaction, key_id, material_id));
    return material_body(material);
  });
}

}  // namespace kagimori::aws
