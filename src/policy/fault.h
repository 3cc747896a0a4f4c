#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "policy/policy.h"

namespace kagimori {

// Where in a document something is wrong, so that the error can say so.
struct PolicyPlace {
  PolicyKind kind = PolicyKind::kKey;
  std::optional<std::size_t> statement;  // from 0; shown from 1
  std::string sid;
};

// AWS's own sentences, as its IAM and KMS answer them.
namespace policy_sentence {
inline constexpr std::string_view kSyntax = "Syntax errors in policy.";
inline constexpr std::string_view kVersion = "Policy document must be version 2012-10-17 or greater.";
inline constexpr std::string_view kInvalidPrincipal =
    "Policy contains a statement with one or more invalid principals.";
inline constexpr std::string_view kNoPrincipal = "Policy contains a statement with no principal.";
inline constexpr std::string_view kPrincipalForbidden = "Policy document should not specify a principal.";
inline constexpr std::string_view kNoActions = "Policy statement must contain actions.";
inline constexpr std::string_view kNoResources = "Policy statement must contain resources.";
inline constexpr std::string_view kVendor =
    "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.";
inline constexpr std::string_view kOneColon = "Actions/Condition can contain only one colon.";
inline constexpr std::string_view kSidUnique = "Statement IDs (SID) in a single policy must be unique.";
inline constexpr std::string_view kSidShape =
    "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*.";
inline constexpr std::string_view kResourceForbidden = "Has prohibited field Resource.";
inline constexpr std::string_view kTrustActions = "AssumeRole policy may only specify STS AssumeRole actions.";
inline constexpr std::string_view kTooPermissive =
    "Policy contains a statement that is overly permissive: with ForAllValues alone it also applies when the key is "
    "absent.";
}  // namespace policy_sentence

// kMalformedPolicyDocument or kMalformedPolicy by kind: "<sentence> Statement 2 ("Sid"): <detail>."
tl::unexpected<Error> malformed(const PolicyPlace& place, std::string_view sentence, std::string_view detail);

// A piece of the caller's text in double quotes, cut to 64 bytes, for an error's detail.
std::string quoted(std::string_view text);

}  // namespace kagimori
