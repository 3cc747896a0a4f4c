#include <fmt/format.h>

#include <memory>
#include <vector>

#include "cli/json_output.h"
#include "cli/server_session.h"
#include "cli/text_table.h"
#include "client/json_call.h"
#include "client/refusal.h"

namespace kagimori::cli {
namespace {

constexpr long kOk = 200;

// A member that a Kagimori server always sends.
Result<const JsonValue*> member(const JsonValue& object, std::string_view name) {
  const JsonValue* const value = object.find(name);
  if (value == nullptr) return fail(strange_answer(kOk));
  return value;
}

bool is_set(const JsonValue& object, std::string_view name) {
  const JsonValue* const value = object.find(name);
  return value != nullptr && value->boolean();
}

std::string key_body(const std::string& key) {
  std::string body;
  JsonWriter(body).begin_object().member("KeyId", key).end_object();
  return body;
}

// For programs.
Status print_answer(const JsonValue& answer) {
  std::string out;
  JsonWriter json(out);
  write_value(json, answer);
  return print(out + "\n");
}

// --- key usage ---

using Pages = std::vector<std::unique_ptr<JsonDocumentOfAnswer>>;

Result<Pages> fetch_usage(Connection& connection, const KeyUsageOptions& usage) {
  Pages pages;
  std::string marker;
  do {
    std::string body;
    JsonWriter json(body);
    json.begin_object().member("KeyId", usage.key);
    if (usage.version > 0) json.member("KeyVersion", static_cast<std::int64_t>(usage.version));
    if (!marker.empty()) json.member("Marker", marker);
    json.end_object();
    pages.push_back(std::make_unique<JsonDocumentOfAnswer>());
    TRY(call_json(connection, "Kagimori.GetKeyUsage", body, *pages.back()));
    TRY(member(*pages.back()->root, "Uses"));
    marker = json_text(*pages.back()->root, "NextMarker");
  } while (!marker.empty());
  return pages;
}

std::string usage_json(const Pages& pages) {
  const JsonValue& first = *pages.front()->root;
  std::string out;
  JsonWriter json(out);
  json.begin_object().member("KeyId", json_text(first, "KeyId"));
  if (const JsonValue* const primary = first.find("PrimaryVersion")) json.member("PrimaryVersion", primary->integer());
  json.key("Uses").begin_array();
  for (const auto& page : pages) {
    for (const JsonValue& use : *page->root->find("Uses")) write_value(json, use);
  }
  json.end_array().end_object();
  return out + "\n";
}

std::string principal_text(const JsonValue& use) {
  const std::string_view arn = json_text(use, "PrincipalArn");
  return arn.empty() ? "(others)" : std::string(arn);
}

Result<std::vector<std::string>> usage_row(const JsonValue& use) {
  TRY_ASSIGN(const JsonValue* const operations, member(use, "Operations"));
  std::string text;
  std::int64_t bytes = 0;
  for (const JsonValue& operation : *operations) {
    if (!text.empty()) text += ", ";
    text += fmt::format("{} {}", json_text(operation, "Operation"), count_text(operation, "Count"));
    if (const JsonValue* const given = operation.find("Bytes")) bytes += given->integer();
  }
  return std::vector<std::string>{count_text(use, "KeyVersion"), principal_text(use),       text, std::to_string(bytes),
                                  time_text(use, "FirstUsed"),   time_text(use, "LastUsed")};
}

// --- key blast-radius ---

std::string joined(const JsonValue& list, std::string_view nothing) {
  std::string text;
  for (const JsonValue& item : list) {
    if (!text.empty()) text += ", ";
    text += item.kind() == JsonValue::Kind::kString ? std::string(item.string()) : std::to_string(item.integer());
  }
  return text.empty() ? std::string(nothing) : text;
}

std::string last_usage_text(const JsonValue& radius) {
  const JsonValue* const last = radius.find("KeyLastUsage");
  if (last == nullptr) return "It was never used.";
  return fmt::format("It was last used at {} ({}){}.", time_text(*last, "Timestamp"), json_text(*last, "Operation"),
                     is_set(radius, "UsedRecently") ? ": recently" : "");
}

Result<std::string> callers_text(const JsonValue& radius) {
  TRY_ASSIGN(const JsonValue* const callers, member(radius, "Callers"));
  TextTable table({"CALLER", "VERSIONS", "USES", "BYTES", "LAST USED"});
  for (const JsonValue& caller : *callers) {
    TRY_ASSIGN(const JsonValue* const versions, member(caller, "KeyVersions"));
    table.add({principal_text(caller), joined(*versions, "-"), count_text(caller, "Count"), count_text(caller, "Bytes"),
               time_text(caller, "LastUsed")});
  }
  return table.text("Nobody has used it.");
}

Result<std::string> versions_text(const JsonValue& radius) {
  TRY_ASSIGN(const JsonValue* const versions, member(radius, "Versions"));
  TextTable table({"VERSION", "STATE", "CREATED", "CALLERS", "USES", "BYTES", "LAST USED"});
  for (const JsonValue& version : *versions) {
    table.add({count_text(version, "KeyVersion"), std::string(json_text(version, "State")),
               time_text(version, "CreationDate"), count_text(version, "PrincipalCount"), count_text(version, "Count"),
               count_text(version, "Bytes"), time_text(version, "LastUsed")});
  }
  return table.text("It has no versions.");
}

Result<std::string> grants_text(const JsonValue& radius) {
  TRY_ASSIGN(const JsonValue* const grants, member(radius, "Grants"));
  TextTable table({"GRANTEE", "OPERATIONS", "GRANT"});
  for (const JsonValue& grant : *grants) {
    TRY_ASSIGN(const JsonValue* const operations, member(grant, "Operations"));
    table.add({std::string(json_text(grant, "GranteePrincipal")), joined(*operations, "-"),
               std::string(json_text(grant, "GrantId"))});
  }
  return table.text("It has no grants.");
}

Result<std::string> backups_text(const JsonValue& radius) {
  TRY_ASSIGN(const JsonValue* const backups, member(radius, "Backups"));
  std::string last;
  for (const JsonValue& backup : *backups) last = time_text(backup, "Time");
  const std::string known = "since " + time_text(radius, "BackupsKnownSince", "no time at all");
  if (last.empty()) return fmt::format("Backups that hold it: none that the audit log tells of ({}).\n", known);
  return fmt::format("Backups that hold it: {}, the last made at {} (known {}).\n", backups->size(), last, known);
}

Result<std::string> radius_text(const JsonValue& radius) {
  TRY_ASSIGN(const std::string callers, callers_text(radius));
  TRY_ASSIGN(const std::string versions, versions_text(radius));
  TRY_ASSIGN(const std::string grants, grants_text(radius));
  TRY_ASSIGN(const JsonValue* const aliases, member(radius, "Aliases"));
  TRY_ASSIGN(const JsonValue* const replicas, member(radius, "ReplicaRegions"));
  TRY_ASSIGN(const std::string backups, backups_text(radius));
  const auto more = [&radius](std::string_view name) { return is_set(radius, name) ? "(and more)\n" : ""; };
  std::string text = fmt::format("{} is {}. {}\n\n", json_text(radius, "KeyId"), json_text(radius, "KeyState"),
                                 last_usage_text(radius));
  text += callers + more("CallersTruncated") + "\n" + versions + "\n" + grants + more("GrantsTruncated") + "\n";
  text += fmt::format("Aliases: {}\nReplicas: {}\n", joined(*aliases, "none"), joined(*replicas, "none"));
  text += fmt::format("Deletion protection: {}\n", is_set(radius, "DeletionProtection") ? "on" : "off");
  if (const auto store = json_text(radius, "CustomKeyStoreId"); !store.empty()) {
    text += fmt::format("Custom key store: {}\n", store);
  }
  return text + backups;
}

// --- key limit ---

std::string of_maximum(const JsonValue& limit, std::string_view reserved, std::string_view maximum,
                       std::string_view what) {
  if (limit.find(maximum) == nullptr) return {};
  return fmt::format("  {} of {} {}\n", count_text(limit, reserved), count_text(limit, maximum), what);
}

std::string limit_text(const JsonValue& limit) {
  return fmt::format("Version {} of {} has used, or has reserved:\n{}{}At {} % {}.\n", count_text(limit, "KeyVersion"),
                     json_text(limit, "KeyId"), of_maximum(limit, "UsesReserved", "MaximumUses", "uses"),
                     of_maximum(limit, "BytesReserved", "MaximumBytes", "bytes"), count_text(limit, "WarningPercent"),
                     is_set(limit, "RotateWhenNear") ? "the key is rotated" : "an alarm is raised");
}

Status print_limit(const ClientOptions& options, const std::string& operation, const std::string& body) {
  TRY_ASSIGN(const auto connection, connect(options));
  JsonDocumentOfAnswer answer;
  TRY(call_json(*connection, operation, body, answer));
  return options.json ? print_answer(*answer.root) : print(limit_text(*answer.root));
}

}  // namespace

Status show_key_usage(const ClientOptions& options, const KeyUsageOptions& usage) {
  TRY_ASSIGN(const auto connection, connect(options));
  TRY_ASSIGN(const Pages pages, fetch_usage(*connection, usage));
  if (options.json) return print(usage_json(pages));
  TextTable table({"VERSION", "PRINCIPAL", "OPERATIONS", "BYTES", "FIRST USED", "LAST USED"});
  for (const auto& page : pages) {
    for (const JsonValue& use : *page->root->find("Uses")) {
      TRY_ASSIGN(std::vector<std::string> row, usage_row(use));
      table.add(std::move(row));
    }
  }
  return print(table.text(usage.version > 0 ? "Nobody has used this version." : "Nobody has used this key."));
}

Status show_blast_radius(const ClientOptions& options, const std::string& key) {
  TRY_ASSIGN(const auto connection, connect(options));
  JsonDocumentOfAnswer answer;
  TRY(call_json(*connection, "Kagimori.GetKeyBlastRadius", key_body(key), answer));
  if (options.json) return print_answer(*answer.root);
  TRY_ASSIGN(const std::string text, radius_text(*answer.root));
  return print(text);
}

Status set_key_limit(const ClientOptions& options, const KeyLimitOptions& limit) {
  std::string body;
  JsonWriter json(body);
  json.begin_object().member("KeyId", limit.key);
  if (limit.maximum_uses > 0) json.member("MaximumUses", static_cast<std::int64_t>(limit.maximum_uses));
  if (limit.maximum_bytes > 0) json.member("MaximumBytes", static_cast<std::int64_t>(limit.maximum_bytes));
  json.member("WarningPercent", static_cast<std::int64_t>(limit.warning_percent));
  json.member("RotateWhenNear", limit.rotates).end_object();
  return print_limit(options, "Kagimori.PutKeyUsageLimit", body);
}

Status show_key_limit(const ClientOptions& options, const std::string& key) {
  return print_limit(options, "Kagimori.GetKeyUsageLimit", key_body(key));
}

Status remove_key_limit(const ClientOptions& options, const std::string& key) {
  TRY_ASSIGN(const auto connection, connect(options));
  JsonDocumentOfAnswer answer;
  TRY(call_json(*connection, "Kagimori.DeleteKeyUsageLimit", key_body(key), answer));
  const std::string arn(json_text(*answer.root, "KeyId"));
  if (!options.json) return print(fmt::format("{} has no usage limit any more.\n", arn));
  return print(key_body(arn) + "\n");
}

}  // namespace kagimori::cli
