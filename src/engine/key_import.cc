#include "engine/key_import.h"

#include <fmt/format.h>

#include "engine/import_secret.h"
#include "engine/import_token.h"
#include "engine/key_lookup.h"
#include "engine/key_objects.h"
#include "engine/key_protection.h"
#include "engine/named_key.h"

namespace kagimori {
namespace {

constexpr std::int64_t kMaxValidDays = 365;
constexpr std::string_view kExpires = "KEY_MATERIAL_EXPIRES";
constexpr std::string_view kDoesNotExpire = "KEY_MATERIAL_DOES_NOT_EXPIRE";

Status require_imported_origin(const Key& key, std::string_view arn) {
  if (key.origin == KeyOrigin::kImported) return {};
  return fail(ErrorCode::kUnsupportedOperation,
              fmt::format("{} origin is {} which is not valid for this operation.", arn, aws_origin(key.origin)));
}

bool is_symmetric(const Key& key) { return key.type.construction == Construction::kEnvelope; }

// A key of the worker's cache, for operations that take neither aliases nor keys of other accounts.
Result<CachedKey> find_own_key(Engine& engine, EngineWorker& worker, const Caller& caller, Trail& trail,
                               std::string_view key_id, std::string_view action, const RequestFacts& facts) {
  TRY_ASSIGN(const KeyReference reference, parse_named_key(trail, key_id));
  if (reference.is_alias()) return fail(ErrorCode::kNotFound, fmt::format("Invalid keyId '{}'", key_id));
  TRY_ASSIGN(CachedKey key, find_cached_key(engine, worker, caller, trail, key_id, action));
  const AccessKeyTarget target = key.target();
  TRY(authorize(caller, {action, target.arn, &target, false, facts}));
  return key;
}

RequestFacts import_facts(const ImportKeyMaterialRequest& request) {
  RequestFacts facts;
  facts.expiration_model = request.expires ? kExpires : kDoesNotExpire;
  facts.valid_to = request.valid_to;
  return facts;
}

tl::unexpected<Error> incorrect(std::string message) {
  return fail(ErrorCode::kIncorrectKeyMaterial, std::move(message));
}

// Bytes that material of a symmetric or HMAC key may have. HMAC keys of AWS have the length of their hash's block or
// anything down to its output; of HMAC_224 and HMAC_256 blocks have 64 bytes.
struct MaterialSize {
  std::size_t min, max;
};
MaterialSize material_size(const KeyType& type) {
  if (type.algorithm != KeyAlgorithm::kHmac) return {type.length_bits / 8u, type.length_bits / 8u};
  return {type.length_bits / 8u, type.length_bits > 256 ? 128u : 64u};
}

Result<KeyMaterial> read_material(CryptoContext& crypto, const KeyType& type, SecretBytes bytes) {
  KeyMaterial material;
  const auto pair = key_pair_spec(type);
  if (!pair) {
    const MaterialSize size = material_size(type);
    if (bytes.size() < size.min || bytes.size() > size.max) {
      return incorrect(fmt::format(
          "The key material has {} bytes; KeySpec {} takes {}.", bytes.size(), aws_key_spec(type),
          size.min == size.max ? fmt::format("{}", size.min) : fmt::format("{} to {}", size.min, size.max)));
    }
    material.secret = std::move(bytes);
    return material;
  }
  const auto key = PrivateKey::from_pkcs8(crypto, *pair, bytes.expose());
  if (!key) {
    if (key.error().code == ErrorCode::kUnsupportedOperation) return fail(key.error());
    return incorrect(fmt::format("The key material is not a private key of KeySpec {} as PKCS #8 in DER: {}",
                                 aws_key_spec(type), key.error().message));
  }
  TRY_ASSIGN(material.secret, key->parameters());
  TRY_ASSIGN(material.public_key, key->spki());
  return material;
}

// What may stand in a request for such a key.
Status check_request(const Key& key, const ImportKeyMaterialRequest& request, Timestamp now) {
  if (request.expires != request.valid_to.has_value()) {
    return fail(ErrorCode::kValidation,
                fmt::format("A validTo date must {}be set if the ExpirationModel is {}", request.expires ? "" : "not ",
                            request.expires ? kExpires : kDoesNotExpire));
  }
  if (request.valid_to && (*request.valid_to <= now || *request.valid_to > now.plus_days(kMaxValidDays))) {
    return fail(ErrorCode::kValidation,
                fmt::format("The validTo date must be in the future, and at most {} days from now.", kMaxValidDays));
  }
  if (!is_symmetric(key) && (request.is_new || request.description || request.material_id)) {
    return fail(ErrorCode::kUnsupportedOperation,
                fmt::format("ImportType, KeyMaterialDescription and KeyMaterialId are for keys of KeySpec "
                            "SYMMETRIC_DEFAULT, not {}.",
                            aws_key_spec(key.type)));
  }
  if (request.is_new.value_or(false) && request.material_id) {
    return fail(ErrorCode::kValidation,
                fmt::format("KeyMaterialId {} can't be given with ImportType NEW_KEY_MATERIAL.", *request.material_id));
  }
  return {};
}

std::size_t find_material(const std::vector<KeyVersion>& versions, std::string_view material_id) {
  std::size_t index = 0;
  while (index < versions.size() &&
         !constant_time_equal(as_bytes(versions[index].material_id), as_bytes(material_id))) {
    ++index;
  }
  return index;
}

Status import_new(Transaction& transaction, Key& key, std::vector<KeyVersion>& versions,
                  const ImportedMaterial& imported, const ImportTerms& terms) {
  if (find_material(versions, imported.material_id) < versions.size()) {
    return incorrect(
        fmt::format("Key material {} belongs to the key already. Import it with ImportType EXISTING_KEY_MATERIAL.",
                    imported.material_id));
  }
  if (versions[0].material_id.empty()) return restore_material(transaction, key, versions, 0, imported, terms);
  if (key.last_version > key.primary_version) {
    return fail(ErrorCode::kInvalidState,
                fmt::format("New key material (id: {}) cannot be imported into KMS key {}, because another key "
                            "material (id: {}) is pending rotation.",
                            imported.material_id, key.key_id, versions.back().material_id));
  }
  return add_pending_version(transaction, key, imported, terms);
}

Status import_existing(Transaction& transaction, Key& key, std::vector<KeyVersion>& versions,
                       const ImportedMaterial& imported, const ImportTerms& terms) {
  const std::size_t index = find_material(versions, imported.material_id);
  if (index == versions.size()) {
    return incorrect("The key material is not one that was imported into the key before.");
  }
  return restore_material(transaction, key, versions, index, imported, terms);
}

Result<ImportedMaterial> unwrap_now(Transaction& transaction, const Key& key, const ImportKeyMaterialRequest& request) {
  TRY_ASSIGN(const KeyObject object, get_object(transaction, key, 1, import_secret_index(key.type)));
  TRY_ASSIGN(const SecretBytes secret,
             transaction.keyrings().unwrap(transaction.crypto(), material_binding(key, object), object.material));
  return unwrap_material(transaction.crypto(), key, secret, request, transaction.lifecycle_now());
}

void put_import_parameters(Trail& trail, const ImportKeyMaterialRequest& request) {
  trail.parameter("keyId", request.key_id).parameter("expirationModel", request.expires ? kExpires : kDoesNotExpire);
  if (request.valid_to) trail.parameter("validTo", to_iso8601(*request.valid_to));
  if (request.is_new) trail.parameter("importType", *request.is_new ? "NEW_KEY_MATERIAL" : "EXISTING_KEY_MATERIAL");
  if (request.description) trail.parameter("keyMaterialDescription", *request.description);
  if (request.material_id) trail.parameter("keyMaterialId", *request.material_id);
}

}  // namespace

Result<ParametersForImport> get_parameters_for_import(Engine& engine, EngineWorker& worker, const Caller& caller,
                                                      Trail& trail, const ParametersForImportRequest& request) {
  trail.parameter("keyId", request.key_id)
      .parameter("wrappingAlgorithm", request.wrapping_algorithm)
      .parameter("wrappingKeySpec", request.wrapping_key_spec);
  RequestFacts facts;
  facts.wrapping_algorithm = request.wrapping_algorithm;
  facts.wrapping_key_spec = request.wrapping_key_spec;
  TRY_ASSIGN(const CachedKey key,
             find_own_key(engine, worker, caller, trail, request.key_id, "kms:GetParametersForImport", facts));
  const KeySnapshot& snapshot = key.snapshot();
  TRY(require_imported_origin(snapshot.key, snapshot.arn));
  TRY(check_key_state(KmsOperation::kGetParametersForImport, snapshot.state(), snapshot.arn));
  ParametersForImport parameters;
  TRY_ASSIGN(parameters.wrapping,
             import_wrapping(snapshot.key.type, request.wrapping_algorithm, request.wrapping_key_spec));
  TRY(require_support(*worker.crypto, parameters.wrapping.key_spec));
  parameters.key = key.entry->key;
  parameters.valid_to = engine.lifecycle_clock().now().plus_seconds(kImportTokenSeconds);
  return parameters;
}

Result<ParametersForImport::Response> ParametersForImport::compute(CryptoContext& crypto, RandomSource& random) const {
  TRY_ASSIGN(const PrivateKey wrapping_key, PrivateKey::generate(crypto, wrapping.key_spec));
  ImportToken token{wrapping, valid_to, {}};
  TRY_ASSIGN(token.private_key, wrapping_key.parameters());
  Response response;
  TRY_ASSIGN(response.public_key, wrapping_key.spki());
  TRY_ASSIGN(response.token, seal_import_token(crypto, random, key->versions[0].import_secret, key->key, token));
  return response;
}

Result<std::shared_ptr<const KeySnapshot>> admit_import(Engine& engine, EngineWorker& worker, const Caller& caller,
                                                        const ImportKeyMaterialRequest& request) {
  Trail unheard;  // the transaction's is the one that counts
  TRY_ASSIGN(const CachedKey key, find_own_key(engine, worker, caller, unheard, request.key_id, "kms:ImportKeyMaterial",
                                               import_facts(request)));
  TRY(require_imported_origin(key.snapshot().key, key.snapshot().arn));
  return key.entry->key;
}

Result<ImportedMaterial> unwrap_material(CryptoContext& crypto, const Key& key, const SecretBytes& import_secret,
                                         const ImportKeyMaterialRequest& request, Timestamp now) {
  TRY_ASSIGN(const ImportToken token, open_import_token(crypto, import_secret, key, request.token, now));
  TRY_ASSIGN(const PrivateKey wrapping_key,
             PrivateKey::from_parameters(crypto, token.wrapping.key_spec, token.private_key.expose()));
  TRY_ASSIGN(SecretBytes bytes, unwrap_import(crypto, wrapping_key, token.wrapping.algorithm, request.wrapped));
  ImportedMaterial imported;
  TRY_ASSIGN(imported.material, read_material(crypto, key.type, std::move(bytes)));
  const KeyMaterial& material = imported.material;
  const ByteView identity = material.public_key.empty() ? material.secret.expose() : ByteView(material.public_key);
  TRY_ASSIGN(imported.material_id, imported_material_id(crypto, import_secret, key, identity));
  return imported;
}

Result<MaterialOfKey> import_key_material(Transaction& transaction, const ImportKeyMaterialRequest& request,
                                          const Result<ImportedMaterial>* unwrapped) {
  Trail& trail = transaction.trail();
  put_import_parameters(trail, request);
  TRY_ASSIGN(const TransactionKey found, transaction.find_key(request.key_id, false));
  TRY(transaction.authorize_key("kms:ImportKeyMaterial", found, import_facts(request)));
  TRY(require_imported_origin(found.key, found.arn));
  TRY(check_key_state(KmsOperation::kImportKeyMaterial, found.state(), found.arn));
  TRY(check_request(found.key, request, transaction.lifecycle_now()));
  std::optional<Result<ImportedMaterial>> own;
  if (unwrapped == nullptr) unwrapped = &own.emplace(unwrap_now(transaction, found.key, request));
  if (!*unwrapped) return fail(unwrapped->error());
  const ImportedMaterial& imported = **unwrapped;
  if (request.material_id && *request.material_id != imported.material_id) {
    return incorrect("The key material is not that of the KeyMaterialId in the request.");
  }
  Key key = found.key;
  TRY_ASSIGN(std::vector<KeyVersion> versions, read_versions(transaction, key));
  const ImportTerms terms{request.valid_to, request.description};
  const bool is_new = request.is_new.value_or(versions[0].material_id.empty());
  if (is_new && key.replication == ReplicationRole::kReplica) {
    return fail(ErrorCode::kUnsupportedOperation,
                fmt::format("{} is not a multi-region primary key. Import new key material into the primary key first.",
                            found.arn));
  }
  TRY((is_new ? import_new : import_existing)(transaction, key, versions, imported, terms));
  TRY(transaction.save_key(found.key, key));
  trail.response("keyId", found.arn)
      .response("keyMaterialId", imported.material_id)
      .additional("keyMaterialId", imported.material_id);
  return MaterialOfKey{found.arn, imported.material_id};
}

Result<MaterialOfKey> delete_imported_key_material(Transaction& transaction, std::string_view key_id,
                                                   const std::optional<std::string>& material_id) {
  Trail& trail = transaction.trail();
  trail.parameter("keyId", key_id);
  if (material_id) trail.parameter("keyMaterialId", *material_id);
  TRY_ASSIGN(const TransactionKey found, transaction.find_key(key_id, false));
  TRY(transaction.authorize_key("kms:DeleteImportedKeyMaterial", found));
  TRY(require_imported_origin(found.key, found.arn));
  TRY(check_key_state(KmsOperation::kDeleteImportedKeyMaterial, found.state(), found.arn));
  TRY(check_deletion_protection(found.key, found.arn, "stripped of its key material"));
  if (material_id && !is_symmetric(found.key)) {
    return fail(ErrorCode::kUnsupportedOperation, "KeyMaterialId is for symmetric encryption keys only.");
  }
  Key key = found.key;
  TRY_ASSIGN(std::vector<KeyVersion> versions, read_versions(transaction, key));
  const std::size_t index = material_id ? find_material(versions, *material_id) : key.primary_version - 1;
  if (index == versions.size()) {
    return fail(ErrorCode::kNotFound,
                fmt::format("The key {} has no key material {}.", found.arn, material_id.value_or("")));
  }
  const std::string id = versions[index].material_id;
  TRY(remove_material(transaction, key, versions, index, "material-deleted"));
  if (key != found.key) TRY(transaction.save_key(found.key, key));
  trail.response("keyId", found.arn).additional("keyMaterialId", id);
  return MaterialOfKey{found.arn, id};
}

}  // namespace kagimori
