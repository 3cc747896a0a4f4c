#include "engine/user_name.h"

#include <fmt/format.h>

#include <algorithm>

namespace kagimori {
namespace {

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("_+=,.@-").find(c) != std::string_view::npos;
}

}  // namespace

Status check_iam_name(std::string_view member, std::string_view name) {
  if (!name.empty() && std::all_of(name.begin(), name.end(), is_name_character)) return {};
  return fail(ErrorCode::kValidation, fmt::format("The specified value for {} is invalid. It must contain only "
                                                  "alphanumeric characters and/or the following: +=,.@_-",
                                                  member));
}

Status check_iam_path(std::string_view path) {
  const bool plain = std::all_of(path.begin(), path.end(), [](char c) { return c >= '!' && c <= '~'; });
  if (plain && !path.empty() && path.front() == '/' && path.back() == '/') return {};
  return fail(ErrorCode::kValidation,
              "The specified value for path is invalid. It must begin and end with / and contain only alphanumeric "
              "characters and/or / characters.");
}

}  // namespace kagimori
