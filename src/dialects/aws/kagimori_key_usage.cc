// Kagimori.GetKeyUsage, Kagimori.GetKeyBlastRadius.

#include "dialects/aws/kagimori_operations.h"
#include "dialects/aws/kms_members.h"
#include "engine/key_uses.h"
#include "model/grant.h"

namespace kagimori::aws {
namespace {

constexpr NumberConstraint kKeyVersion{1, 1'000'000};
constexpr service_limit::Page kUsePage{1'000, 100};

std::int64_t number(std::uint64_t count) { return static_cast<std::int64_t>(count); }

void write_use(JsonWriter& json, const KeyUseCount& use) {
  json.begin_object().member("KeyVersion", number(use.version));
  json.member("PrincipalId", use.principal).member("PrincipalArn", use.arn);
  json.member("FirstUsed", use.first).member("LastUsed", use.last).key("Operations").begin_array();
  for (const OperationUse& operation : use.operations) {
    json.begin_object().member("Operation", operation.operation);
    json.member("Count", number(operation.count)).member("Bytes", number(operation.bytes)).end_object();
  }
  json.end_array().end_object();
}

void write_in_all(JsonWriter& json, const KeyUsesInAll& all) {
  json.member("Count", number(all.uses)).member("Bytes", number(all.bytes));
  if (all.first) json.member("FirstUsed", *all.first).member("LastUsed", *all.last);
}

void write_texts(JsonWriter& json, std::string_view name, const std::vector<std::string>& texts) {
  json.key(name).begin_array();
  for (const std::string& text : texts) json.string(text);
  json.end_array();
}

void write_versions(JsonWriter& json, const std::vector<VersionRadius>& versions) {
  json.key("Versions").begin_array();
  for (const VersionRadius& version : versions) {
    json.begin_object().member("KeyVersion", number(version.number)).member("KeyMaterialId", version.material_id);
    json.member("State", lifecycle_state_name(version.state)).member("CreationDate", version.created);
    json.member("PrincipalCount", number(version.principals));
    write_in_all(json, version.in_all);
    json.end_object();
  }
  json.end_array();
}

void write_callers(JsonWriter& json, const std::vector<CallerRadius>& callers) {
  json.key("Callers").begin_array();
  for (const CallerRadius& caller : callers) {
    json.begin_object().member("PrincipalId", caller.principal).member("PrincipalArn", caller.arn);
    json.key("KeyVersions").begin_array();
    for (const std::uint32_t version : caller.versions) json.integer(version);
    json.end_array();
    write_in_all(json, caller.in_all);
    json.end_object();
  }
  json.end_array();
}

void write_grants(JsonWriter& json, const std::vector<Grant>& grants) {
  json.key("Grants").begin_array();
  for (const Grant& grant : grants) {
    json.begin_object().member("GrantId", grant.grant_id).member("Name", grant.name);
    json.member("GranteePrincipal", grant.grantee.principal).key("Operations").begin_array();
    for (const std::string_view operation : grant.operations.names()) json.string(operation);
    json.end_array().end_object();
  }
  json.end_array();
}

// Paths are for the operators of the server.
void write_backups(JsonWriter& json, const Engine::KnownBackups& known, bool with_targets) {
  json.key("Backups").begin_array();
  for (const auto& backup : known.backups) {
    json.begin_object().member("Time", backup.when);
    if (with_targets) json.member("Target", backup.target);
    json.end_object();
  }
  json.end_array();
  if (known.log_begins) json.member("BackupsKnownSince", *known.log_begins);
}

std::string radius_body(const KeyBlastRadius& radius, const Engine::KnownBackups& backups, bool is_operator) {
  std::string body;
  JsonWriter json(body);
  json.begin_object().member("KeyId", radius.key.arn).member("KeyState", aws_key_state_name(radius.key.state()));
  json.member("UsedRecently", radius.recently_used).member("DeletionProtection", radius.key.key.deletion_protection);
  if (radius.last_usage) write_last_usage(json, *radius.last_usage);
  write_versions(json, radius.versions);
  write_callers(json, radius.callers);
  json.member("CallersTruncated", radius.more_callers);
  write_texts(json, "Aliases", radius.key.aliases);
  write_grants(json, radius.grants);
  json.member("GrantsTruncated", radius.more_grants);
  write_texts(json, "ReplicaRegions", radius.replica_regions);
  if (!radius.custom_key_store_id.empty()) json.member("CustomKeyStoreId", radius.custom_key_store_id);
  write_backups(json, backups, is_operator);
  json.end_object();
  return body;
}

}  // namespace

JsonAnswer kagimori_get_key_usage(JsonCall& call) {
  JsonMembers members(call.body);
  ListKeyUsesRequest request;
  request.key_id = members.required_text("KeyId", member::kKeyId);
  if (const auto version = members.integer("KeyVersion", kKeyVersion)) {
    request.version = static_cast<std::uint32_t>(*version);
  }
  request.limit = members.limit(kUsePage);
  if (const auto text = members.text("Marker", member::kMarker)) request.marker = std::string(*text);
  ANSWER_IF_FAILED(members.status());
  return answer_later([request = std::move(request)](Transaction& transaction) -> Result<std::string> {
    TRY_ASSIGN(const KeyUseList list, list_key_uses(transaction, request));
    std::string body;
    JsonWriter json(body);
    json.begin_object().member("KeyId", list.key_arn).member("PrimaryVersion", number(list.primary_version));
    json.key("Uses").begin_array();
    for (const KeyUseCount& use : list.uses) write_use(json, use);
    json.end_array();
    if (list.next_marker) json.member("NextMarker", *list.next_marker);
    json.member("Truncated", list.next_marker.has_value()).end_object();
    return body;
  });
}

JsonAnswer kagimori_get_key_blast_radius(JsonCall& call) {
  JsonMembers members(call.body);
  std::string key_id(members.required_text("KeyId", member::kKeyId));
  ANSWER_IF_FAILED(members.status());
  const bool is_operator = call.caller.identity->account_is_operator;
  return answer_later([&engine = call.engine, key_id = std::move(key_id),
                       is_operator](Transaction& transaction) -> Result<std::string> {
    TRY_ASSIGN(const KeyBlastRadius radius, get_key_blast_radius(transaction, key_id));
    TRY_ASSIGN(const auto backups, engine.backups_since(transaction.crypto(), radius.key.key.created));
    return radius_body(radius, backups, is_operator);
  });
}

}  // namespace kagimori::aws
