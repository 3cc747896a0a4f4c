// Kagimori.PutKeyProtection, Kagimori.GetKeyProtection, Kagimori.DestroyKey.

#include "dialects/aws/kagimori_operations.h"
#include "engine/key_protection.h"

namespace kagimori::aws {
namespace {

constexpr NumberConstraint kMinimumPendingWindow{0, 30};

std::string protection_body(const KeyProtection& protection) {
  std::string body;
  JsonWriter(body)
      .begin_object()
      .member("KeyId", protection.key_arn)
      .member("MinimumPendingWindowInDays", protection.minimum_pending_window_days)
      .member("DeletionProtection", protection.deletion_protection)
      .end_object();
  return body;
}

}  // namespace

JsonAnswer kagimori_put_key_protection(JsonCall& call) {
  JsonMembers members(call.body);
  PutKeyProtectionRequest request;
  request.key_id = members.required_text("KeyId", member::kKeyId);
  request.minimum_pending_window_days = members.integer("MinimumPendingWindowInDays", kMinimumPendingWindow);
  request.deletion_protection = members.boolean("DeletionProtection");
  ANSWER_IF_FAILED(members.status());
  if (!request.minimum_pending_window_days && !request.deletion_protection) {
    return answer_error({ErrorCode::kValidation,
                         "Nothing is to be changed. Give MinimumPendingWindowInDays, DeletionProtection or both."});
  }
  return answer_later([request = std::move(request)](Transaction& transaction) -> Result<std::string> {
    TRY_ASSIGN(const KeyProtection protection, put_key_protection(transaction, request));
    return protection_body(protection);
  });
}

JsonAnswer kagimori_get_key_protection(JsonCall& call) {
  JsonMembers members(call.body);
  std::string key_id(members.required_text("KeyId", member::kKeyId));
  ANSWER_IF_FAILED(members.status());
  return answer_later([key_id = std::move(key_id)](Transaction& transaction) -> Result<std::string> {
    TRY_ASSIGN(const KeyProtection protection, get_key_protection(transaction, key_id));
    return protection_body(protection);
  });
}

JsonAnswer kagimori_destroy_key(JsonCall& call) {
  JsonMembers members(call.body);
  std::string key_id(members.required_text("KeyId", member::kKeyId));
  ANSWER_IF_FAILED(members.status());
  return answer_later([key_id = std::move(key_id)](Transaction& transaction) -> Result<std::string> {
    TRY_ASSIGN(const std::string arn, destroy_key_now(transaction, key_id));
    std::string body;
    JsonWriter(body).begin_object().member("KeyId", arn).end_object();
    return body;
  });
}

}  // namespace kagimori::aws
