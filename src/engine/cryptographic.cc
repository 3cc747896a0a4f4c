#include "engine/cryptographic.h"

#include <fmt/format.h>

#include "base/log.h"
#include "engine/key_lookup.h"
#include "model/arn.h"

namespace kagimori {
namespace {

std::string context_json(const EncryptionContext& context) {
  std::string json = "{";
  for (const auto& [name, value] : context) {
    if (json.size() > 1) json.push_back(',');
    append_json_string(json, name);
    json.push_back(':');
    append_json_string(json, value);
  }
  json.push_back('}');
  return json;
}

Status dry_run_done() {
  return fail(ErrorCode::kDryRunOperation, "The request would have succeeded, but the DryRun option is set.");
}

Status check_algorithm(std::string_view algorithm, std::string_view key_arn) {
  if (algorithm == kSymmetricDefault) return {};
  return fail(
      ErrorCode::kInvalidKeyUsage,
      fmt::format("{} key spec is SYMMETRIC_DEFAULT which is incompatible with algorithm {}.", key_arn, algorithm));
}

CiphertextHeader header_for(const KeySnapshot& snapshot) {
  return {kSuiteDerivedAesGcm, snapshot.key.key_id, snapshot.key.account, snapshot.key.primary_version};
}

Result<Bytes> seal_with(EngineWorker& worker, const CachedKey& key, EncryptionContext& context, ByteView plaintext) {
  TRY_ASSIGN(MessageKey* const with, message_key(worker, key, key.snapshot().key.primary_version));
  Bytes canonical;
  canonical_encryption_context(context, canonical);
  Bytes ciphertext;
  TRY(with->seal(*worker.crypto, *worker.random, header_for(key.snapshot()), canonical, plaintext, ciphertext));
  return ciphertext;
}

void put_context(Trail& trail, const EncryptionContext& context) {
  if (!context.empty()) trail.parameter_json("encryptionContext", context_json(context));
}

// AWS's answer when a ciphertext leads to no key that the caller may use.
Error no_key_for_ciphertext(const Caller& caller, std::string_view action) {
  return {
      ErrorCode::kAccessDenied,
      fmt::format("User: {} is not authorized to perform: {} on the resource associated with this ciphertext because "
                  "the resource does not exist in this Region, no resource-based policies allow access, or a "
                  "resource-based policy explicitly denies access",
                  caller.identity->arn, action)};
}

// The key that opens a ciphertext: the one the request names, else the one the ciphertext names. Whether the ciphertext
// is one at all shows only to who may use the key.
struct SourceKey {
  CachedKey key;
  Result<CiphertextHeader> header = CiphertextHeader();
  bool named_by_ciphertext = false;
};

// A bare key id is looked for in the account that the ciphertext names, if it names that very key (AWS KMS developer
// guide, "Cross-account use": Decrypt and ReEncrypt).
bool lies_in_another_account(const Caller& caller, std::string_view key_id, const Result<CiphertextHeader>& header) {
  return header && header->key_id == key_id && header->account != caller.identity->account();
}

Result<SourceKey> find_source(Engine& engine, EngineWorker& worker, const Caller& caller, Trail& trail,
                              std::string_view key_id, ByteView ciphertext, bool ignore_ciphertext,
                              std::string_view action) {
  SourceKey source;
  if (!ignore_ciphertext) source.header = parse_ciphertext_header(ciphertext);
  if (!key_id.empty()) {
    std::string foreign_arn;
    if (lies_in_another_account(caller, key_id, source.header)) {
      foreign_arn = key_arn(caller.region, source.header->account, key_id);
      key_id = foreign_arn;
    }
    TRY_ASSIGN(source.key, find_cached_key(engine, worker, caller, trail, key_id, action));
    return source;
  }
  TRY_ASSIGN(const CiphertextHeader header, source.header);
  source.named_by_ciphertext = true;
  TRY_ASSIGN(source.key.entry, find_cached_key_id(worker, caller, header.account, header.key_id));
  if (source.key.entry->key == nullptr) return fail(no_key_for_ciphertext(caller, action));
  trail.resource(source.key.snapshot().arn);
  return source;
}

// As authorize_use; a ciphertext tells a stranger nothing of the key that made it, not even that it is there.
Status authorize_source(const Caller& caller, const SourceKey& source, const KeyUse& use) {
  Status allowed = authorize_use(caller, source.key, use);
  const bool stranger = source.key.snapshot().key.account != caller.identity->account();
  if (!allowed && source.named_by_ciphertext && stranger) return fail(no_key_for_ciphertext(caller, use.action));
  return allowed;
}

Result<SecretBytes> open_with(EngineWorker& worker, const SourceKey& source, EncryptionContext& context,
                              ByteView ciphertext) {
  const Key& key = source.key.snapshot().key;
  TRY_ASSIGN(const CiphertextHeader header, source.header);
  if (header.key_id != key.key_id || header.account != key.account) {
    return fail(ErrorCode::kIncorrectKey,
                "The key ID in the request does not identify a CMK that can perform this operation.");
  }
  TRY_ASSIGN(MessageKey* const with, message_key(worker, source.key, header.version));
  const VersionSnapshot& version = *source.key.snapshot().version(header.version);
  if (lifecycle_permits(version.state, Purpose::kProcess) != Permission::kYes) {
    return fail(ErrorCode::kInvalidState,
                fmt::format("Version {} of {} is {} and must not be used to decrypt.", version.number,
                            source.key.snapshot().arn, lifecycle_state_name(version.state.state)));
  }
  Bytes canonical;
  canonical_encryption_context(context, canonical);
  return with->open(*worker.crypto, canonical, ciphertext);
}

}  // namespace

Result<EncryptResponse> encrypt(Engine& engine, EngineWorker& worker, const Caller& caller, Trail& trail,
                                EncryptRequest& request) {
  trail.parameter("keyId", request.key_id).parameter("encryptionAlgorithm", request.algorithm);
  put_context(trail, request.context);
  TRY_ASSIGN(const CachedKey key, find_cached_key(engine, worker, caller, trail, request.key_id, "kms:Encrypt"));
  KeyUse use{KmsOperation::kEncrypt, "kms:Encrypt", Purpose::kProtect, {}};
  use.facts.encryption_context = request.context;
  use.facts.encryption_algorithm = request.algorithm;
  TRY(authorize_use(caller, key, use));
  TRY(check_algorithm(request.algorithm, key.snapshot().arn));
  TRY(check_use(key, use));
  if (request.dry_run) return fail(dry_run_done().error());
  trail.additional("keyMaterialId", key.snapshot().primary().material_id);
  EncryptResponse response;
  TRY_ASSIGN(response.ciphertext, seal_with(worker, key, request.context, request.plaintext));
  response.key_arn = key.snapshot().arn;
  return response;
}

Result<DecryptResponse> decrypt(Engine& engine, EngineWorker& worker, const Caller& caller, Trail& trail,
                                DecryptRequest& request) {
  if (!request.key_id.empty()) trail.parameter("keyId", request.key_id);
  trail.parameter("encryptionAlgorithm", request.algorithm);
  put_context(trail, request.context);
  TRY_ASSIGN(const SourceKey source, find_source(engine, worker, caller, trail, request.key_id, request.ciphertext,
                                                 request.ignore_ciphertext, "kms:Decrypt"));
  KeyUse use{KmsOperation::kDecrypt, "kms:Decrypt", Purpose::kProcess, {}};
  use.facts.encryption_context = request.context;
  use.facts.encryption_algorithm = request.algorithm;
  TRY(authorize_source(caller, source, use));
  TRY(check_algorithm(request.algorithm, source.key.snapshot().arn));
  TRY(check_use(source.key, use));
  DecryptResponse response;
  if (!request.ignore_ciphertext) {
    TRY_ASSIGN(response.plaintext, open_with(worker, source, request.context, request.ciphertext));
    response.material_id = source.key.snapshot().version(source.header->version)->material_id;
    trail.additional("keyMaterialId", response.material_id);
  }
  if (request.dry_run) return fail(dry_run_done().error());
  response.key_arn = source.key.snapshot().arn;
  return response;
}

Result<ReEncryptResponse> re_encrypt(Engine& engine, EngineWorker& worker, const Caller& caller, Trail& trail,
                                     ReEncryptRequest& request) {
  if (!request.source_key_id.empty()) trail.parameter("sourceKeyId", request.source_key_id);
  trail.parameter("destinationKeyId", request.destination_key_id)
      .parameter("sourceEncryptionAlgorithm", request.source_algorithm)
      .parameter("destinationEncryptionAlgorithm", request.destination_algorithm);
  if (!request.source_context.empty()) {
    trail.parameter_json("sourceEncryptionContext", context_json(request.source_context));
  }
  if (!request.destination_context.empty()) {
    trail.parameter_json("destinationEncryptionContext", context_json(request.destination_context));
  }
  TRY_ASSIGN(const SourceKey source, find_source(engine, worker, caller, trail, request.source_key_id,
                                                 request.ciphertext, request.ignore_ciphertext, "kms:ReEncryptFrom"));
  TRY_ASSIGN(const CachedKey destination,
             find_cached_key(engine, worker, caller, trail, request.destination_key_id, "kms:ReEncryptTo"));
  const bool same_key = source.key.entry == destination.entry;
  KeyUse from{KmsOperation::kReEncrypt, "kms:ReEncryptFrom", Purpose::kProcess, {}};
  from.facts.encryption_context = request.source_context;
  from.facts.encryption_algorithm = request.source_algorithm;
  from.facts.reencrypt_on_same_key = same_key;
  KeyUse to{KmsOperation::kReEncrypt, "kms:ReEncryptTo", Purpose::kProtect, {}};
  to.facts.encryption_context = request.destination_context;
  to.facts.encryption_algorithm = request.destination_algorithm;
  to.facts.reencrypt_on_same_key = same_key;
  TRY(authorize_source(caller, source, from));
  TRY(authorize_use(caller, destination, to));
  TRY(check_algorithm(request.source_algorithm, source.key.snapshot().arn));
  TRY(check_algorithm(request.destination_algorithm, destination.snapshot().arn));
  TRY(check_use(source.key, from));
  TRY(check_use(destination, to));
  ReEncryptResponse response;
  SecretBytes plaintext;
  if (!request.ignore_ciphertext) {
    TRY_ASSIGN(plaintext, open_with(worker, source, request.source_context, request.ciphertext));
    response.source_material_id = source.key.snapshot().version(source.header->version)->material_id;
  }
  if (request.dry_run) return fail(dry_run_done().error());
  TRY_ASSIGN(response.ciphertext, seal_with(worker, destination, request.destination_context, plaintext.expose()));
  response.source_key_arn = source.key.snapshot().arn;
  response.destination_key_arn = destination.snapshot().arn;
  response.destination_material_id = destination.snapshot().primary().material_id;
  trail.additional("sourceKeyMaterialId", response.source_material_id)
      .additional("destinationKeyMaterialId", response.destination_material_id);
  return response;
}

Result<GenerateDataKeyResponse> generate_data_key(Engine& engine, EngineWorker& worker, const Caller& caller,
                                                  Trail& trail, GenerateDataKeyRequest& request) {
  trail.parameter("keyId", request.key_id).parameter_json("numberOfBytes", std::to_string(request.bytes));
  put_context(trail, request.context);
  const std::string_view action =
      request.without_plaintext ? "kms:GenerateDataKeyWithoutPlaintext" : "kms:GenerateDataKey";
  TRY_ASSIGN(const CachedKey key, find_cached_key(engine, worker, caller, trail, request.key_id, action));
  KeyUse use{
      request.without_plaintext ? KmsOperation::kGenerateDataKeyWithoutPlaintext : KmsOperation::kGenerateDataKey,
      action,
      Purpose::kProtect,
      {}};
  use.facts.encryption_context = request.context;
  use.facts.encryption_algorithm = kSymmetricDefault;
  TRY(authorize_use(caller, key, use));
  TRY(check_use(key, use));
  if (request.dry_run) return fail(dry_run_done().error());
  GenerateDataKeyResponse response;
  response.plaintext = SecretBytes(request.bytes);
  worker.random->fill_private(response.plaintext.expose_mutable());
  TRY_ASSIGN(response.ciphertext, seal_with(worker, key, request.context, response.plaintext.expose()));
  if (request.without_plaintext) response.plaintext = SecretBytes();
  response.key_arn = key.snapshot().arn;
  response.material_id = key.snapshot().primary().material_id;
  trail.additional("keyMaterialId", response.material_id);
  return response;
}

Result<SecretBytes> generate_random(EngineWorker& worker, const Caller& caller, Trail& trail, std::size_t bytes) {
  trail.parameter_json("numberOfBytes", std::to_string(bytes));
  TRY(authorize(caller, {"kms:GenerateRandom", "*", nullptr, false, {}}));
  SecretBytes random(bytes);
  worker.random->fill_private(random.expose_mutable());
  return random;
}

Result<std::shared_ptr<const KeySnapshot>> describe_key(Engine& engine, EngineWorker& worker, const Caller& caller,
                                                        Trail& trail, std::string_view key_id) {
  trail.parameter("keyId", key_id);
  TRY_ASSIGN(const CachedKey key, find_cached_key(engine, worker, caller, trail, key_id, "kms:DescribeKey"));
  TRY(authorize_use(caller, key, {KmsOperation::kDescribeKey, "kms:DescribeKey", Purpose::kConfirm, {}}));
  return key.entry->key;
}

}  // namespace kagimori
