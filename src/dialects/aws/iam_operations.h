#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "dialects/aws/query_answer.h"
#include "dialects/aws/query_call.h"
#include "dialects/aws/query_members.h"
#include "engine/iam_record.h"

namespace kagimori::aws {

// The operations of AWS IAM that are served (AWS IAM API reference): a table a file. Each reads its parameters and
// leaves the work.
inline constexpr std::string_view kIamVersion = "2010-05-08";

using QueryWork = Result<Engine::Work>;

std::span<const QueryOperation> iam_user_operations();
std::span<const QueryOperation> iam_access_key_operations();
std::span<const QueryOperation> iam_role_operations();
std::span<const QueryOperation> iam_group_operations();
std::span<const QueryOperation> iam_policy_operations();
std::span<const QueryOperation> iam_policy_version_operations();
std::span<const QueryOperation> iam_inline_policy_operations();
std::span<const QueryOperation> iam_attached_policy_operations();
std::span<const QueryOperation> iam_tag_operations();
std::span<const QueryOperation> iam_simulation_operations();

inline std::string iam_answer(std::string_view operation, const std::string& request_id,
                              const std::function<void(XmlWriter&)>& write_result = nullptr) {
  return query_answer(kIamNamespace, operation, request_id, write_result);
}
// The work of an operation that answers nothing.
inline QueryWork iam_change(std::string operation, std::string request_id, std::function<Status(Transaction&)> change) {
  return [operation = std::move(operation), request_id = std::move(request_id),
          change = std::move(change)](Transaction& transaction) -> Result<std::string> {
    TRY(change(transaction));
    return iam_answer(operation, request_id);
  };
}
// IsTruncated and, where there is one, Marker: the end of every list.
void write_page_end(XmlWriter& xml, const std::optional<std::string>& next_marker);

// "UserName" and its constraint, by what is named.
template <typename R>
std::string name_parameter() {
  return std::string(IamRecord<R>::kName) + "Name";
}
template <typename R>
std::string required_name_of(QueryMembers& members) {
  return members.required_name(name_parameter<R>(),
                               std::is_same_v<R, Role> ? iam_member::kRoleName : iam_member::kUserName);
}

}  // namespace kagimori::aws
