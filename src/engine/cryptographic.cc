#include "engine/cryptographic.h"

#include <fmt/format.h>

#include "base/log.h"
#include "engine/asymmetric_encryption.h"
#include "engine/cache_key.h"
#include "engine/dry_run.h"
#include "engine/external_keys.h"
#include "engine/hsm_keys.h"
#include "engine/key_lookup.h"
#include "engine/key_material.h"
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

// Asymmetric algorithms have no place for a context: it must not look as if it protected anything.
Status refuse_context(const EncryptionContext& context, std::string_view algorithm) {
  if (context.empty()) return {};
  return fail(ErrorCode::kValidation,
              fmt::format("Algorithm {} does not support an encryption context. Leave it out.", algorithm));
}

Result<SealedMessage> seal_with(EngineWorker& worker, const CachedKey& key, std::shared_ptr<const ExternalUse> external,
                                EncryptionContext& context, ByteView plaintext) {
  SealedMessage sealed;
  sealed.external = std::move(external);
  canonical_encryption_context(context, sealed.context);
  if (sealed.external != nullptr) {
    sealed.plaintext = SecretBytes::copy_of(plaintext);
    return sealed;
  }
  const CryptoTimer timer(worker.metrics, CryptoWork::kSymmetric);
  TRY_ASSIGN(MessageKey* const with, message_key(worker, key, key.snapshot().key.primary_version));
  TRY(with->seal(*worker.crypto, *worker.random, ciphertext_header(key.snapshot()), sealed.context, plaintext,
                 sealed.ciphertext));
  return sealed;
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
                              const DecryptRequest& request, std::string_view action) {
  SourceKey source;
  std::string_view key_id = request.key_id;
  const bool symmetric = request.algorithm == kSymmetricDefault;
  if (!symmetric && key_id.empty()) {
    return fail(ErrorCode::kValidation, "The key must be named when the ciphertext is one of an asymmetric key.");
  }
  if (symmetric && !request.ignore_ciphertext) source.header = parse_ciphertext_header(request.ciphertext);
  if (!key_id.empty()) {
    std::string foreign_arn;
    if (symmetric && lies_in_another_account(caller, key_id, source.header)) {
      foreign_arn = key_arn(caller.region, source.header->account, key_id);
      key_id = foreign_arn;
    }
    TRY_ASSIGN(source.key, find_cached_key(engine, worker, caller, trail, key_id, action));
    return source;
  }
  TRY_ASSIGN(const CiphertextHeader header, source.header);
  source.named_by_ciphertext = true;
  source.key.worker = &worker;
  TRY_ASSIGN(source.key.entry, find_cached_key_id(worker, caller, header.account, header.key_id));
  if (source.key.entry->key == nullptr) return fail(no_key_for_ciphertext(caller, action));
  trail.resource(source.key.snapshot().arn);
  return source;
}

// As authorize_use; a ciphertext tells a stranger nothing of the key that made it, not even that it is there.
Status authorize_source(const Caller& caller, const SourceKey& source, const KeyUse& use) {
  Status allowed = authorize_use(caller, source.key, use);
  const bool stranger = source.key.snapshot().key.account != caller.identity->account();
  const bool denied = !allowed && allowed.error().code == ErrorCode::kAccessDenied;
  if (denied && source.named_by_ciphertext && stranger) return fail(no_key_for_ciphertext(caller, use.action));
  return allowed;
}

tl::unexpected<Error> incorrect_key() {
  return fail(ErrorCode::kIncorrectKey,
              "The key ID in the request does not identify a CMK that can perform this operation.");
}

// Whether the ciphertext is one of the key, and its version may open it. Of a key with an external part none is taken
// that was made without it.
Result<std::uint32_t> check_ciphertext(const SourceKey& source) {
  const KeySnapshot& snapshot = source.key.snapshot();
  TRY_ASSIGN(const CiphertextHeader header, source.header);
  if (header.key_id != snapshot.key.key_id || header.account != snapshot.key.account) return incorrect_key();
  if (header.suite != ciphertext_suite(snapshot.key)) return fail(ErrorCode::kInvalidCiphertext);
  const VersionSnapshot* const version = snapshot.version(header.version);
  if (version == nullptr) return fail(ErrorCode::kInvalidCiphertext);
  TRY(require_material(source.key, *version));
  if (lifecycle_permits(version->state, Purpose::kProcess) != Permission::kYes) {
    return fail(ErrorCode::kInvalidState,
                fmt::format("Version {} of {} is {} and must not be used to decrypt.", version->number, snapshot.arn,
                            lifecycle_state_name(version->state.state)));
  }
  return version->number;
}

