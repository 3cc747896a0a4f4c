#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "dialects/aws/query_answer.h"
#include "dialects/aws/query_call.h"
#include "dialects/aws/query_members.h"

namespace kagimori::aws {

// The operations of AWS IAM that are served (AWS IAM API reference). Each reads its parameters and leaves the work.
inline constexpr std::string_view kIamVersion = "2010-05-08";

using QueryWork = Result<Engine::Work>;

QueryWork iam_create_user(const Form& form, const std::string& request_id);
QueryWork iam_get_user(const Form& form, const std::string& request_id);
QueryWork iam_list_users(const Form& form, const std::string& request_id);
QueryWork iam_delete_user(const Form& form, const std::string& request_id);

QueryWork iam_create_access_key(const Form& form, const std::string& request_id);
QueryWork iam_list_access_keys(const Form& form, const std::string& request_id);
QueryWork iam_update_access_key(const Form& form, const std::string& request_id);
QueryWork iam_delete_access_key(const Form& form, const std::string& request_id);

QueryWork iam_put_user_policy(const Form& form, const std::string& request_id);
QueryWork iam_get_user_policy(const Form& form, const std::string& request_id);
QueryWork iam_list_user_policies(const Form& form, const std::string& request_id);
QueryWork iam_delete_user_policy(const Form& form, const std::string& request_id);

inline std::string iam_answer(std::string_view operation, const std::string& request_id,
                              const std::function<void(XmlWriter&)>& write_result = nullptr) {
  return query_answer(kIamNamespace, operation, request_id, write_result);
}
// IsTruncated and, where there is one, Marker: the end of every list.
void write_page_end(XmlWriter& xml, const std::optional<std::string>& next_marker);

}  // namespace kagimori::aws
