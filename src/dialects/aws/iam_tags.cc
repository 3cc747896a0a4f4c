// TagUser, UntagUser, ListUserTags, and the same of roles and managed policies.

#include "engine/iam_tags.h"
#include "dialects/aws/iam_operations.h"
#include "dialects/aws/iam_xml.h"

namespace kagimori::aws {
namespace {

template <typename R>
std::string named(QueryMembers& members) {
  if constexpr (std::is_same_v<R, ManagedPolicy>) {
    return members.required_text("PolicyArn", iam_member::kArn);
  } else {
    return required_name_of<R>(members);
  }
}

template <typename R>
QueryWork tag(const Form& form, const std::string& request_id) {
  QueryMembers members(form, kIamVersion);
  std::string name = named<R>(members);
  auto tags = members.tags();
  TRY(members.status());
  return iam_change(std::string("Tag").append(IamRecord<R>::kName), request_id,
                    [name = std::move(name), tags = std::move(tags)](Transaction& transaction) {
                      return tag_record<R>(transaction, name, tags);
                    });
}

template <typename R>
QueryWork untag(const Form& form, const std::string& request_id) {
  QueryMembers members(form, kIamVersion);
  std::string name = named<R>(members);
  auto keys = members.texts("TagKeys", iam_member::kTagKey);
  TRY(members.status());
  return iam_change(std::string("Untag").append(IamRecord<R>::kName), request_id,
                    [name = std::move(name), keys = std::move(keys)](Transaction& transaction) {
                      return untag_record<R>(transaction, name, keys);
                    });
}

template <typename R>
QueryWork list(const Form& form, const std::string& request_id) {
  QueryMembers members(form, kIamVersion);
  std::string name = named<R>(members);
  const std::size_t limit = members.max_items();
  auto marker = members.marker();
  TRY(members.status());
  return [name = std::move(name), limit, marker = std::move(marker),
          request_id](Transaction& transaction) -> Result<std::string> {
    TRY_ASSIGN(const TagList page, list_record_tags<R>(transaction, name, limit, marker));
    return iam_answer(std::string("List").append(IamRecord<R>::kName).append("Tags"), request_id, [&](XmlWriter& xml) {
      write_tags(xml, page.tags);
      write_page_end(xml, page.next_marker);
    });
  };
}

constexpr QueryOperation kOperations[] = {
    {"TagUser", false, Plane::kManagement, tag<User>},
    {"UntagUser", false, Plane::kManagement, untag<User>},
    {"ListUserTags", true, Plane::kManagement, list<User>},
    {"TagRole", false, Plane::kManagement, tag<Role>},
    {"UntagRole", false, Plane::kManagement, untag<Role>},
    {"ListRoleTags", true, Plane::kManagement, list<Role>},
    {"TagPolicy", false, Plane::kManagement, tag<ManagedPolicy>},
    {"UntagPolicy", false, Plane::kManagement, untag<ManagedPolicy>},
    {"ListPolicyTags", true, Plane::kManagement, list<ManagedPolicy>},
};

}  // namespace

std::span<const QueryOperation> iam_tag_operations() { return kOperations; }

}  // namespace kagimori::aws
