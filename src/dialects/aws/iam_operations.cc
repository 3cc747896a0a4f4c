#include "dialects/aws/iam_operations.h"

#include <array>

namespace kagimori::aws {

const QueryOperation* iam_operation(std::string_view name) {
  constexpr std::array kTables = {iam_user_operations,          iam_access_key_operations,
                                  iam_role_operations,          iam_group_operations,
                                  iam_policy_operations,        iam_policy_version_operations,
                                  iam_inline_policy_operations, iam_attached_policy_operations,
                                  iam_tag_operations,           iam_simulation_operations};
  for (auto* const table : kTables) {
    for (const QueryOperation& operation : table()) {
      if (operation.name == name) return &operation;
    }
  }
  return nullptr;
}

void write_page_end(XmlWriter& xml, const std::optional<std::string>& next_marker) {
  xml.element("IsTruncated", next_marker ? "true" : "false");
  if (next_marker) xml.element("Marker", *next_marker);
}

}  // namespace kagimori::aws
