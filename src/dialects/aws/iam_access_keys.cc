// CreateAccessKey, ListAccessKeys, UpdateAccessKey, DeleteAccessKey, GetAccessKeyLastUsed.

#include <array>

#include "dialects/aws/iam_operations.h"
#include "engine/access_keys.h"

namespace kagimori::aws {
namespace {

constexpr std::string_view kActive = "Active";
constexpr std::string_view kExpired = "Expired";
constexpr std::array<std::string_view, 3> kStatuses = {kActive, "Inactive", kExpired};

void write_access_key(XmlWriter& xml, const AccessKey& key, std::string_view user_name) {
  if (!user_name.empty()) xml.element("UserName", user_name);
  xml.element("AccessKeyId", key.access_key_id).element("Status", key.active ? kActive : "Inactive");
}

QueryWork create_key(const Form& form, const std::string& request_id) {
  QueryMembers members(form, kIamVersion);
  std::string name = members.name("UserName", iam_member::kUserName);
  TRY(members.status());
  return [name = std::move(name), request_id](Transaction& transaction) -> Result<std::string> {
    TRY_ASSIGN(const CreatedAccessKey created, create_access_key(transaction, name));
    return iam_answer("CreateAccessKey", request_id, [&](XmlWriter& xml) {
      xml.begin("AccessKey");
      write_access_key(xml, created.key.record, created.user_name);
      xml.element("SecretAccessKey", as_text(created.key.secret.expose()));
      xml.element("CreateDate", to_iso8601(created.key.record.created)).end("AccessKey");
    });
  };
}

QueryWork list_keys(const Form& form, const std::string& request_id) {
  QueryMembers members(form, kIamVersion);
  std::string name = members.name("UserName", iam_member::kUserName);
  const std::size_t limit = members.max_items();
  auto marker = members.marker();
  TRY(members.status());
  return [name = std::move(name), limit, marker = std::move(marker),
          request_id](Transaction& transaction) -> Result<std::string> {
    TRY_ASSIGN(const AccessKeyPage page, list_access_keys(transaction, name, limit, marker));
    return iam_answer("ListAccessKeys", request_id, [&](XmlWriter& xml) {
      if (!page.user_name.empty()) xml.element("UserName", page.user_name);
      xml.begin("AccessKeyMetadata");
      for (const AccessKey& key : page.keys) {
        xml.begin("member");
        write_access_key(xml, key, page.user_name);
        xml.element("CreateDate", to_iso8601(key.created)).end("member");
      }
      xml.end("AccessKeyMetadata");
      write_page_end(xml, page.next_marker);
    });
  };
}

QueryWork update_key(const Form& form, const std::string& request_id) {
  QueryMembers members(form, kIamVersion);
  std::string name = members.name("UserName", iam_member::kUserName);
  std::string id = members.required_text("AccessKeyId", iam_member::kAccessKeyId);
  const std::string status = members.required_choice("Status", kStatuses);
  TRY(members.status());
  if (status == kExpired) {
    return fail(ErrorCode::kInvalidInput, "An access key can't be set to Expired. Use Active or Inactive.");
  }
  return [name = std::move(name), id = std::move(id), active = status == kActive,
          request_id](Transaction& transaction) -> Result<std::string> {
    TRY(update_access_key(transaction, name, id, active));
    return iam_answer("UpdateAccessKey", request_id);
  };
}

QueryWork delete_key(const Form& form, const std::string& request_id) {
  QueryMembers members(form, kIamVersion);
  std::string name = members.name("UserName", iam_member::kUserName);
  std::string id = members.required_text("AccessKeyId", iam_member::kAccessKeyId);
  TRY(members.status());
  return [name = std::move(name), id = std::move(id), request_id](Transaction& transaction) -> Result<std::string> {
    TRY(delete_access_key(transaction, name, id));
    return iam_answer("DeleteAccessKey", request_id);
  };
}

QueryWork get_last_used(const Form& form, const std::string& request_id) {
  QueryMembers members(form, kIamVersion);
  std::string id = members.required_text("AccessKeyId", iam_member::kAccessKeyId);
  TRY(members.status());
  return [id = std::move(id), request_id](Transaction& transaction) -> Result<std::string> {
    TRY_ASSIGN(const AccessKeyLastUsed found, get_access_key_last_used(transaction, id));
    return iam_answer("GetAccessKeyLastUsed", request_id, [&](XmlWriter& xml) {
      if (!found.user_name.empty()) xml.element("UserName", found.user_name);
      xml.begin("AccessKeyLastUsed");
      if (found.use) xml.element("LastUsedDate", to_iso8601(found.use->when));
      xml.element("ServiceName", found.use ? found.use->service : "N/A");
      xml.element("Region", found.use ? found.use->region : "N/A").end("AccessKeyLastUsed");
    });
  };
}

constexpr QueryOperation kOperations[] = {
    {"CreateAccessKey", false, Plane::kManagement, create_key},
    {"ListAccessKeys", true, Plane::kManagement, list_keys},
    {"UpdateAccessKey", false, Plane::kManagement, update_key},
    {"DeleteAccessKey", false, Plane::kManagement, delete_key},
    {"GetAccessKeyLastUsed", true, Plane::kManagement, get_last_used},
};

}  // namespace

std::span<const QueryOperation> iam_access_key_operations() { return kOperations; }

}  // namespace kagimori::aws
