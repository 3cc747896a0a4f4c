#pragma once

#include <optional>
#include <string>
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
  bool operator==(const User&) const = default;
};

// An inline policy of a user. Table kUserPolicies.
struct UserPolicy {
  AccountId account;
  std::string user_id;
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

}  // namespace kagimori
