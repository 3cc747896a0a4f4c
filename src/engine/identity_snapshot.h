#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/secret.h"
#include "engine/superseded.h"
#include "model/identity.h"
#include "policy/policy.h"
#include "store/store.h"

namespace kagimori {

// What temporary credentials add to an identity.
struct IdentitySession {
  Session record;
  std::string role_name;  // this and the next empty where a user's
  std::string role_arn;
  std::string assumed_role_id;  // "AROA...:session name"
};

// Everything that is known of the holder of one access key, as read at one store revision. Immutable and shared.
struct IdentitySnapshot {
  AccessKey access_key;  // of temporary credentials: what such a record would say
  SecretBytes secret;    // the secret access key
  bool account_is_operator = false;
  std::string user_name;                                        // empty for the root user and for roles
  std::string arn;                                              // of the user, or of the assumed-role session
  std::vector<Tag> tags;                                        // of the user; of the role, under those of the session
  std::vector<std::shared_ptr<const CompiledPolicy>> policies;  // inline, attached, and those of groups
  bool is_bounded = false;
  std::shared_ptr<const CompiledPolicy> boundary;  // null while bounded: nothing is allowed
  std::vector<std::shared_ptr<const CompiledPolicy>> session_policies;
  std::optional<IdentitySession> session;
  // The records that all of this was read from: whoever decides by it expects them to be as they were.
  std::vector<Expectation> basis;
  // Unique ids of the user or role, groups and managed policies among them (cache_key::identities_of).
  std::vector<std::string> owners;
  Superseded superseded;  // as KeySnapshot's; a change of an owner does not set it

  const std::string& account() const { return access_key.account; }
  const std::string& unique_id() const { return access_key.user_id; }  // of the user or role
  bool is_root() const { return access_key.is_root(); }
  bool is_role_session() const { return session && session->record.is_of_role(); }
  bool has_session_policy() const {
    return session && (!session->record.policy.empty() || !session->record.policy_arns.empty());
  }
  // aws:PrincipalArn: a session's role; else the ARN itself.
  const std::string& principal_arn() const { return is_role_session() ? session->role_arn : arn; }
  // aws:userid.
  const std::string& user_id() const { return is_role_session() ? session->assumed_role_id : unique_id(); }
};

}  // namespace kagimori
