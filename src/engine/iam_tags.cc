#include "engine/iam_tags.h"

#include <algorithm>

#include "engine/managed_policies.h"
#include "engine/marker.h"
#include "engine/principals.h"

namespace kagimori {
namespace {

template <typename R>
Result<R> find(Transaction& transaction, std::string_view name, std::string_view action, const RequestFacts& facts) {
  if constexpr (std::is_same_v<R, ManagedPolicy>) {
    transaction.trail().parameter("policyArn", name);
    return find_own_policy(transaction, name, action, facts);
  } else {
    transaction.trail().parameter(IamRecord<R>::kMember, name);
    return find_named<R>(transaction, name, action, facts);
  }
}

void erase_tag(std::vector<Tag>& tags, std::string_view key) {
  std::erase_if(tags, [lower = lower_case(key)](const Tag& tag) { return lower_case(tag.key) == lower; });
}

}  // namespace

template <typename R>
Status tag_record(Transaction& transaction, std::string_view name, const std::vector<Tag>& tags) {
  RequestFacts facts;
  facts.request_tags = tags;
  TRY_ASSIGN(R record, find<R>(transaction, name, iam_action<R>("Tag"), facts));
  TRY(check_tags(tags, kMaxIamTags));
  for (const Tag& tag : tags) {
    erase_tag(record.tags, tag.key);
    record.tags.push_back(tag);
  }
  if (record.tags.size() > kMaxIamTags) {
    return fail(ErrorCode::kLimitExceeded, "The number of tags has reached the maximum limit.");
  }
  return save_named(transaction, record);
}

template <typename R>
Status untag_record(Transaction& transaction, std::string_view name, const std::vector<std::string>& keys) {
  RequestFacts facts;
  facts.request_tag_keys = keys;
  TRY_ASSIGN(R record, find<R>(transaction, name, iam_action<R>("Untag"), facts));
  for (const std::string& key : keys) erase_tag(record.tags, key);
  return save_named(transaction, record);
}

template <typename R>
Result<TagList> list_record_tags(Transaction& transaction, std::string_view name, std::size_t limit,
                                 std::optional<std::string_view> marker) {
  TRY_ASSIGN(R record, find<R>(transaction, name, iam_action<R>("List", "Tags"), {}));
  std::sort(record.tags.begin(), record.tags.end(), [](const Tag& a, const Tag& b) { return a.key < b.key; });
  const ListMarkers markers(transaction.crypto(), "ListTags", record_key::iam_entity(record.account, id_of(record)));
  std::string after;
  if (marker) {
    TRY_ASSIGN(after, markers.open(*marker));
  }
  TagList list;
  for (Tag& tag : record.tags) {
    if (marker && tag.key <= after) continue;
    if (list.tags.size() == limit) {
      list.next_marker = markers.make(list.tags.back().key);
      break;
    }
    list.tags.push_back(std::move(tag));
  }
  return list;
}

#define KAGIMORI_TAGGED(R)                                                                          \
  template Status tag_record<R>(Transaction&, std::string_view, const std::vector<Tag>&);           \
  template Status untag_record<R>(Transaction&, std::string_view, const std::vector<std::string>&); \
  template Result<TagList> list_record_tags<R>(Transaction&, std::string_view, std::size_t,         \
                                               std::optional<std::string_view>);
KAGIMORI_TAGGED(User)
KAGIMORI_TAGGED(Role)
KAGIMORI_TAGGED(ManagedPolicy)
#undef KAGIMORI_TAGGED

}  // namespace kagimori
