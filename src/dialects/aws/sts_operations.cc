#include <span>

#include "dialects/aws/query_answer.h"
#include "dialects/aws/query_call.h"
#include "dialects/aws/query_members.h"
#include "protocol/json_writer.h"

namespace kagimori::aws {
namespace {

constexpr std::string_view kStsVersion = "2011-06-15";

// Needs no permission: whoever has credentials may ask whose they are (AWS STS API reference).
Result<Engine::Work> sts_get_caller_identity(const Form& form, const std::string& request_id) {
  const QueryMembers members(form, kStsVersion);
  TRY(members.status());
  return [request_id](Transaction& transaction) -> Result<std::string> {
    const IdentitySnapshot& who = *transaction.caller().identity;
    return query_answer(kStsNamespace, "GetCallerIdentity", request_id, [&](XmlWriter& xml) {
      xml.element("Arn", who.arn).element("UserId", who.unique_id()).element("Account", who.account());
    });
  };
}

// aws-iam-authenticator asks for this form.
Result<Engine::Work> sts_get_caller_identity_in_json(const Form& form, const std::string& request_id) {
  const QueryMembers members(form, kStsVersion);
  TRY(members.status());
  return [request_id](Transaction& transaction) -> Result<std::string> {
    const IdentitySnapshot& who = *transaction.caller().identity;
    std::string body;
    JsonWriter json(body);
    json.begin_object().key("GetCallerIdentityResponse").begin_object();
    json.key("GetCallerIdentityResult").begin_object();
    json.member("Account", who.account()).member("Arn", who.arn).member("UserId", who.unique_id()).end_object();
    json.key("ResponseMetadata").begin_object().member("RequestId", request_id).end_object();
    json.end_object().end_object();
    return body;
  };
}

constexpr QueryOperation kOperations[] = {
    {"GetCallerIdentity", true, Plane::kData, sts_get_caller_identity},
};
constexpr QueryOperation kJsonOperations[] = {
    {"GetCallerIdentity", true, Plane::kData, sts_get_caller_identity_in_json},
};

const QueryOperation* find_operation(std::span<const QueryOperation> operations, std::string_view name) {
  for (const QueryOperation& operation : operations) {
    if (operation.name == name) return &operation;
  }
  return nullptr;
}

}  // namespace

const QueryOperation* sts_operation(std::string_view name) { return find_operation(kOperations, name); }
const QueryOperation* sts_json_operation(std::string_view name) { return find_operation(kJsonOperations, name); }

}  // namespace kagimori::aws
