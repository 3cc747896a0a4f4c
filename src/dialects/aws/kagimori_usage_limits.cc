// Kagimori.PutKeyUsageLimit, Kagimori.GetKeyUsageLimit, Kagimori.DeleteKeyUsageLimit.

#include <limits>

#include "dialects/aws/kagimori_operations.h"
#include "engine/usage_limits.h"

namespace kagimori::aws {
namespace {

constexpr NumberConstraint kMaximum{1, std::numeric_limits<std::int64_t>::max()};
constexpr NumberConstraint kPercent{1, 100};

std::int64_t number(std::uint64_t count) { return static_cast<std::int64_t>(count); }

std::string limit_body(const KeyUsageLimit& answer) {
  std::string body;
  JsonWriter json(body);
  json.begin_object().member("KeyId", answer.key_arn).member("KeyVersion", number(answer.version));
  const UsageLimit& limit = answer.limit;
  if (limit.maximum_uses) {
    json.member("MaximumUses", number(*limit.maximum_uses));
    json.member("UsesReserved", number(answer.reservation.uses));
  }
  if (limit.maximum_bytes) {
    json.member("MaximumBytes", number(*limit.maximum_bytes));
    json.member("BytesReserved", number(answer.reservation.bytes));
  }
  json.member("WarningPercent", limit.warning_percent).member("RotateWhenNear", limit.rotates).end_object();
  return body;
}

std::optional<std::uint64_t> maximum(JsonMembers& members, std::string_view name) {
  const auto value = members.integer(name, kMaximum);
  return value ? std::optional(static_cast<std::uint64_t>(*value)) : std::nullopt;
}

}  // namespace

JsonAnswer kagimori_put_key_usage_limit(JsonCall& call) {
  JsonMembers members(call.body);
  PutUsageLimitRequest request;
  request.key_id = members.required_text("KeyId", member::kKeyId);
  request.maximum_uses = maximum(members, "MaximumUses");
  request.maximum_bytes = maximum(members, "MaximumBytes");
  if (const auto percent = members.integer("WarningPercent", kPercent)) {
    request.warning_percent = static_cast<std::uint16_t>(*percent);
  }
  request.rotates = members.boolean("RotateWhenNear").value_or(false);
  ANSWER_IF_FAILED(members.status());
  if (!request.maximum_uses && !request.maximum_bytes) {
    return answer_error({ErrorCode::kValidation, "There is no limit. Give MaximumUses, MaximumBytes or both."});
  }
  return answer_later([request = std::move(request)](Transaction& transaction) -> Result<std::string> {
    TRY_ASSIGN(const KeyUsageLimit limit, put_usage_limit(transaction, request));
    return limit_body(limit);
  });
}

JsonAnswer kagimori_get_key_usage_limit(JsonCall& call) {
  JsonMembers members(call.body);
  std::string key_id(members.required_text("KeyId", member::kKeyId));
  ANSWER_IF_FAILED(members.status());
  return answer_later([key_id = std::move(key_id)](Transaction& transaction) -> Result<std::string> {
    TRY_ASSIGN(const KeyUsageLimit limit, get_usage_limit(transaction, key_id));
    return limit_body(limit);
  });
}

JsonAnswer kagimori_delete_key_usage_limit(JsonCall& call) {
  JsonMembers members(call.body);
  std::string key_id(members.required_text("KeyId", member::kKeyId));
  ANSWER_IF_FAILED(members.status());
  return answer_later([key_id = std::move(key_id)](Transaction& transaction) -> Result<std::string> {
    TRY_ASSIGN(const std::string arn, delete_usage_limit(transaction, key_id));
    std::string body;
    JsonWriter(body).begin_object().member("KeyId", arn).end_object();
    return body;
  });
}

}  // namespace kagimori::aws
