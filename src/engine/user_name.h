#pragma once

#include <string_view>

#include "base/result.h"

namespace kagimori {

// Names and paths as IAM has them (IAM API reference, CreateUser and PutUserPolicy; their lengths are the dialect's to
// check). kValidation with IAM's sentence.

// [\w+=,.@-]+; `member` is "userName" or "policyName".
Status check_iam_name(std::string_view member, std::string_view name);
// "/" or "/.../" of the characters U+0021 to U+007E; `member` is "path".
Status check_iam_path(std::string_view path);

inline constexpr std::size_t kMaxUserName = 64;

}  // namespace kagimori
