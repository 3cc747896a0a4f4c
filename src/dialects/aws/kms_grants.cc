// CreateGrant, ListGrants, ListRetirableGrants, RetireGrant, RevokeGrant.

#include "dialects/aws/kms_members.h"
#include "dialects/aws/kms_operations.h"
#include "engine/grants.h"
#include "model/arn.h"

namespace kagimori::aws {
namespace {

using Context = GrantConstraints::Context;

std::string text_of(JsonMembers& members, std::string_view name, const TextConstraint& constraint) {
  return std::string(members.text(name, constraint).value_or(""));
}

std::optional<std::string> marker_of(JsonMembers& members) {
  const auto text = members.text("Marker", member::kMarker);
  return text ? std::optional<std::string>(*text) : std::nullopt;
}

std::optional<Context> context_of(JsonMembers& members, std::string_view name) {
  if (!members.has(name)) return std::nullopt;
  Context context;
  for (const auto& [key, value] : members.context(name)) context.emplace_back(key, value);
  return context;
}

void read_constraints(JsonMembers& members, GrantConstraints& constraints) {
  const JsonValue* const value = members.structure("Constraints");
  if (value == nullptr) return;
  JsonMembers inner(*value, "constraints");
  constraints.equals = context_of(inner, "EncryptionContextEquals");
  constraints.subset = context_of(inner, "EncryptionContextSubset");
  constraints.source_arn = text_of(inner, "SourceArn", member::kSourceArn);
  members.absorb(inner);
}

void write_context(JsonWriter& json, std::string_view name, const std::optional<Context>& context) {
  if (!context) return;
  json.key(name).begin_object();
  for (const auto& [key, value] : *context) json.member(key, value);
  json.end_object();
}

void write_optional(JsonWriter& json, std::string_view name, std::string_view text) {
  if (!text.empty()) json.member(name, text);
}

// GrantListEntry (AWS KMS API reference).
void write_entry(JsonWriter& json, const GrantEntry& entry) {
  const Grant& grant = entry.grant;
  json.begin_object()
      .member("KeyId", key_arn(grant.region, grant.account, grant.key_id))
      .member("GrantId", grant.grant_id)
      .member("Name", grant.name)
      .member("CreationDate", grant.created);
  write_optional(json, "GranteePrincipal", entry.grantee_principal);
  write_optional(json, "GranteeServicePrincipal", grant.grantee.service);
  write_optional(json, "RetiringPrincipal", entry.retiring_principal);
  write_optional(json, "RetiringServicePrincipal", grant.retiree.service);
  json.member("IssuingAccount", root_arn(grant.issuing_account)).key("Operations").begin_array();
  for (const std::string_view operation : grant.operations.names()) json.string(operation);
  json.end_array();
  if (!grant.constraints.empty()) {
    json.key("Constraints").begin_object();
    write_context(json, "EncryptionContextSubset", grant.constraints.subset);
    write_context(json, "EncryptionContextEquals", grant.constraints.equals);
    write_optional(json, "SourceArn", grant.constraints.source_arn);
    json.end_object();
  }
  json.end_object();
}

std::string list_body(const GrantList& list) {
  std::string body;
  JsonWriter json(body);
  json.begin_object().key("Grants").begin_array();
  for (const GrantEntry& entry : list.grants) write_entry(json, entry);
  json.end_array();
  if (list.next_marker) json.member("NextMarker", *list.next_marker);
  json.member("Truncated", list.next_marker.has_value()).end_object();
  return body;
}

}  // namespace

JsonAnswer kms_create_grant(JsonCall& call) {
  JsonMembers members(call.body);
  CreateGrantRequest request;
  request.key_id = members.required_text("KeyId", member::kKeyId);
  members.require("Operations");
  const auto operations = members.enumerations("Operations", grant_operation_names());
  request.grantee_principal = text_of(members, "GranteePrincipal", member::kPrincipalId);
  request.grantee_service_principal = text_of(members, "GranteeServicePrincipal", member::kServicePrincipal);
  request.retiring_principal = text_of(members, "RetiringPrincipal", member::kPrincipalId);
  request.retiring_service_principal = text_of(members, "RetiringServicePrincipal", member::kServicePrincipal);
  request.name = text_of(members, "Name", member::kGrantName);
  request.dry_run = dry_run(members);
  read_constraints(members, request.constraints);
  ANSWER_IF_FAILED(check_grant_tokens(call, members));
  for (const std::string_view name : *operations) request.operations.add(*grant_operation_by_name(name));
  return answer_later([request = std::move(request)](Transaction& transaction) -> Result<std::string> {
    TRY_ASSIGN(const CreatedGrant made, create_grant(transaction, request));
    std::string body;
    JsonWriter(body)
        .begin_object()
        .member("GrantToken", made.grant_token)
        .member("GrantId", made.grant_id)
        .end_object();
    return body;
  });
}

JsonAnswer kms_list_grants(JsonCall& call) {
  JsonMembers members(call.body);
  ListGrantsRequest request;
  request.key_id = members.required_text("KeyId", member::kKeyId);
  request.grant_id = text_of(members, "GrantId", member::kGrantId);
  request.grantee_principal = text_of(members, "GranteePrincipal", member::kPrincipalId);
  request.grantee_service_principal = text_of(members, "GranteeServicePrincipal", member::kServicePrincipal);
  request.limit = members.limit(service_limit::kGrantPage);
  request.marker = marker_of(members);
  ANSWER_IF_FAILED(members.status());
  return answer_later([request = std::move(request)](Transaction& transaction) -> Result<std::string> {
    TRY_ASSIGN(const GrantList list, list_grants(transaction, request));
    return list_body(list);
  });
}

JsonAnswer kms_list_retirable_grants(JsonCall& call) {
  JsonMembers members(call.body);
  ListRetirableGrantsRequest request;
  request.retiring_principal = text_of(members, "RetiringPrincipal", member::kPrincipalId);
  request.retiring_service_principal = text_of(members, "RetiringServicePrincipal", member::kServicePrincipal);
  request.limit = members.limit(service_limit::kGrantPage);
  request.marker = marker_of(members);
  ANSWER_IF_FAILED(members.status());
  return answer_later([request = std::move(request)](Transaction& transaction) -> Result<std::string> {
    TRY_ASSIGN(const GrantList list, list_retirable_grants(transaction, request));
    return list_body(list);
  });
}

JsonAnswer kms_retire_grant(JsonCall& call) {
  JsonMembers members(call.body);
  RetireGrantRequest request;
  request.grant_token = text_of(members, "GrantToken", member::kGrantToken);
  request.key_id = text_of(members, "KeyId", member::kKeyId);
  request.grant_id = text_of(members, "GrantId", member::kGrantId);
  request.dry_run = dry_run(members);
  ANSWER_IF_FAILED(members.status());
  return answer_later([request = std::move(request)](Transaction& transaction) -> Result<std::string> {
    TRY(retire_grant(transaction, request));
    return std::string();
  });
}

JsonAnswer kms_revoke_grant(JsonCall& call) {
  JsonMembers members(call.body);
  std::string key_id(members.required_text("KeyId", member::kKeyId));
  std::string grant_id(members.required_text("GrantId", member::kGrantId));
  const bool dry = dry_run(members);
  ANSWER_IF_FAILED(members.status());
  return answer_later([key_id = std::move(key_id), grant_id = std::move(grant_id),
                       dry](Transaction& transaction) -> Result<std::string> {
    TRY(revoke_grant(transaction, key_id, grant_id, dry));
    return std::string();
  });
}

}  // namespace kagimori::aws