Result<SecretBytes> open_with(EngineWorker& worker, const SourceKey& source, EncryptionContext& context,
                              ByteView ciphertext, std::uint32_t version) {
  const CryptoTimer timer(worker.metrics, CryptoWork::kSymmetric);
  TRY_ASSIGN(MessageKey* const with, message_key(worker, source.key, version));
  Bytes canonical;
  canonical_encryption_context(context, canonical);
  return with->open(*worker.crypto, canonical, ciphertext);
}

// Usage, algorithm and state of the key that opens a ciphertext. A symmetric ciphertext is never one of a key that does
// not encrypt at all; AWS calls that the wrong key, not the wrong usage.
Status check_source(Trail& trail, const SourceKey& source, const KeyUse& use) {
  const bool encrypts = aws_key_usage(source.key.snapshot().key.type) == use.usage;
  if (!encrypts && use.algorithm == kSymmetricDefault && source.header) return incorrect_key();
  return check_use(trail, source.key, use);
}

// Opens the ciphertext, or gets ready to: authorised and checked already.
Result<Decryption> begin_decryption(Engine& engine, EngineWorker& worker, const Caller& caller, Trail& trail,
                                    const SourceKey& source, DecryptRequest& request) {
  Decryption decryption;
  decryption.key = source.key.entry->key;
  decryption.algorithm = request.algorithm;
  decryption.dry_run = request.dry_run;
  decryption.response.key_arn = decryption.key->arn;
  if (request.algorithm != kSymmetricDefault) {
    TRY(refuse_context(request.context, request.algorithm));
    if (request.ignore_ciphertext) return decryption;
    TRY_ASSIGN(decryption.with, private_key(worker, source.key));
    decryption.on_pool = belongs_on_pool(decryption.key->key.type, true);
    decryption.ciphertext = to_bytes(request.ciphertext);
    return decryption;
  }
  if (request.ignore_ciphertext) return decryption;
  const bool reencrypts = trail.operation() == kms_operation_name(KmsOperation::kReEncrypt);
  TRY_ASSIGN(const std::uint32_t version, check_ciphertext(source));
  trail.opened_with(version);
  TRY_ASSIGN(decryption.external,
             external_use(engine, caller, trail, source.key, reencrypts ? ExternalSide::kSource : ExternalSide::kOnly));
  if (decryption.external != nullptr) {
    decryption.on_pool = true;
    decryption.ciphertext = to_bytes(request.ciphertext);
    canonical_encryption_context(request.context, decryption.context);
  } else {
    TRY_ASSIGN(decryption.response.plaintext, open_with(worker, source, request.context, request.ciphertext, version));
  }
  decryption.response.material_id = decryption.key->version(version)->material_id;
  return decryption;
}

}  // namespace

CiphertextHeader ciphertext_header(const KeySnapshot& snapshot) {
  return {kSuiteDerivedAesGcm, snapshot.key.key_id, snapshot.key.account, snapshot.key.primary_version};
}

void put_encryption_context(Trail& trail, std::string_view name, const EncryptionContext& context) {
  if (!context.empty()) trail.parameter_json(name, context_json(context));
}

