#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "engine/engine.h"
#include "engine/import_wrapping.h"
#include "engine/imported_versions.h"
#include "engine/key_snapshot.h"

namespace kagimori {

// Import of key material (AWS KMS API reference, operations of the same names; developer guide, "Importing key
// material").

struct ParametersForImportRequest {
  std::string_view key_id, wrapping_algorithm, wrapping_key_spec;
};
// Admitted already: compute() makes the wrapping key and its token, which takes up to seconds, so on the pool.
struct ParametersForImport {
  std::shared_ptr<const KeySnapshot> key;
  ImportWrapping wrapping;
  Timestamp valid_to;

  struct Response {
    Bytes token, public_key;
  };
  Result<Response> compute(CryptoContext& crypto, RandomSource& random) const;
};
// Or kCacheMiss.
Result<ParametersForImport> get_parameters_for_import(Engine& engine, EngineWorker& worker, const Caller& caller,
                                                      Trail& trail, const ParametersForImportRequest& request);

struct ImportKeyMaterialRequest {
  std::string key_id;
  Bytes token, wrapped;
  bool expires = true;  // ExpirationModel
  std::optional<Timestamp> valid_to;
  std::optional<bool> is_new;  // ImportType: NEW_KEY_MATERIAL, EXISTING_KEY_MATERIAL
  std::optional<std::string> material_id, description;
};
// The key, if the caller may import into it: what unwrap_material is done for before the store is read. Or kCacheMiss;
// whoever gets another error learns from import_key_material what it is.
Result<std::shared_ptr<const KeySnapshot>> admit_import(Engine& engine, EngineWorker& worker, const Caller& caller,
                                                        const ImportKeyMaterialRequest& request);
// The material in the request. kInvalidImportToken, kExpiredImportToken, kInvalidCiphertext; kIncorrectKeyMaterial when
// it is not one for such a key. Takes up to some hundred milliseconds, for RSA keys.
Result<ImportedMaterial> unwrap_material(CryptoContext& crypto, const Key& key, const SecretBytes& import_secret,
                                         const ImportKeyMaterialRequest& request, Timestamp now);

struct MaterialOfKey {
  std::string key_arn, material_id;
};
// `unwrapped`: what unwrap_material said, or null to have it done here.
Result<MaterialOfKey> import_key_material(Transaction& transaction, const ImportKeyMaterialRequest& request,
                                          const Result<ImportedMaterial>* unwrapped = nullptr);

// The material of that id, or the current one; material that is absent already stays so. kNotFound for an id that the
// key has no material of.
Result<MaterialOfKey> delete_imported_key_material(Transaction& transaction, std::string_view key_id,
                                                   const std::optional<std::string>& material_id);

}  // namespace kagimori
