// Encrypt, Decrypt, ReEncrypt, GenerateDataKey(WithoutPlaintext), GenerateRandom, DescribeKey.

#include <fmt/format.h>

#include "dialects/aws/computed_answer.h"
#include "dialects/aws/kms_members.h"
#include "dialects/aws/kms_operations.h"

namespace kagimori::aws {
namespace {

Status check_dry_run_modifiers(bool dry, bool ignore, bool has_key) {
  if (ignore && !dry) return fail(ErrorCode::kValidation, "DryRunModifiers can be used only when DryRun is true.");
  if (ignore && !has_key) return fail(ErrorCode::kValidation, "A key must be named when the ciphertext is ignored.");
  return {};
}

Result<std::string> decrypt_body(Decryption& work, CryptoContext& crypto, const Recipient& recipient) {
  TRY(work.compute(crypto));
  const DecryptResponse& response = work.response;
  std::string body = secret_body(response.plaintext.size(), 0);
  JsonWriter json(body);
  json.begin_object().member("KeyId", response.key_arn);
  TRY(write_plaintext(json, crypto, recipient, "Plaintext", response.plaintext));
  json.member("EncryptionAlgorithm", work.algorithm);
  if (!response.material_id.empty() && recipient == nullptr) json.member("KeyMaterialId", response.material_id);
  json.end_object();
  return body;
}

Result<std::string> re_encrypt_body(ReEncryption& work, CryptoContext& crypto, RandomSource& random) {
  TRY(work.compute(crypto, random));
  const ReEncryptResponse& response = work.response;
  std::string body;
  JsonWriter json(body);
  json.begin_object()
      .member("CiphertextBlob", response.ciphertext)
      .member("SourceKeyId", response.source_key_arn)
      .member("KeyId", response.destination_key_arn)
      .member("SourceEncryptionAlgorithm", work.source.algorithm)
      .member("DestinationEncryptionAlgorithm", work.destination_algorithm);
  if (!response.source_material_id.empty()) json.member("SourceKeyMaterialId", response.source_material_id);
  if (!response.destination_material_id.empty()) {
    json.member("DestinationKeyMaterialId", response.destination_material_id);
  }
  json.end_object();
  return body;
}

Result<std::string> data_key_body(const GenerateDataKeyResponse& response, CryptoContext& crypto,
                                  bool without_plaintext, const Recipient& recipient) {
  std::string body = secret_body(response.plaintext.size(), response.sealed.ciphertext.size());
  JsonWriter json(body);
  json.begin_object().member("CiphertextBlob", response.sealed.ciphertext);
  if (!without_plaintext) TRY(write_plaintext(json, crypto, recipient, "Plaintext", response.plaintext));
  json.member("KeyId", response.key_arn);
  if (recipient == nullptr) json.member("KeyMaterialId", response.material_id);
  json.end_object();
  return body;
}

std::string encrypt_body(const EncryptResponse& response, std::string_view algorithm) {
  std::string body = secret_body(0, response.sealed.ciphertext.size());
  JsonWriter(body)
      .begin_object()
      .member("CiphertextBlob", response.sealed.ciphertext)
      .member("KeyId", response.key_arn)
      .member("EncryptionAlgorithm", algorithm)
      .end_object();
  return body;
}

// The answer of what has been sealed: at once, or once the external key has done its part.
template <typename Response>
JsonAnswer sealed_answer(JsonCall& call, Response response,
                         std::function<Result<std::string>(const Response&, CryptoContext&)> write,
                         const Recipient& recipient = {}) {
  const bool is_outside = response.sealed.external != nullptr;
  if (!is_outside && recipient == nullptr) return answer_now(write(response, *call.worker.crypto));
  const auto work = std::make_shared<Response>(std::move(response));
  const ExternalUse* const use = work->sealed.external.get();
  std::vector<std::shared_ptr<const KeySnapshot>> keys;
  if (is_outside) keys.push_back(use->key());
  return computed_answer(
      call, true, std::move(keys),
      [work, write = std::move(write)](CryptoContext& crypto, RandomSource& random) -> Result<std::string> {
        TRY(work->sealed.compute(crypto, random));
        return write(*work, crypto);
      },
      stores_of({use}));
}

JsonAnswer generate_data_key_answer(JsonCall& call, bool without_plaintext) {
  JsonMembers members(call.body);
  GenerateDataKeyRequest request;
  request.without_plaintext = without_plaintext;
  request.key_id = members.required_text("KeyId", member::kKeyId);
  request.context = members.context("EncryptionContext");
  request.dry_run = dry_run(members);
  const auto spec = members.enumeration("KeySpec", kDataKeySpecs);
  const auto bytes = members.integer("NumberOfBytes", member::kNumberOfBytes);
  const RecipientMember named = without_plaintext ? RecipientMember() : read_recipient(members);
  ANSWER_IF_FAILED(check_grant_tokens(call, members));
  if (spec.has_value() == bytes.has_value()) {
    return answer_error({ErrorCode::kValidation, "Please specify either number of bytes or key spec."});
  }
  request.bytes = spec ? (*spec == "AES_128" ? 16 : 32) : static_cast<std::size_t>(*bytes);
  const auto recipient = verified_recipient(call, named);
  if (!recipient) return answer_error(recipient.error());
  request.recipient = recipient->get();
  auto response = generate_data_key(call.engine, call.worker, call.caller, call.trail, request);
  if (!response) return answer_error(std::move(response).error());
  return sealed_answer<GenerateDataKeyResponse>(
      call, *std::move(response),
      [without_plaintext, recipient = *recipient](const GenerateDataKeyResponse& made, CryptoContext& crypto) {
        return data_key_body(made, crypto, without_plaintext, recipient);
      },
      *recipient);
}

}  // namespace

JsonAnswer kms_encrypt(JsonCall& call) {
  JsonMembers members(call.body);
  EncryptRequest request;
  request.key_id = members.required_text("KeyId", member::kKeyId);
  members.require("Plaintext");
  const auto plaintext = members.secret_blob("Plaintext", member::kPlaintext);
  request.context = members.context("EncryptionContext");
  request.algorithm = encryption_algorithm(members, "EncryptionAlgorithm");
  request.dry_run = dry_run(members);
  ANSWER_IF_FAILED(check_grant_tokens(call, members));
  request.plaintext = plaintext->expose();
  auto response = encrypt(call.engine, call.worker, call.caller, call.trail, request);
  if (!response) return answer_error(std::move(response).error());
  return sealed_answer<EncryptResponse>(
      call, *std::move(response),
      [algorithm = std::string(request.algorithm)](const EncryptResponse& made, CryptoContext&) {
        return encrypt_body(made, algorithm);
      });
}

JsonAnswer kms_decrypt(JsonCall& call) {
  JsonMembers members(call.body);
  DecryptRequest request;
  const auto ciphertext = members.blob("CiphertextBlob", member::kCiphertext);
  request.context = members.context("EncryptionContext");
  request.key_id = members.text("KeyId", member::kKeyId).value_or(std::string_view());
  request.algorithm = encryption_algorithm(members, "EncryptionAlgorithm");
  request.dry_run = dry_run(members);
  request.ignore_ciphertext = ignore_ciphertext(members);
  if (!request.ignore_ciphertext) members.require("CiphertextBlob");
  const RecipientMember named = read_recipient(members);
  ANSWER_IF_FAILED(check_grant_tokens(call, members));
  ANSWER_IF_FAILED(check_dry_run_modifiers(request.dry_run, request.ignore_ciphertext, !request.key_id.empty()));
  const auto recipient = verified_recipient(call, named);
  if (!recipient) return answer_error(recipient.error());
  request.recipient = recipient->get();
  if (ciphertext) request.ciphertext = *ciphertext;
  auto decryption = decrypt(call.engine, call.worker, call.caller, call.trail, request);
  if (!decryption) return answer_error(std::move(decryption).error());
  if (!decryption->on_pool && *recipient == nullptr)
    return answer_now(decrypt_body(*decryption, *call.worker.crypto, *recipient));
  const auto work = std::make_shared<Decryption>(*std::move(decryption));
  return computed_answer(
      call, true, {work->key},
      [work, recipient = *recipient](CryptoContext& crypto, RandomSource&) {
        return decrypt_body(*work, crypto, recipient);
      },
      stores_of({work->external.get()}));
}

JsonAnswer kms_re_encrypt(JsonCall& call) {
  JsonMembers members(call.body);
  ReEncryptRequest request;
  const auto ciphertext = members.blob("CiphertextBlob", member::kCiphertext);
  request.source_context = members.context("SourceEncryptionContext");
  request.destination_context = members.context("DestinationEncryptionContext");
  request.source_key_id = members.text("SourceKeyId", member::kKeyId).value_or(std::string_view());
  request.destination_key_id = members.required_text("DestinationKeyId", member::kKeyId);
  request.source_algorithm = encryption_algorithm(members, "SourceEncryptionAlgorithm");
  request.destination_algorithm = encryption_algorithm(members, "DestinationEncryptionAlgorithm");
  request.dry_run = dry_run(members);
  request.ignore_ciphertext = ignore_ciphertext(members);
  if (!request.ignore_ciphertext) members.require("CiphertextBlob");
  ANSWER_IF_FAILED(check_grant_tokens(call, members));
  ANSWER_IF_FAILED(check_dry_run_modifiers(request.dry_run, request.ignore_ciphertext, !request.source_key_id.empty()));
  if (ciphertext) request.ciphertext = *ciphertext;
  auto work = re_encrypt(call.engine, call.worker, call.caller, call.trail, request);
  if (!work) return answer_error(std::move(work).error());
  const auto shared = std::make_shared<ReEncryption>(*std::move(work));
  return computed_answer(
      call, shared->source.on_pool || shared->destination_external != nullptr,
      {shared->source.key, shared->destination},
      [shared](CryptoContext& crypto, RandomSource& random) { return re_encrypt_body(*shared, crypto, random); },
      stores_of({shared->source.external.get(), shared->destination_external.get()}));
}

JsonAnswer kms_generate_data_key(JsonCall& call) { return generate_data_key_answer(call, false); }
JsonAnswer kms_generate_data_key_without_plaintext(JsonCall& call) { return generate_data_key_answer(call, true); }

JsonAnswer kms_generate_random(JsonCall& call) {
  JsonMembers members(call.body);
  const auto bytes = members.integer("NumberOfBytes", member::kNumberOfBytes);
  const auto store_id = members.text("CustomKeyStoreId", member::kCustomKeyStoreId);
  const RecipientMember named = read_recipient(members);
  ANSWER_IF_FAILED(members.status());
  if (!bytes) return answer_error({ErrorCode::kValidation, "NumberOfBytes is required."});
  const auto recipient = verified_recipient(call, named);
  if (!recipient) return answer_error(recipient.error());
  auto random = generate_random(call.engine, call.worker, call.caller, call.trail, static_cast<std::size_t>(*bytes),
                                store_id.value_or(std::string_view()), recipient->get());
  if (!random) return answer_error(std::move(random).error());
  const auto work = std::make_shared<GeneratedRandom>(*std::move(random));
  Engine::KeyStores stores;
  if (work->store != nullptr) stores.push_back(work->store);
  return computed_answer(
      call, work->store != nullptr || *recipient != nullptr, {},
      [work, recipient = *recipient](CryptoContext& crypto, RandomSource&) -> Result<std::string> {
        TRY(work->compute());
        std::string body = secret_body(work->bytes.size(), 0);
        JsonWriter json(body);
        json.begin_object();
        TRY(write_plaintext(json, crypto, recipient, "Plaintext", work->bytes));
        json.end_object();
        return body;
      },
      std::move(stores));
}

JsonAnswer kms_describe_key(JsonCall& call) {
  JsonMembers members(call.body);
  const std::string_view key_id = members.required_text("KeyId", member::kKeyId);
  ANSWER_IF_FAILED(check_grant_tokens(call, members));
  const auto described = describe_key(call.engine, call.worker, call.caller, call.trail, key_id);
  if (!described) return answer_error(described.error());
  const KeySnapshot& key = *described->key;
  std::string body;
  JsonWriter json(body);
  json.begin_object().key("KeyMetadata");
  write_key_metadata(json, {key.key, key.arn, described->state, key.primary().material_id, key.replica_regions,
                            key.external ? &*key.external : nullptr, described->cluster_id});
  json.end_object();
  return answer_now(std::move(body));
}

}  // namespace kagimori::aws
