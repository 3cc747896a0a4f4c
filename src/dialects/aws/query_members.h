#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/key.h"
#include "model/validation.h"
#include "protocol/form.h"

namespace kagimori::aws {

// Constraints of IAM's members (AWS IAM API reference). Patterns of names and paths are checked where their meaning is
// (engine/user_name.h), since IAM has sentences of its own for them.
namespace iam_member {
inline constexpr TextConstraint kNewUserName{1, 64};
inline constexpr TextConstraint kUserName{1, 128};
inline constexpr TextConstraint kRoleName{1, 64};
inline constexpr TextConstraint kPath{1, 512};
inline constexpr TextConstraint kArn{20, 2048};
inline constexpr TextConstraint kRoleDescription{0, 1000};
inline constexpr TextConstraint kPolicyDescription{0, 1000};
inline constexpr TextConstraint kVersionId{1, 64};
inline constexpr NumberConstraint kMaxSessionDuration{3600, 43200};
inline constexpr TextConstraint kPolicyName{1, 128};
inline constexpr TextConstraint kPolicyDocument{1, 131072, "[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+",
                                                matches_policy_text};
inline constexpr TextConstraint kAccessKeyId{16, 128, "[\\w]+", matches_word};
inline constexpr TextConstraint kMarker{1, 320, "[\\u0020-\\u00FF]+", matches_marker};
inline constexpr TextConstraint kTagKey{1, 128};
inline constexpr TextConstraint kTagValue{0, 256};
inline constexpr NumberConstraint kMaxItems{1, 1000};
inline constexpr std::size_t kDefaultMaxItems = 100;
}  // namespace iam_member

// Reads the parameters of one Query request and checks them against AWS's model; unknown ones are ignored. What is
// wrong is gathered and told by status(), which comes before anything is done.
class QueryMembers {
 public:
  // A Version that the form has must be `version`.
  QueryMembers(const Form& form, std::string_view version);

  // Empty when absent, which a constraint of at least one character tells from an empty value.
  std::string text(std::string_view name, const TextConstraint& constraint);
  // nullopt when absent.
  std::optional<std::string> optional_text(std::string_view name, const TextConstraint& constraint);
  std::string required_text(std::string_view name, const TextConstraint& constraint);
  // The value must be one of `values`.
  std::string required_choice(std::string_view name, std::span<const std::string_view> values);
  // As required_choice; empty when absent.
  std::string choice(std::string_view name, std::span<const std::string_view> values);
  // True for "true", false for "false" and when absent.
  bool flag(std::string_view name);
  std::optional<std::int64_t> number(std::string_view name, const NumberConstraint& constraint);
  // NAME.member.N, N from 1 without gaps.
  std::vector<std::string> texts(std::string_view name, const TextConstraint& constraint);
  // PathPrefix of a list: empty when absent.
  std::string path_prefix();
  // UserName or PolicyName: their pattern is checked too.
  std::string name(std::string_view name, const TextConstraint& constraint);
  std::string required_name(std::string_view name, const TextConstraint& constraint);
  std::size_t max_items();
  std::optional<std::string> marker();
  // Tags.member.N.Key and .Value, N from 1 without gaps.
  std::vector<Tag> tags();

  // kUnknownOperation for another version, else kValidation with everything that is wrong, else success.
  Status status() const;

 private:
  const Form& form_;
  Validator validator_;
  Status version_;
  Status names_;
};

}  // namespace kagimori::aws
