#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "policy/policy.h"

namespace kagimori {

// One value of Principal or NotPrincipal.
struct Principal {
  enum class Kind : std::uint8_t {
    kEveryone,       // "*"
    kAccount,        // 123456789012 or arn:aws:iam::123456789012:root
    kEntity,         // ARN of a user or role
    kSession,        // ARN of an assumed-role or federated-user session
    kUniqueId,       // AIDA... or AROA...: what a deleted user or role leaves behind
    kService,        // logs.amazonaws.com
    kFederated,      // identity provider; nobody here carries such an identity, so it matches nobody
    kCanonicalUser,  // of S3; matches nobody either
  };

  Kind kind = Kind::kEveryone;
  std::string value;      // as written; for kAccount the 12 digits
  std::string unique_id;  // kEntity and kSession: what the ARN is bound to. Never empty in a compiled policy
  bool bare = false;      // written without its usual form: "Principal":"*", or an account as mere digits
  std::size_t begin = 0;  // where the JSON string stands in the document, quotes included
  std::size_t end = 0;

  bool needs_binding() const { return kind == Kind::kEntity || kind == Kind::kSession; }
  // Whether it stands for somebody who must exist when the policy is written, and may be gone later.
  bool names_entity() const { return needs_binding() || kind == Kind::kUniqueId; }
};

// `type` is AWS, Service, Federated or CanonicalUser. Nothing for a principal that no policy may name: groups,
// wildcards inside an ARN, malformed ARNs, unknown types.
std::optional<Principal> parse_principal(std::string_view type, std::string_view value);

// Whether a statement that names `principal` under Principal speaks of the caller.
bool names_caller(const Principal& principal, const PolicyCaller& caller);
// Whether NotPrincipal with `principal` leaves the caller out. An account leaves out only its root user: else naming
// "user Bob and Bob's account", as AWS advises, would free everybody in the account (IAM user guide, "NotPrincipal").
bool exempts_caller(const Principal& principal, const PolicyCaller& caller);

}  // namespace kagimori
