#include "model/key_state.h"

#include <fmt/format.h>

#include <array>

namespace kagimori {
namespace {

// The answers of the developer guide's table, named by its footnotes. Where it says "2 or 3" or "8 or 9" stands 3, for
// a state that can't occur with the operation's keys stands 11; 7 and 9 are about type and origin and no matter of
// state.
enum class Answer : std::uint8_t {
  kOk,
  k1,   // is disabled
  k3,   // is pending deletion
  k4,   // is not pending deletion
  k5,   // is pending import
  k6,   // origin is EXTERNAL: no other key is ever pending import
  k11,  // is unavailable
  k14,  // is creating
  k15,  // is updating
};
struct Refusal {
  ErrorCode code;
  std::string_view text;  // follows the key's ARN
};
constexpr std::array<Refusal, 9> kRefusals = {{
    {ErrorCode::kInternal, ""},  // kOk refuses nothing
    {ErrorCode::kDisabled, "is disabled."},
    {ErrorCode::kInvalidState, "is pending deletion."},
    {ErrorCode::kInvalidState, "is not pending deletion."},
    {ErrorCode::kInvalidState, "is pending import."},
    {ErrorCode::kUnsupportedOperation, "origin is EXTERNAL which is not valid for this operation."},
    {ErrorCode::kInvalidState, "is unavailable."},
    {ErrorCode::kInvalidState, "is creating."},
    {ErrorCode::kInvalidState, "is updating."},
}};

struct StateInfo {
  std::string_view name;
  std::size_t column;  // of the table below
};
constexpr std::array<StateInfo, kAwsKeyStateCount> kStates = {{
    {"Creating", 5},
    {"Enabled", 0},
    {"Disabled", 1},
    {"PendingDeletion", 2},
    {"PendingImport", 3},
    {"PendingReplicaDeletion", 2},
    {"Unavailable", 4},
    {"Updating", 6},
}};
const StateInfo& info_of(AwsKeyState state) { return kStates[static_cast<std::size_t>(state)]; }

using enum Answer;
// clang-format off
constexpr std::array<std::array<Answer, 7>, kKmsOperationCount> kAnswers = {{
    // Enabled, Disabled, PendingDeletion (also of replicas), PendingImport, Unavailable, Creating, Updating
    {k4 , k4 , kOk, k4 , k4 , k4 , k4 },  // CancelKeyDeletion
    {kOk, kOk, kOk, kOk, kOk, kOk, kOk},  // ConnectCustomKeyStore
    {kOk, kOk, k3 , kOk, kOk, kOk, kOk},  // CreateAlias
    {kOk, kOk, kOk, kOk, kOk, kOk, kOk},  // CreateCustomKeyStore
    {kOk, k1 , k3 , k5 , kOk, k14, kOk},  // CreateGrant
    {kOk, kOk, kOk, kOk, kOk, kOk, kOk},  // CreateKey
    {kOk, k1 , k3 , k5 , k11, k14, kOk},  // Decapsulate
    {kOk, k1 , k3 , k5 , k11, k14, kOk},  // Decrypt
    {kOk, kOk, kOk, kOk, kOk, kOk, kOk},  // DeleteAlias
    {kOk, kOk, kOk, kOk, kOk, kOk, kOk},  // DeleteCustomKeyStore
    {kOk, kOk, kOk, kOk, k11, k14, k15},  // DeleteImportedKeyMaterial
    {kOk, k1 , k3 , k5 , k11, k14, kOk},  // DeriveSharedSecret
    {kOk, kOk, kOk, kOk, kOk, kOk, kOk},  // DescribeCustomKeyStores
    {kOk, kOk, kOk, kOk, kOk, kOk, kOk},  // DescribeKey
    {kOk, kOk, k3 , k5 , kOk, k14, k15},  // DisableKey
    {kOk, k1 , k3 , k6 , kOk, k14, kOk},  // DisableKeyRotation
    {kOk, kOk, kOk, kOk, kOk, kOk, kOk},  // DisconnectCustomKeyStore
    {kOk, kOk, k3 , k5 , kOk, k14, k15},  // EnableKey
    {kOk, k1 , k3 , k6 , kOk, k14, kOk},  // EnableKeyRotation
    {kOk, k1 , k3 , k5 , k11, k14, kOk},  // Encapsulate
    {kOk, k1 , k3 , k5 , k11, k14, kOk},  // Encrypt
    {kOk, k1 , k3 , k5 , k11, k14, kOk},  // GenerateDataKey
    {kOk, k1 , k3 , k5 , k11, k14, kOk},  // GenerateDataKeyPair
    {kOk, k1 , k3 , k5 , k11, k14, kOk},  // GenerateDataKeyPairWithoutPlaintext
    {kOk, k1 , k3 , k5 , k11, k14, kOk},  // GenerateDataKeyWithoutPlaintext
    {kOk, k1 , k3 , k5 , k11, k14, kOk},  // GenerateMac
    {kOk, kOk, kOk, kOk, kOk, kOk, kOk},  // GenerateRandom
    {kOk, kOk, kOk, kOk, kOk, kOk, kOk},  // GetKeyLastUsage
    {kOk, kOk, kOk, kOk, kOk, kOk, kOk},  // GetKeyPolicy
    {kOk, kOk, kOk, k6 , kOk, kOk, kOk},  // GetKeyRotationStatus
    {kOk, kOk, k3 , kOk, kOk, k14, k15},  // GetParametersForImport
    {kOk, kOk, k3 , kOk, k11, k14, kOk},  // GetPublicKey
    {kOk, kOk, kOk, kOk, kOk, k14, kOk},  // ImportKeyMaterial
    {kOk, kOk, kOk, kOk, kOk, kOk, kOk},  // ListAliases
    {kOk, kOk, kOk, kOk, kOk, kOk, kOk},  // ListGrants
    {kOk, kOk, kOk, kOk, kOk, kOk, kOk},  // ListKeyPolicies
    {kOk, kOk, kOk, kOk, kOk, kOk, kOk},  // ListKeyRotations
    {kOk, kOk, kOk, kOk, kOk, kOk, kOk},  // ListKeys
    {kOk, kOk, kOk, kOk, kOk, kOk, kOk},  // ListResourceTags
    {kOk, kOk, kOk, kOk, kOk, kOk, kOk},  // ListRetirableGrants
    {kOk, kOk, kOk, kOk, kOk, kOk, kOk},  // PutKeyPolicy
    {kOk, k1 , k3 , k5 , k11, k14, kOk},  // ReEncrypt
    {kOk, k1 , k3 , k5 , k11, k14, k15},  // ReplicateKey
    {kOk, kOk, kOk, kOk, kOk, kOk, kOk},  // RetireGrant
    {kOk, kOk, kOk, kOk, kOk, kOk, kOk},  // RevokeGrant
    {kOk, k1 , k3 , k5 , k11, k14, kOk},  // RotateKeyOnDemand
    {kOk, kOk, k3 , kOk, kOk, kOk, k15},  // ScheduleKeyDeletion
    {kOk, k1 , k3 , k5 , k11, k14, kOk},  // Sign
    {kOk, kOk, k3 , kOk, kOk, kOk, kOk},  // TagResource
    {kOk, kOk, k3 , kOk, kOk, kOk, kOk},  // UntagResource
    {kOk, kOk, k3 , kOk, kOk, kOk, kOk},  // UpdateAlias
    {kOk, kOk, kOk, kOk, kOk, kOk, kOk},  // UpdateCustomKeyStore
    {kOk, kOk, k3 , kOk, kOk, kOk, kOk},  // UpdateKeyDescription
    {kOk, k1 , k3 , k5 , k11, k14, kOk},  // UpdatePrimaryRegion
    {kOk, k1 , k3 , k5 , k11, k14, kOk},  // Verify
    {kOk, k1 , k3 , k5 , k11, k14, kOk},  // VerifyMac
}};
// clang-format on

bool is_rotation(KmsOperation operation) {
  switch (operation) {
    case KmsOperation::kEnableKeyRotation:
    case KmsOperation::kDisableKeyRotation:
    case KmsOperation::kGetKeyRotationStatus:
    case KmsOperation::kListKeyRotations:
    case KmsOperation::kRotateKeyOnDemand:
      return true;
    default:
      return false;
  }
}
bool sets_automatic_rotation(KmsOperation operation) {
  return operation == KmsOperation::kEnableKeyRotation || operation == KmsOperation::kDisableKeyRotation;
}

}  // namespace

std::string_view aws_key_state_name(AwsKeyState state) { return info_of(state).name; }

AwsKeyState aws_key_state(const Key& key, const ObjectState& state, Presence presence, bool expired) {
  if (key.deletion_date) return AwsKeyState::kPendingDeletion;
  if (key.replication == ReplicationRole::kPrimary && key.pending_window_days > 0) {
    return AwsKeyState::kPendingReplicaDeletion;
  }
  if (state.state == LifecycleState::kDestroyed) return AwsKeyState::kUnavailable;
  if (state.reasons.has(LifecycleReason::kAwaitingActivation)) return AwsKeyState::kCreating;
  const bool missing = presence == Presence::kAbsent || key.absent_versions > 0 || expired;
  if (state.reasons.has(LifecycleReason::kAwaitingImport) || (key.origin == KeyOrigin::kImported && missing)) {
    return AwsKeyState::kPendingImport;
  }
  if (state.state == LifecycleState::kGenerated) return AwsKeyState::kCreating;
  if (presence == Presence::kAbsent || presence == Presence::kArchived) return AwsKeyState::kUnavailable;
  if (!key.enabled || state.state != LifecycleState::kActivated) return AwsKeyState::kDisabled;
  return key.next_primary_region.empty() ? AwsKeyState::kEnabled : AwsKeyState::kUpdating;
}

Status check_key_state(KmsOperation operation, AwsKeyState state, std::string_view key_arn) {
  const Answer answer = kAnswers[static_cast<std::size_t>(operation)][info_of(state).column];
  if (answer == kOk) return {};
  const Refusal& refusal = kRefusals[static_cast<std::size_t>(answer)];
  return fail(refusal.code, fmt::format("{} {}", key_arn, refusal.text));
}

Status check_rotation_support(KmsOperation operation, const Key& key, std::string_view key_arn) {
  if (!is_rotation(operation)) return {};
  if (aws_key_spec(key.type) != "SYMMETRIC_DEFAULT") return fail(ErrorCode::kUnsupportedOperation);
  const bool imported = key.origin == KeyOrigin::kImported;
  if (is_in_key_store(key.origin) || (imported && sets_automatic_rotation(operation))) {
    return fail(ErrorCode::kUnsupportedOperation,
                fmt::format("{} origin is {} which is not valid for this operation.", key_arn, aws_origin(key.origin)));
  }
  const bool changes = sets_automatic_rotation(operation) || operation == KmsOperation::kRotateKeyOnDemand;
  if (changes && key.replication == ReplicationRole::kReplica) {
    return fail(ErrorCode::kUnsupportedOperation, fmt::format("{} is not a multi-region primary key.", key_arn));
  }
  return {};
}

}  // namespace kagimori
