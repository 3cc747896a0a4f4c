#pragma once

#include <span>
#include <string_view>

namespace kagimori {

// A managed policy of AWS itself, under arn:aws:iam::aws:policy/ (AWS managed policy reference guide). Those of them
// that make sense here, with AWS's own ids and texts.
struct AwsManagedPolicy {
  std::string_view policy_id;
  std::string_view name;
  std::string_view path;
  std::string_view description;
  std::string_view text;
  int version = 1;
};
std::span<const AwsManagedPolicy> aws_managed_policies();

}  // namespace kagimori
