#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/secret.h"
#include "engine/superseded.h"
#include "model/identity.h"
#include "policy/policy.h"

namespace kagimori {

// Everything that is known of the holder of one access key, as read at one store revision. Immutable and shared.
struct IdentitySnapshot {
  AccessKey access_key;
  SecretBytes secret;  // the secret access key
  bool account_is_operator = false;
  std::string user_name;  // empty for the root user
  std::string arn;
  std::vector<Tag> tags;  // of the user
  std::vector<std::shared_ptr<const CompiledPolicy>> policies;
  std::uint64_t access_key_revision = 0;  // of the records, for expectations
  std::uint64_t user_revision = 0;        // 0 for the root user, who has no user record
  Superseded superseded;                  // as KeySnapshot's

  const std::string& account() const { return access_key.account; }
  const std::string& unique_id() const { return access_key.user_id; }
  bool is_root() const { return access_key.is_root(); }
};

}  // namespace kagimori
