// TagResource, UntagResource, ListResourceTags.

#include "dialects/aws/kms_operations.h"
#include "engine/tags.h"

namespace kagimori::aws {

JsonAnswer kms_tag_resource(JsonCall& call) {
  JsonMembers members(call.body);
  std::string key_id(members.required_text("KeyId", member::kKeyId));
  members.require("Tags");
  std::vector<Tag> tags = members.tags("Tags").value_or(std::vector<Tag>());
  ANSWER_IF_FAILED(members.status());
  return answer_later(
      [key_id = std::move(key_id), tags = std::move(tags)](Transaction& transaction) -> Result<std::string> {
        TRY(tag_resource(transaction, key_id, tags));
        return std::string();
      });
}

JsonAnswer kms_untag_resource(JsonCall& call) {
  JsonMembers members(call.body);
  std::string key_id(members.required_text("KeyId", member::kKeyId));
  members.require("TagKeys");
  auto keys = members.texts("TagKeys", member::kTagKey).value_or(std::vector<std::string>());
  ANSWER_IF_FAILED(members.status());
  return answer_later(
      [key_id = std::move(key_id), keys = std::move(keys)](Transaction& transaction) -> Result<std::string> {
        TRY(untag_resource(transaction, key_id, keys));
        return std::string();
      });
}

JsonAnswer kms_list_resource_tags(JsonCall& call) {
  JsonMembers members(call.body);
  std::string key_id(members.required_text("KeyId", member::kKeyId));
  const std::size_t limit = members.limit(service_limit::kTagPage);
  std::optional<std::string> marker;
  if (const auto text = members.text("Marker", member::kMarker)) marker = std::string(*text);
  ANSWER_IF_FAILED(members.status());
  return answer_later(
      [key_id = std::move(key_id), limit, marker = std::move(marker)](Transaction& transaction) -> Result<std::string> {
        TRY_ASSIGN(const TagList list, list_resource_tags(transaction, key_id, limit, marker));
        std::string body;
        JsonWriter json(body);
        json.begin_object().key("Tags").begin_array();
        for (const Tag& tag : list.tags) {
          json.begin_object().member("TagKey", tag.key).member("TagValue", tag.value).end_object();
        }
        json.end_array();
        if (list.next_marker) json.member("NextMarker", *list.next_marker);
        json.member("Truncated", list.next_marker.has_value()).end_object();
        return body;
      });
}

}  // namespace kagimori::aws
