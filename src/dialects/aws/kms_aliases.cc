// CreateAlias, UpdateAlias, DeleteAlias, ListAliases.

#include "dialects/aws/kms_operations.h"
#include "engine/aliases.h"
#include "model/arn.h"

namespace kagimori::aws {
namespace {

JsonAnswer target_operation(JsonCall& call, Status (*operation)(Transaction&, std::string_view, std::string_view)) {
  JsonMembers members(call.body);
  std::string name(members.required_text("AliasName", member::kAliasName));
  std::string target(members.required_text("TargetKeyId", member::kKeyId));
  ANSWER_IF_FAILED(members.status());
  return answer_later(
      [name = std::move(name), target = std::move(target), operation](Transaction& transaction) -> Result<std::string> {
        TRY(operation(transaction, name, target));
        return std::string();
      });
}

}  // namespace

JsonAnswer kms_create_alias(JsonCall& call) { return target_operation(call, create_alias); }
JsonAnswer kms_update_alias(JsonCall& call) { return target_operation(call, update_alias); }

JsonAnswer kms_delete_alias(JsonCall& call) {
  JsonMembers members(call.body);
  std::string name(members.required_text("AliasName", member::kAliasName));
  ANSWER_IF_FAILED(members.status());
  return answer_later([name = std::move(name)](Transaction& transaction) -> Result<std::string> {
    TRY(delete_alias(transaction, name));
    return std::string();
  });
}

JsonAnswer kms_list_aliases(JsonCall& call) {
  JsonMembers members(call.body);
  std::string key_id(members.text("KeyId", member::kKeyId).value_or(""));
  const std::size_t limit = members.limit(service_limit::kAliasPage);
  std::optional<std::string> marker;
  if (const auto text = members.text("Marker", member::kMarker)) marker = std::string(*text);
  ANSWER_IF_FAILED(members.status());
  return answer_later(
      [key_id = std::move(key_id), limit, marker = std::move(marker)](Transaction& transaction) -> Result<std::string> {
        TRY_ASSIGN(const AliasList list, list_aliases(transaction, key_id, limit, marker));
        std::string body;
        JsonWriter json(body);
        json.begin_object().key("Aliases").begin_array();
        for (const Alias& alias : list.aliases) {
          json.begin_object()
              .member("AliasName", alias.name)
              .member("AliasArn", alias_arn(alias.region, alias.account, alias.name))
              .member("TargetKeyId", alias.target_key_id)
              .member("CreationDate", alias.created)
              .member("LastUpdatedDate", alias.updated)
              .end_object();
        }
        json.end_array();
        if (list.next_marker) json.member("NextMarker", *list.next_marker);
        json.member("Truncated", list.next_marker.has_value()).end_object();
        return body;
      });
}

}  // namespace kagimori::aws
