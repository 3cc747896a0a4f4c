// CreatePolicyVersion, GetPolicyVersion, ListPolicyVersions, SetDefaultPolicyVersion, DeletePolicyVersion.

#include "dialects/aws/iam_operations.h"
#include "dialects/aws/iam_xml.h"
#include "engine/policy_versions.h"

namespace kagimori::aws {
namespace {

void write_version(XmlWriter& xml, const PolicyVersion& version, std::string_view element, bool with_document) {
  xml.begin(element);
  if (with_document) xml.element("Document", encoded_policy(version.record.text));
  xml.element("VersionId", "v" + std::to_string(version.record.number));
  xml.element("IsDefaultVersion", version.is_default ? "true" : "false");
  xml.element("CreateDate", to_iso8601(version.record.created)).end(element);
}

QueryWork create(const Form& form, const std::string& request_id) {
  QueryMembers members(form, kIamVersion);
  std::string arn = members.required_text("PolicyArn", iam_member::kArn);
  std::string text = members.required_text("PolicyDocument", iam_member::kPolicyDocument);
  const bool as_default = members.flag("SetAsDefault");
  TRY(members.status());
  return [arn = std::move(arn), text = std::move(text), as_default,
          request_id](Transaction& transaction) -> Result<std::string> {
    TRY_ASSIGN(const PolicyVersion version, create_policy_version(transaction, arn, text, as_default));
    return iam_answer("CreatePolicyVersion", request_id,
                      [&](XmlWriter& xml) { write_version(xml, version, "PolicyVersion", false); });
  };
}

QueryWork get(const Form& form, const std::string& request_id) {
  QueryMembers members(form, kIamVersion);
  std::string arn = members.required_text("PolicyArn", iam_member::kArn);
  std::string id = members.required_text("VersionId", iam_member::kVersionId);
  TRY(members.status());
  return [arn = std::move(arn), id = std::move(id), request_id](Transaction& transaction) -> Result<std::string> {
    TRY_ASSIGN(const PolicyVersion version, get_policy_version(transaction, arn, id));
    return iam_answer("GetPolicyVersion", request_id,
                      [&](XmlWriter& xml) { write_version(xml, version, "PolicyVersion", true); });
  };
}

QueryWork list(const Form& form, const std::string& request_id) {
  QueryMembers members(form, kIamVersion);
  std::string arn = members.required_text("PolicyArn", iam_member::kArn);
  const std::size_t limit = members.max_items();
  auto marker = members.marker();
  TRY(members.status());
  return [arn = std::move(arn), limit, marker = std::move(marker),
          request_id](Transaction& transaction) -> Result<std::string> {
    TRY_ASSIGN(const PolicyVersionPage page, list_policy_versions(transaction, arn, limit, marker));
    return iam_answer("ListPolicyVersions", request_id, [&](XmlWriter& xml) {
      xml.begin("Versions");
      for (const PolicyVersion& version : page.versions) write_version(xml, version, "member", false);
      xml.end("Versions");
      write_page_end(xml, page.next_marker);
    });
  };
}

template <Status (*Change)(Transaction&, std::string_view, std::string_view)>
QueryWork change(const Form& form, const std::string& request_id, std::string operation) {
  QueryMembers members(form, kIamVersion);
  std::string arn = members.required_text("PolicyArn", iam_member::kArn);
  std::string id = members.required_text("VersionId", iam_member::kVersionId);
  TRY(members.status());
  return iam_change(
      std::move(operation), request_id,
      [arn = std::move(arn), id = std::move(id)](Transaction& transaction) { return Change(transaction, arn, id); });
}

QueryWork set_default(const Form& form, const std::string& request_id) {
  return change<set_default_policy_version>(form, request_id, "SetDefaultPolicyVersion");
}
QueryWork remove(const Form& form, const std::string& request_id) {
  return change<delete_policy_version>(form, request_id, "DeletePolicyVersion");
}

constexpr QueryOperation kOperations[] = {
    {"CreatePolicyVersion", false, Plane::kManagement, create},
    {"GetPolicyVersion", true, Plane::kManagement, get},
    {"ListPolicyVersions", true, Plane::kManagement, list},
    {"SetDefaultPolicyVersion", false, Plane::kManagement, set_default},
    {"DeletePolicyVersion", false, Plane::kManagement, remove},
};

}  // namespace

std::span<const QueryOperation> iam_policy_version_operations() { return kOperations; }

}  // namespace kagimori::aws
