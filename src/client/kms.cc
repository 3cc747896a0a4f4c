#include "client/kms.h"

#include "base/encoding.h"
#include "client/json_call.h"
#include "client/refusal.h"
#include "protocol/json_writer.h"

namespace kagimori {
namespace {

constexpr long kOk = 200;

}  // namespace

Result<Kms::KeySummary> Kms::describe_key(std::string_view key) {
  std::string body;
  JsonWriter(body).begin_object().member("KeyId", key).end_object();
  JsonDocumentOfAnswer document;
  TRY(call_json(connection_, "TrentService.DescribeKey", body, document));
  const JsonValue* const metadata = document.root->find("KeyMetadata");
  if (metadata == nullptr) return fail(strange_answer(kOk));
  const auto text = [metadata](std::string_view name) { return std::string(json_text(*metadata, name)); };
  return KeySummary{text("KeyId"), text("Arn"), text("KeySpec"), text("KeyUsage"), text("Origin"), text("KeyState")};
}

Result<Kms::ImportParameters> Kms::get_parameters_for_import(std::string_view key_id,
                                                             std::string_view wrapping_algorithm,
                                                             std::string_view wrapping_key_spec) {
  std::string body;
  JsonWriter(body)
      .begin_object()
      .member("KeyId", key_id)
      .member("WrappingAlgorithm", wrapping_algorithm)
      .member("WrappingKeySpec", wrapping_key_spec)
      .end_object();
  JsonDocumentOfAnswer document;
  TRY(call_json(connection_, "TrentService.GetParametersForImport", body, document));
  auto public_key = base64_decode(json_text(*document.root, "PublicKey"));
  if (!public_key) return fail(strange_answer(kOk));
  return ImportParameters{std::string(json_text(*document.root, "ImportToken")), *std::move(public_key)};
}

Result<std::string> Kms::import_key_material(const Import& import) {
  std::string body;
  JsonWriter json(body);
  json.begin_object().member("KeyId", import.key_id).member("ImportToken", import.token);
  json.member("EncryptedKeyMaterial", import.wrapped);
  json.member("ExpirationModel", import.valid_to ? "KEY_MATERIAL_EXPIRES" : "KEY_MATERIAL_DOES_NOT_EXPIRE");
  if (import.valid_to) json.member("ValidTo", *import.valid_to);
  if (import.is_new) json.member("ImportType", "NEW_KEY_MATERIAL");
  if (!import.description.empty()) json.member("KeyMaterialDescription", import.description);
  json.end_object();
  JsonDocumentOfAnswer document;
  TRY(call_json(connection_, "TrentService.ImportKeyMaterial", body, document));
  return std::string(json_text(*document.root, "KeyMaterialId"));
}

}  // namespace kagimori
