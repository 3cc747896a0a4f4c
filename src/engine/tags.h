#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/transaction.h"

namespace kagimori {

// Tags of keys (AWS KMS API reference: TagResource, UntagResource, ListResourceTags).

// kTag: duplicate keys, keys that begin with "aws:", or more than `quota`.
Status check_tags(const std::vector<Tag>& tags, std::size_t quota);

Status tag_resource(Transaction& transaction, std::string_view key_id, const std::vector<Tag>& tags);
Status untag_resource(Transaction& transaction, std::string_view key_id, const std::vector<std::string>& tag_keys);
struct TagList {
  std::vector<Tag> tags;
  std::optional<std::string> next_marker;
};
Result<TagList> list_resource_tags(Transaction& transaction, std::string_view key_id, std::size_t limit,
                                   std::optional<std::string_view> marker);

}  // namespace kagimori