Result<EncryptResponse> encrypt(Engine& engine, EngineWorker& worker, const Caller& caller, Trail& trail,
                                EncryptRequest& request) {
  trail.parameter("keyId", request.key_id).parameter("encryptionAlgorithm", request.algorithm);
  put_encryption_context(trail, "encryptionContext", request.context);
  TRY_ASSIGN(const CachedKey key, find_cached_key(engine, worker, caller, trail, request.key_id, "kms:Encrypt"));
  KeyUse use{KmsOperation::kEncrypt, "kms:Encrypt", Purpose::kProtect, {}};
  use.facts.encryption_context = request.context;
  use.facts.encryption_algorithm = request.algorithm;
  use.algorithm = request.algorithm;
  use.public_half = true;
  use.bytes = request.plaintext.size();
  TRY(authorize_use(caller, key, use));
  TRY(check_use(trail, key, use));
  const KeySnapshot& snapshot = key.snapshot();
  const bool symmetric = request.algorithm == kSymmetricDefault;
  if (!symmetric) {
    TRY(refuse_context(request.context, request.algorithm));
    TRY(check_plaintext_size(snapshot.key.type, request.algorithm, request.plaintext.size()));
  }
  if (request.dry_run) return dry_run_done();
  TRY(take_allowance(key, use.bytes));
  EncryptResponse response;
  response.key_arn = snapshot.arn;
  if (!symmetric) {
    const CryptoTimer timer(worker.metrics, CryptoWork::kOther);
    TRY_ASSIGN(const auto with, public_key(worker, key));
    TRY_ASSIGN(response.sealed.ciphertext,
               encrypt_asymmetric(*worker.crypto, *with, request.algorithm, request.plaintext));
    return response;
  }
  trail.additional("keyMaterialId", snapshot.primary().material_id);
  TRY_ASSIGN(auto external, external_use(engine, caller, trail, key));
  TRY_ASSIGN(response.sealed, seal_with(worker, key, std::move(external), request.context, request.plaintext));
  return response;
}

Status SealedMessage::compute(CryptoContext& crypto, RandomSource& random) {
  if (external == nullptr) return {};
  TRY_ASSIGN(ciphertext, external->seal(crypto, random, plaintext.expose(), context));
  return {};
}

Status Decryption::compute(CryptoContext& crypto) {
  if (external != nullptr) {
    TRY_ASSIGN(response.plaintext, external->open(crypto, ciphertext, context));
  }
  if (with != nullptr) {
    TRY_ASSIGN(response.plaintext, decrypt_asymmetric(crypto, *with, algorithm, ciphertext));
  }
  return dry_run ? Status(dry_run_done()) : Status();
}

Result<Decryption> decrypt(Engine& engine, EngineWorker& worker, const Caller& caller, Trail& trail,
                           DecryptRequest& request) {
  if (!request.key_id.empty()) trail.parameter("keyId", request.key_id);
  trail.parameter("encryptionAlgorithm", request.algorithm);
  put_encryption_context(trail, "encryptionContext", request.context);
  TRY_ASSIGN(const SourceKey source, find_source(engine, worker, caller, trail, request, "kms:Decrypt"));
  KeyUse use{KmsOperation::kDecrypt, "kms:Decrypt", Purpose::kProcess, {}};
  use.facts.recipient = request.recipient;
  use.facts.encryption_context = request.context;
  use.facts.encryption_algorithm = request.algorithm;
  use.algorithm = request.algorithm;
  use.bytes = request.ciphertext.size();
  TRY(authorize_source(caller, source, use));
  TRY(check_source(trail, source, use));
  TRY_ASSIGN(Decryption decryption, begin_decryption(engine, worker, caller, trail, source, request));
  if (!decryption.response.material_id.empty()) trail.additional("keyMaterialId", decryption.response.material_id);
  return decryption;
}

Status ReEncryption::compute(CryptoContext& crypto, RandomSource& random) {
  TRY(source.compute(crypto));
  const ByteView plaintext = source.response.plaintext.expose();
  if (destination_public != nullptr) {
    TRY(check_plaintext_size(destination->key.type, destination_algorithm, plaintext.size()));
    TRY_ASSIGN(response.ciphertext, encrypt_asymmetric(crypto, *destination_public, destination_algorithm, plaintext));
    return {};
  }
  if (destination_external != nullptr) {
    TRY_ASSIGN(response.ciphertext, destination_external->seal(crypto, random, plaintext, destination_context));
    return {};
  }
  TRY_ASSIGN(MessageKey with, MessageKey::create(crypto, destination->primary().material.expose()));
  return with.seal(crypto, random, ciphertext_header(*destination), destination_context, plaintext,
                   response.ciphertext);
}

