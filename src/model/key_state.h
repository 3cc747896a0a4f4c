#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "model/key.h"
#include "model/kms_operation.h"

namespace kagimori {

// AWS's view of a key: computed by precedence, never stored.
enum class AwsKeyState : std::uint8_t {
  kCreating,
  kEnabled,
  kDisabled,
  kPendingDeletion,
  kPendingImport,
  kPendingReplicaDeletion,
  kUnavailable,
  kUpdating,
};
inline constexpr int kAwsKeyStateCount = 8;
std::string_view aws_key_state_name(AwsKeyState state);  // "PendingDeletion", ...

// `state` and `presence` are of the primary version's object (the secret or private one). The first that holds:
//   a deletion date                                     PendingDeletion
//   a multi-Region primary with a deletion window only  PendingReplicaDeletion (its date comes with the last replica)
//   destroyed                                           Unavailable
//   awaiting activation                                 Creating
//   awaiting import, or imported material of any
//   version in use is absent or has expired             PendingImport
//   absent or archived                                  Unavailable
//   the key is switched off, suspended or deactivated   Disabled
//   it changes roles with another multi-Region key      Updating
//   otherwise                                           Enabled
// `expired`: has_expired_material() of the key.
AwsKeyState aws_key_state(const Key& key, const ObjectState& state, Presence presence, bool expired = false);

// Whether AWS lets the operation happen in that state (developer guide, "Key states of AWS KMS keys"): kDisabled,
// kInvalidState or kUnsupportedOperation with AWS's text otherwise. Says nothing about origin and type of the key: see
// check_rotation_support. Of UpdateAlias only the new target's state counts.
Status check_key_state(KmsOperation operation, AwsKeyState state, std::string_view key_arn);

// Whether the type, origin and replication role of the key allow a rotation operation (EnableKeyRotation,
// DisableKeyRotation, GetKeyRotationStatus, ListKeyRotations, RotateKeyOnDemand); any other operation passes.
// kUnsupportedOperation with AWS's text, which is empty for keys that are not symmetric. AWS checks the state first.
Status check_rotation_support(KmsOperation operation, const Key& key, std::string_view key_arn);

}  // namespace kagimori
