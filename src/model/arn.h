#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace kagimori {

// The one partition that this house's ARNs lie in, whatever its region is called: IAM's ARNs carry no region to tell
// another one by, so two partitions would never fit together in one policy.
inline constexpr std::string_view kPartition = "aws";

// arn:<partition>:<service>:<region>:<account>:<resource>. Views into the parsed text.
struct ArnView {
  std::string_view partition, service, region, account, resource;
};
// kInvalidArn "Invalid arn <value>" unless there are six parts, none of partition, service and resource empty. The
// resource may hold further colons.
Result<ArnView> parse_arn(std::string_view text);

std::string key_arn(std::string_view region, std::string_view account, std::string_view key_id);
std::string alias_arn(std::string_view region, std::string_view account, std::string_view alias_name);  // alias/x
std::string user_arn(std::string_view account, std::string_view path,
                     std::string_view user_name);  // path "/" or "/a/b/"
std::string root_arn(std::string_view account);
// "user", "role", "group" or "policy", with a path as user_arn's.
std::string iam_arn(std::string_view account, std::string_view type, std::string_view path, std::string_view name);
std::string assumed_role_arn(std::string_view account, std::string_view role_name, std::string_view session_name);

// A UUID in lower case, or mrk- and 32 lower-case hexadecimal digits.
bool is_key_id(std::string_view text);

// How a request names a key (AWS KMS developer guide, "Key identifiers"). Views into the parsed text.
struct KeyReference {
  enum class Form { kKeyId, kKeyArn, kAliasName, kAliasArn };
  Form form = Form::kKeyId;
  std::string_view region;   // only of ARNs
  std::string_view account;  // only of ARNs
  std::string_view name;     // the key id, or the alias with its "alias/" prefix
  bool is_alias() const { return form == Form::kAliasName || form == Form::kAliasArn; }
};
// kInvalidArn "Invalid arn <value>" for an ARN that is malformed or not of a key or alias of this partition; kNotFound
// "Invalid keyId '<value>'" for what is neither UUID, mrk- id nor alias, also inside an ARN.
Result<KeyReference> parse_key_reference(std::string_view text);

}  // namespace kagimori