Result<ReEncryption> re_encrypt(Engine& engine, EngineWorker& worker, const Caller& caller, Trail& trail,
                                ReEncryptRequest& request) {
  DecryptRequest opening{request.ciphertext,       request.source_context, request.source_key_id,
                         request.source_algorithm, request.dry_run,        request.ignore_ciphertext};
  if (!request.source_key_id.empty()) trail.parameter("sourceKeyId", request.source_key_id);
  trail.parameter("destinationKeyId", request.destination_key_id)
      .parameter("sourceEncryptionAlgorithm", request.source_algorithm)
      .parameter("destinationEncryptionAlgorithm", request.destination_algorithm);
  put_encryption_context(trail, "sourceEncryptionContext", request.source_context);
  put_encryption_context(trail, "destinationEncryptionContext", request.destination_context);
  TRY_ASSIGN(const SourceKey source, find_source(engine, worker, caller, trail, opening, "kms:ReEncryptFrom"));
  TRY_ASSIGN(const CachedKey destination,
             find_cached_key(engine, worker, caller, trail, request.destination_key_id, "kms:ReEncryptTo"));
  const bool same_key = source.key.entry == destination.entry;
  KeyUse from{KmsOperation::kReEncrypt, "kms:ReEncryptFrom", Purpose::kProcess, {}};
  from.facts.encryption_context = request.source_context;
  from.facts.encryption_algorithm = request.source_algorithm;
  from.facts.reencrypt_on_same_key = same_key;
  from.algorithm = request.source_algorithm;
  from.bytes = request.ciphertext.size();
  KeyUse to{KmsOperation::kReEncrypt, "kms:ReEncryptTo", Purpose::kProtect, {}};
  to.facts.encryption_context = request.destination_context;
  to.facts.encryption_algorithm = request.destination_algorithm;
  to.facts.reencrypt_on_same_key = same_key;
  to.algorithm = request.destination_algorithm;
  to.public_half = true;
  to.bytes = request.ciphertext.size();
  TRY(authorize_source(caller, source, from));
  TRY(authorize_use(caller, destination, to));
  TRY(check_source(trail, source, from));
  TRY(check_use(trail, destination, to));
  ReEncryption work;
  work.destination = destination.entry->key;
  work.destination_algorithm = request.destination_algorithm;
  if (request.destination_algorithm != kSymmetricDefault) {
    TRY(refuse_context(request.destination_context, request.destination_algorithm));
    TRY_ASSIGN(work.destination_public, public_key(worker, destination));
  } else {
    TRY(require_material(destination));
    canonical_encryption_context(request.destination_context, work.destination_context);
    work.response.destination_material_id = work.destination->primary().material_id;
  }
  TRY_ASSIGN(work.source, begin_decryption(engine, worker, caller, trail, source, opening));
  if (!request.dry_run) TRY(take_allowance(destination, to.bytes));
  if (request.destination_algorithm == kSymmetricDefault && !request.dry_run) {
    TRY_ASSIGN(work.destination_external, external_use(engine, caller, trail, destination, ExternalSide::kDestination));
  }
  work.response.source_key_arn = work.source.key->arn;
  work.response.destination_key_arn = work.destination->arn;
  work.response.source_material_id = work.source.response.material_id;
  trail.additional("sourceKeyMaterialId", work.response.source_material_id)
      .additional("destinationKeyMaterialId", work.response.destination_material_id);
  return work;
}

Result<GenerateDataKeyResponse> generate_data_key(Engine& engine, EngineWorker& worker, const Caller& caller,
                                                  Trail& trail, GenerateDataKeyRequest& request) {
  trail.parameter("keyId", request.key_id).parameter_json("numberOfBytes", std::to_string(request.bytes));
  put_encryption_context(trail, "encryptionContext", request.context);
  const std::string_view action =
      request.without_plaintext ? "kms:GenerateDataKeyWithoutPlaintext" : "kms:GenerateDataKey";
  TRY_ASSIGN(const CachedKey key, find_cached_key(engine, worker, caller, trail, request.key_id, action));
  KeyUse use{
      request.without_plaintext ? KmsOperation::kGenerateDataKeyWithoutPlaintext : KmsOperation::kGenerateDataKey,
      action,
      Purpose::kProtect,
      {}};
  use.facts.recipient = request.recipient;
  use.facts.encryption_context = request.context;
  use.facts.encryption_algorithm = kSymmetricDefault;
  use.algorithm = kSymmetricDefault;
  use.bytes = request.bytes;
  TRY(authorize_use(caller, key, use));
  TRY(check_use(trail, key, use));
  if (request.dry_run) return dry_run_done();
  TRY(take_allowance(key, use.bytes));
  GenerateDataKeyResponse response;
  response.plaintext = SecretBytes(request.bytes);
  worker.random->fill_private(response.plaintext.expose_mutable());
  TRY_ASSIGN(auto external, external_use(engine, caller, trail, key));
  TRY_ASSIGN(response.sealed,
             seal_with(worker, key, std::move(external), request.context, response.plaintext.expose()));
  if (request.without_plaintext) response.plaintext = SecretBytes();
  response.key_arn = key.snapshot().arn;
  response.material_id = key.snapshot().primary().material_id;
  trail.additional("keyMaterialId", response.material_id);
  return response;
}

