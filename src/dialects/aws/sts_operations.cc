// GetCallerIdentity, AssumeRole, GetSessionToken, GetAccessKeyInfo.

#include <fmt/format.h>

#include <span>

#include "dialects/aws/query_answer.h"
#include "dialects/aws/query_call.h"
#include "dialects/aws/query_members.h"
#include "engine/assume_role.h"
#include "engine/user_name.h"
#include "protocol/json_writer.h"

namespace kagimori::aws {
namespace {

constexpr std::string_view kStsVersion = "2011-06-15";

// Constraints of STS's members (AWS STS API reference).
constexpr TextConstraint kSessionName{2, 64};
constexpr TextConstraint kExternalId{2, 1224};
constexpr TextConstraint kSourceIdentity{2, 256};
constexpr NumberConstraint kRoleSeconds{900, 43'200};
constexpr NumberConstraint kUserSeconds{900, 129'600};
constexpr std::int64_t kDefaultUserSeconds = 43'200;
constexpr std::size_t kMaxPolicyArns = 11;  // read; one more than are allowed

// Needs no permission: whoever has credentials may ask whose they are (AWS STS API reference).
Result<Engine::Work> get_caller_identity(const Form& form, const std::string& request_id) {
  const QueryMembers members(form, kStsVersion);
  TRY(members.status());
  return [request_id](Transaction& transaction) -> Result<std::string> {
    const IdentitySnapshot& who = *transaction.caller().identity;
    return query_answer(kStsNamespace, "GetCallerIdentity", request_id, [&](XmlWriter& xml) {
      xml.element("Arn", who.arn).element("UserId", who.user_id()).element("Account", who.account());
    });
  };
}

// aws-iam-authenticator asks for this form.
Result<Engine::Work> get_caller_identity_in_json(const Form& form, const std::string& request_id) {
  const QueryMembers members(form, kStsVersion);
  TRY(members.status());
  return [request_id](Transaction& transaction) -> Result<std::string> {
    const IdentitySnapshot& who = *transaction.caller().identity;
    std::string body;
    JsonWriter json(body);
    json.begin_object().key("GetCallerIdentityResponse").begin_object();
    json.key("GetCallerIdentityResult").begin_object();
    json.member("Account", who.account()).member("Arn", who.arn).member("UserId", who.user_id()).end_object();
    json.key("ResponseMetadata").begin_object().member("RequestId", request_id).end_object();
    json.end_object().end_object();
    return body;
  };
}

void write_credentials(XmlWriter& xml, const NewSession& session) {
  xml.begin("Credentials").element("AccessKeyId", session.record.access_key_id);
  xml.element("SecretAccessKey", as_text(session.secret.expose())).element("SessionToken", session.token);
  xml.element("Expiration", to_iso8601(session.record.expires)).end("Credentials");
}

// A device that proves a second factor is nobody's here, so whoever names one has none.
Status refuse_mfa(const Form& form) {
  if (!form.get("SerialNumber") && !form.get("TokenCode")) return {};
  return fail(ErrorCode::kAccessDenied, "MultiFactorAuthentication failed: this server knows no MFA devices.");
}

Status check_name(std::string_view member, std::string_view value) {
  return value.empty() ? Status() : check_iam_name(member, value);
}

Result<Engine::Work> assume(const Form& form, const std::string& request_id) {
  QueryMembers members(form, kStsVersion);
  AssumeRoleRequest request;
  request.role_arn = members.required_text("RoleArn", iam_member::kArn);
  request.session_name = members.required_text("RoleSessionName", kSessionName);
  request.duration_seconds = members.number("DurationSeconds", kRoleSeconds);
  request.policy = members.text("Policy", iam_member::kPolicyDocument);
  for (std::size_t i = 1; i <= kMaxPolicyArns; ++i) {
    auto arn = members.optional_text(fmt::format("PolicyArns.member.{}.arn", i), iam_member::kArn);
    if (!arn) break;
    request.policy_arns.push_back(*std::move(arn));
  }
  request.tags = members.tags();
  request.transitive_tag_keys = members.texts("TransitiveTagKeys", iam_member::kTagKey);
  request.external_id = members.optional_text("ExternalId", kExternalId);
  request.source_identity = members.text("SourceIdentity", kSourceIdentity);
  TRY(members.status());
  TRY(check_name("roleSessionName", request.session_name));
  TRY(check_name("sourceIdentity", request.source_identity));
  TRY(refuse_mfa(form));
  return [request = std::move(request), request_id](Transaction& transaction) -> Result<std::string> {
    TRY_ASSIGN(const AssumedRole assumed, assume_role(transaction, request));
    return query_answer(kStsNamespace, "AssumeRole", request_id, [&](XmlWriter& xml) {
      xml.begin("AssumedRoleUser").element("AssumedRoleId", assumed.id).element("Arn", assumed.arn);
      xml.end("AssumedRoleUser");
      write_credentials(xml, assumed.session);
      const std::string& identity = assumed.session.record.source_identity;
      if (!identity.empty()) xml.element("SourceIdentity", identity);
    });
  };
}

Result<Engine::Work> get_token(const Form& form, const std::string& request_id) {
  QueryMembers members(form, kStsVersion);
  const std::int64_t seconds = members.number("DurationSeconds", kUserSeconds).value_or(kDefaultUserSeconds);
  TRY(members.status());
  TRY(refuse_mfa(form));
  return [seconds, request_id](Transaction& transaction) -> Result<std::string> {
    TRY_ASSIGN(const NewSession session, get_session_token(transaction, seconds));
    return query_answer(kStsNamespace, "GetSessionToken", request_id,
                        [&](XmlWriter& xml) { write_credentials(xml, session); });
  };
}

Result<Engine::Work> get_key_info(const Form& form, const std::string& request_id) {
  QueryMembers members(form, kStsVersion);
  std::string id = members.required_text("AccessKeyId", iam_member::kAccessKeyId);
  TRY(members.status());
  return [id = std::move(id), request_id](Transaction& transaction) -> Result<std::string> {
    TRY_ASSIGN(const std::string account, account_of_access_key(transaction, id));
    return query_answer(kStsNamespace, "GetAccessKeyInfo", request_id,
                        [&](XmlWriter& xml) { xml.element("Account", account); });
  };
}

// Credentials are had where they are used: on the data plane.
constexpr QueryOperation kOperations[] = {
    {"GetCallerIdentity", true, Plane::kData, get_caller_identity},
    {"AssumeRole", true, Plane::kData, assume},
    {"GetSessionToken", true, Plane::kData, get_token},
    {"GetAccessKeyInfo", true, Plane::kManagement, get_key_info},
};
constexpr QueryOperation kJsonOperations[] = {
    {"GetCallerIdentity", true, Plane::kData, get_caller_identity_in_json},
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
