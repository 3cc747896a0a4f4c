#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "model/ids.h"
#include "model/key.h"

namespace kagimori {

// A tenant. Table kAccounts.
struct Account {
  AccountId id;
  std::string name;
  Timestamp created;
  bool is_operator = false;  // the account made by `init`: its principals may make accounts
  bool operator==(const Account&) const = default;
};

// Table kUsers; kUserNames leads from the lower-case name to the id (IAM names are unique regardless of case).
struct User {
  AccountId account;
  std::string user_id;  // AIDA...
  std::string name;
  std::string path;  // "/"
  Timestamp created;
  std::uint32_t policy_count = 0;
  std::uint32_t access_key_count = 0;
  std::uint64_t policy_revision = 0;  // grows with every change of the user's policies, so that one read sees it
  std::vector<Tag> tags;
  std::uint32_t attached_policy_count = 0;
  std::uint32_t group_count = 0;
  std::string permissions_boundary;  // ARN of a managed policy; empty for none
  bool operator==(const User&) const = default;
};

// Table kRoles; kRoleNames leads from the lower-case name to the id.
struct Role {
  AccountId account;
  std::string role_id;  // AROA...
  std::string name;
  std::string path;  // "/"
  Timestamp created;
  std::string description;
  std::uint32_t max_session_seconds = 3'600;
  std::string trust_policy;
  std::vector<std::pair<std::string, std::string>> trust_bindings;  // ARN in the trust policy -> unique id
  std::uint32_t policy_count = 0;
  std::uint64_t policy_revision = 0;  // as a user's
  std::vector<Tag> tags;
  std::uint32_t attached_policy_count = 0;
  std::string permissions_boundary;
  bool operator==(const Role&) const = default;
};

// Table kGroups; kGroupNames leads from the lower-case name to the id. kGroupMembers lists the users of a group,
// kUserGroups the groups of a user.
struct Group {
  AccountId account;
  std::string group_id;  // AGPA...
  std::string name;
  std::string path;  // "/"
  Timestamp created;
  std::uint32_t policy_count = 0;
  std::uint64_t policy_revision = 0;  // as a user's
  std::uint32_t attached_policy_count = 0;
  std::uint32_t member_count = 0;
  bool operator==(const Group&) const = default;
};

// A managed policy of an account. Table kPolicies; kPolicyNames leads from the lower-case name to the id.
// kAttachedPolicies lists the policies of a user, role or group, kPolicyEntities who has a policy; both also for those
// of AWS, which have no record of their own.
struct ManagedPolicy {
  AccountId account;
  std::string policy_id;  // ANPA...
  std::string name;
  std::string path;  // "/"
  std::string description;
  Timestamp created;
  Timestamp updated;
  std::uint32_t default_version = 1;
  std::uint32_t last_version = 1;  // numbers are never used again
  std::uint32_t version_count = 1;
  std::uint32_t attachment_count = 0;
  std::uint32_t boundary_count = 0;  // users and roles that it bounds
  std::vector<Tag> tags;
  bool operator==(const ManagedPolicy&) const = default;
};

// Table kPolicyVersions.
struct ManagedPolicyVersion {
  AccountId account;
  std::string policy_id;
  std::uint32_t number = 1;  // "v1"
  std::string text;
  Timestamp created;
  bool operator==(const ManagedPolicyVersion&) const = default;
};

// An inline policy of a user, role or group. Table kUserPolicies.
struct UserPolicy {
  AccountId account;
  std::string user_id;  // or role id, or group id
  std::string name;
  std::string text;
  Timestamp updated;
  bool operator==(const UserPolicy&) const = default;
};

// Table kAccessKeys, found by its id alone; kUserAccessKeys lists those of one user.
struct AccessKey {
  std::string access_key_id;  // AKIA...
  AccountId account;
  std::string user_id;  // the account id itself for the account's root user
  bool active = true;
  Timestamp created;
  WrappedMaterial secret;
  bool is_root() const { return user_id == account; }
  bool operator==(const AccessKey&) const = default;
};

// Temporary credentials. Table kSessions, found by the access key id alone; a row of kDue removes it after its end.
struct Session {
  std::string access_key_id;  // ASIA...
  AccountId account;
  std::string principal_id;       // of a role, or of a user (the account id itself for the account's root user)
  std::string role_session_name;  // empty where a user's
  Bytes token_hash;               // SHA-256 of the session token
  Timestamp created;
  Timestamp expires;
  WrappedMaterial secret;
  std::string source_identity;
  std::vector<Tag> tags;
  std::vector<std::string> transitive_tag_keys;
  std::string policy;                    // session policy; empty for none
  std::vector<std::string> policy_arns;  // managed policies that are session policies
  bool is_of_role() const { return !role_session_name.empty(); }
  bool operator==(const Session&) const = default;
};

// When an access key was last used, to the minute. Table kAccessKeyUses.
struct AccessKeyUse {
  std::string access_key_id;
  Timestamp when;
  std::string service;  // "kms"
  std::string region;
  bool operator==(const AccessKeyUse&) const = default;
};

}  // namespace kagimori
