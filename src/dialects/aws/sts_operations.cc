#include "dialects/aws/query_answer.h"
#include "dialects/aws/query_call.h"
#include "dialects/aws/query_members.h"

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

constexpr QueryOperation kOperations[] = {
    {"GetCallerIdentity", true, Plane::kData, sts_get_caller_identity},
};

}  // namespace

const QueryOperation* sts_operation(std::string_view name) {
  for (const QueryOperation& operation : kOperations) {
    if (operation.name == name) return &operation;
  }
  return nullptr;
}

}  // namespace kagimori::aws
