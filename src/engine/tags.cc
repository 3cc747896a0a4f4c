#include "engine/tags.h"

#include "engine/marker.h"

namespace kagimori {
namespace {

bool is_reserved(std::string_view key) {
  constexpr std::string_view kReserved = "aws:";
  if (key.size() < kReserved.size()) return false;
  for (std::size_t i = 0; i < kReserved.size(); ++i) {
    const char c = key[i];
    if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c) != kReserved[i]) return false;
  }
  return true;
}

Status check_tag_keys(const std::vector<std::string>& keys) {
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (is_reserved(keys[i])) return fail(ErrorCode::kTag, "Tags beginning with aws: are reserved");
  }
  return {};
}

}  // namespace

Status check_tags(const std::vector<Tag>& tags, std::size_t quota) {
  if (tags.size() > quota) return fail(ErrorCode::kTag, "Too many tags");
  std::vector<std::string> keys;
  for (const Tag& tag : tags) keys.push_back(tag.key);
  TRY(check_tag_keys(keys));
  std::sort(keys.begin(), keys.end());
  if (std::adjacent_find(keys.begin(), keys.end()) != keys.end()) return fail(ErrorCode::kTag, "Duplicate tag keys");
  return {};
}

Status tag_resource(Transaction& transaction, std::string_view key_id, const std::vector<Tag>& tags) {
  transaction.trail().parameter("keyId", key_id);
  TRY_ASSIGN(const TransactionKey found, transaction.find_key(key_id, false));
  RequestFacts facts;
  facts.request_tags = tags;
  TRY(transaction.authorize_key("kms:TagResource", found, facts));
  const std::size_t quota = transaction.settings().quotas.tags_per_key;
  TRY(check_tags(tags, quota));
  TRY(check_key_state(KmsOperation::kTagResource, found.state(), found.arn));
  Key key = found.key;
  for (const Tag& tag : tags) {
    const auto at = std::lower_bound(key.tags.begin(), key.tags.end(), tag,
                                     [](const Tag& a, const Tag& b) { return a.key < b.key; });
    if (at != key.tags.end() && at->key == tag.key) {
      at->value = tag.value;
    } else {
      key.tags.insert(at, tag);
    }
  }
  if (key.tags.size() > quota) return fail(ErrorCode::kTag, "Too many tags");
  return transaction.save_key(found.key, key);
}

Status untag_resource(Transaction& transaction, std::string_view key_id, const std::vector<std::string>& tag_keys) {
  transaction.trail().parameter("keyId", key_id);
  TRY_ASSIGN(const TransactionKey found, transaction.find_key(key_id, false));
  RequestFacts facts;
  facts.request_tag_keys = tag_keys;
  TRY(transaction.authorize_key("kms:UntagResource", found, facts));
  TRY(check_tag_keys(tag_keys));
  TRY(check_key_state(KmsOperation::kUntagResource, found.state(), found.arn));
  Key key = found.key;
  std::erase_if(key.tags,
                [&](const Tag& tag) { return std::find(tag_keys.begin(), tag_keys.end(), tag.key) != tag_keys.end(); });
  if (key.tags.size() == found.key.tags.size()) return {};
  return transaction.save_key(found.key, key);
}

Result<TagList> list_resource_tags(Transaction& transaction, std::string_view key_id, std::size_t limit,
                                   std::optional<std::string_view> marker) {
  transaction.trail().parameter("keyId", key_id);
  TRY_ASSIGN(const TransactionKey found, transaction.find_key(key_id, false));
  TRY(transaction.authorize_key("kms:ListResourceTags", found));
  const ListMarkers markers(transaction.crypto(), "ListResourceTags",
                            record_key::of_key(found.key.account, found.key.row));
  std::string after;
  if (marker) {
    TRY_ASSIGN(after, markers.open(*marker));
  }
  TagList list;
  for (const Tag& tag : found.key.tags) {
    if (marker && tag.key <= after) continue;
    if (list.tags.size() == limit) {
      list.next_marker = markers.make(list.tags.back().key);
      break;
    }
    list.tags.push_back(tag);
  }
  return list;
}

}  // namespace kagimori
