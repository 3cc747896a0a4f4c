#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/iam_record.h"
#include "engine/tags.h"

namespace kagimori {

// Tags of users, roles and managed policies (AWS IAM API reference: TagUser, UntagUser, ListUserTags, and the same of
// roles and policies). R is one of User, Role and ManagedPolicy; `name` is the policy's ARN. Keys that differ only in
// case are one: the newer spelling replaces the older. Errors as find_named() and find_policy(); kTag.
template <typename R>
Status tag_record(Transaction& transaction, std::string_view name, const std::vector<Tag>& tags);
template <typename R>
Status untag_record(Transaction& transaction, std::string_view name, const std::vector<std::string>& keys);
template <typename R>
Result<TagList> list_record_tags(Transaction& transaction, std::string_view name, std::size_t limit,
                                 std::optional<std::string_view> marker);

}  // namespace kagimori