Status GeneratedRandom::compute() {
  if (store == nullptr) return {};
  const CustomKeyStore& record = store->record;
  auto drawn = hsm == nullptr ? HsmResult<SecretBytes>(tl::unexpected(HsmFault::kUnknownCluster))
                              : hsm->random(record.cluster_id, store->secret, bytes.size());
  if (!drawn) {
    const bool slow = drawn.error() == HsmFault::kTimedOut;
    return fail(hsm_error(slow ? ErrorCode::kDependencyTimeout : ErrorCode::kCustomKeyStoreInvalidState, record,
                          drawn.error()));
  }
  bytes = *std::move(drawn);
  return {};
}

Result<GeneratedRandom> generate_random(Engine& engine, EngineWorker& worker, const Caller& caller, Trail& trail,
                                        std::size_t bytes, std::string_view store_id,
                                        const AttestedRecipient* recipient) {
  trail.parameter_json("numberOfBytes", std::to_string(bytes));
  RequestFacts facts;
  facts.recipient = recipient;
  TRY(authorize(caller, {"kms:GenerateRandom", "*", nullptr, false, facts}));
  if (!store_id.empty()) {
    trail.parameter("customKeyStoreId", store_id);
    const std::string& account = caller.identity->account();
    TRY_ASSIGN(const CacheEntry* const entry, worker.need(cache_key::key_store(account, caller.region, store_id)));
    if (entry->key_store == nullptr) {
      return fail(ErrorCode::kCustomKeyStoreNotFound, fmt::format("The custom key store {} does not exist.", store_id));
    }
    const CustomKeyStore& record = entry->key_store->record;
    if (record.type == CustomKeyStoreType::kExternal) {
      return fail(ErrorCode::kUnsupportedOperation,
                  fmt::format("The custom key store {} is an external key store, which draws no random bytes. Leave "
                              "CustomKeyStoreId out.",
                              store_id));
    }
    if (record.state != ConnectionState::kConnected) {
      return fail(ErrorCode::kCustomKeyStoreInvalidState,
                  fmt::format("The connection state of custom key store {} is {}. It draws random bytes only while it "
                              "is CONNECTED.",
                              store_id, connection_state_name(record.state)));
    }
    return GeneratedRandom{SecretBytes(bytes), entry->key_store, engine.hsm()};
  }
  GeneratedRandom random{SecretBytes(bytes), nullptr, nullptr};
  worker.random->fill_private(random.bytes.expose_mutable());
  return random;
}

Result<DescribedKey> describe_key(Engine& engine, EngineWorker& worker, const Caller& caller, Trail& trail,
                                  std::string_view key_id) {
  trail.parameter("keyId", key_id);
  TRY_ASSIGN(const CachedKey key, find_cached_key(engine, worker, caller, trail, key_id, "kms:DescribeKey"));
  TRY(authorize_use(caller, key, {KmsOperation::kDescribeKey, "kms:DescribeKey", Purpose::kConfirm, {}}));
  DescribedKey described{key.entry->key, {}, {}};
  TRY_ASSIGN(described.state, state_of(key));
  if (key.snapshot().key.origin == KeyOrigin::kHsm) {
    TRY_ASSIGN(const auto store, key_store_of(key));
    described.cluster_id = store->record.cluster_id;
  }
  return described;
}

}  // namespace kagimori
