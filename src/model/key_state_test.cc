#include "model/key_state.h"

#include <fmt/format.h>

#include <set>

#include "model/key_due.h"

namespace kagimori {
namespace {

constexpr std::string_view kArn = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

// aws-kms.md 3.2, row by row as it stands there (2026 edition of the developer guide). Operations that no row names
// take no key or are without state.
constexpr std::string_view kTable = R"(
| CancelKeyDeletion | 4 | 4 | ok | 4 | 4, 13 | 4 | 4 |
| CreateAlias | ok | ok | 3 | ok | ok | ok | ok |
| CreateGrant | ok | 1 | 2 or 3 | 5 | ok | 14 | ok |
| Decrypt, Encrypt, GenerateDataKey, GenerateDataKeyWithoutPlaintext, ReEncrypt | ok | 1 | 2 or 3 | 5 | 11 | 14 | ok |
| GenerateDataKeyPair, GenerateDataKeyPairWithoutPlaintext | ok | 1 | 2 or 3 | 5 | 7 | 14 | ok |
| DeleteAlias | ok | ok | ok | ok | ok | ok | ok |
| DeleteImportedKeyMaterial | ok (9) | ok (9) | ok (9) | ok | N/A | 14 | 15 |
| DeriveSharedSecret, GenerateMac, VerifyMac, Sign, Verify | ok | 1 | 2 or 3 | 5 | N/A | 14 | ok |
| Encapsulate, Decapsulate | ok | 1 | 2 or 3 | 5 | N/A | 14 | ok |
| DescribeKey, GetKeyPolicy, PutKeyPolicy, ListKeyPolicies, ListAliases, ListGrants, ListResourceTags, RetireGrant, RevokeGrant | ok | ok | ok | ok | ok | ok | ok |
| GetKeyLastUsage | ok | ok | ok | ok | ok | ok | ok |
| DisableKey, EnableKey | ok | ok | 3 | 5 | ok (12) | 14 | 15 |
| DisableKeyRotation, EnableKeyRotation | ?7 | 1 or 7 | 3 or 7 | 6 | 7 | 14 | ?7 |
| GetKeyRotationStatus | ?7 | ?7 | ?7 | 6 | 7 | ?7 | ?7 |
| ListKeyRotations | ?7 | ?7 | ?7 | ok | 7 | ?7 | ?7 |
| RotateKeyOnDemand | ?7 | 1 or 7 | 3 or 7 | 5 | 7 | 14 | ?7 |
| GetParametersForImport | ?9 | ?9 | 8 or 9 | ok | 9 | 14 | 15 |
| ImportKeyMaterial | ?9 | ?9 | 9 (2023 edition: 8 or 9) | ok | 9 | 14 | ok |
| GetPublicKey | ok | **ok** (2023: error 1) | 2 or 3 | **ok** | N/A | 14 | ok |
| ReplicateKey | ok | 1 | 2 or 3 | 5 | N/A | 14 | 15 |
| ScheduleKeyDeletion | ok | ok | 3 | ok | ok | ok | 15 |
| TagResource, UntagResource, UpdateKeyDescription | ok | ok | 3 | ok | ok | ok | ok |
| UpdateAlias | ok | ok | ?10 | ok | ok | ok | ok |
| UpdatePrimaryRegion | ok | 1 | 2 or 3 | 5 | N/A | 14 | ok |
)";

struct Expected {
  ErrorCode code;
  std::string text;
};
using Row = std::vector<std::string>;

std::vector<std::string> split(std::string_view text, std::string_view separator) {
  std::vector<std::string> parts;
  while (true) {
    const std::size_t at = text.find(separator);
    parts.emplace_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + separator.size());
  }
}

std::map<std::string, Row> table() {
  std::map<std::string, Row> rows;
  for (const std::string& line : split(kTable, "\n")) {
    if (line.empty()) continue;
    Row cells = split(line.substr(2, line.size() - 4), " | ");
    EXPECT_EQ(cells.size(), 8u) << line;
    for (const std::string& name : split(cells[0], ", ")) rows[name] = Row(cells.begin() + 1, cells.end());
  }
  return rows;
}

// What a cell of the table says. Numbers that are about type and origin (7, 9) pass here; 10 is about the new target.
std::optional<Expected> meaning(std::string cell, std::string_view operation) {
  static const std::map<std::string, Expected> kByNumber = {
      {"1", {ErrorCode::kDisabled, "is disabled."}},
      {"3", {ErrorCode::kInvalidState, "is pending deletion."}},
      {"4", {ErrorCode::kInvalidState, "is not pending deletion."}},
      {"5", {ErrorCode::kInvalidState, "is pending import."}},
      {"6", {ErrorCode::kUnsupportedOperation, "origin is EXTERNAL which is not valid for this operation."}},
      {"11", {ErrorCode::kInvalidState, "is unavailable."}},
      {"14", {ErrorCode::kInvalidState, "is creating."}},
      {"15", {ErrorCode::kInvalidState, "is updating."}},
  };
  // Needs material that is not there, whatever the kind of key.
  static const std::set<std::string_view> kUses = {"GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext",
                                                   "RotateKeyOnDemand"};
  static const std::map<std::string, std::string> kReadings = {
      {"2 or 3", "3"}, {"8 or 9", "3"}, {"1 or 7", "1"}, {"3 or 7", "3"}, {"?10", "3"}, {"N/A", "11"}, {"4, 13", "4"}};
  if (cell == "7" && kUses.contains(operation)) cell = "11";
  if (const auto reading = kReadings.find(cell); reading != kReadings.end()) cell = reading->second;
  if (const auto found = kByNumber.find(cell); found != kByNumber.end()) return found->second;
  const bool passes = cell.find("ok") != std::string::npos || cell.find('7') != std::string::npos ||
                      cell.find('9') != std::string::npos;
  EXPECT_TRUE(passes) << cell;
  return std::nullopt;
}

constexpr struct {
  AwsKeyState state;
  std::size_t column;
} kColumns[] = {{AwsKeyState::kEnabled, 0},         {AwsKeyState::kDisabled, 1},
                {AwsKeyState::kPendingDeletion, 2}, {AwsKeyState::kPendingReplicaDeletion, 2},
                {AwsKeyState::kPendingImport, 3},   {AwsKeyState::kUnavailable, 4},
                {AwsKeyState::kCreating, 5},        {AwsKeyState::kUpdating, 6}};

TEST(CheckKeyState, EveryOperationInEveryState) {
  const auto rows = table();
  std::size_t found = 0;
  for (const KmsOperationInfo& info : kms_operations()) {
    const auto row = rows.find(std::string(info.name));
    if (row != rows.end()) ++found;
    for (const auto& [state, column] : kColumns) {
      const Status status = check_key_state(info.operation, state, kArn);
      const auto expected = row == rows.end() ? std::nullopt : meaning(row->second[column], info.name);
      const std::string what = fmt::format("{} in {}", info.name, aws_key_state_name(state));
      ASSERT_EQ(status.has_value(), !expected) << what;
      if (!expected) continue;
      EXPECT_EQ(status.error().code, expected->code) << what;
      EXPECT_EQ(status.error().message, fmt::format("{} {}", kArn, expected->text)) << what;
    }
  }
  EXPECT_EQ(found, rows.size()) << "a row names an operation that does not exist";
}

TEST(CheckKeyState, WhatTakesNoKeyHasNoRow) {
  const auto rows = table();
  for (const KmsOperationInfo& info : kms_operations()) {
    const bool without = info.identifier == KeyIdentifier::kNone && info.name != "DeleteAlias";
    EXPECT_EQ(rows.contains(std::string(info.name)), !without) << info.name;
  }
}

TEST(AwsKeyStateName, IsAws) {
  EXPECT_EQ(aws_key_state_name(AwsKeyState::kCreating), "Creating");
  EXPECT_EQ(aws_key_state_name(AwsKeyState::kEnabled), "Enabled");
  EXPECT_EQ(aws_key_state_name(AwsKeyState::kDisabled), "Disabled");
  EXPECT_EQ(aws_key_state_name(AwsKeyState::kPendingDeletion), "PendingDeletion");
  EXPECT_EQ(aws_key_state_name(AwsKeyState::kPendingImport), "PendingImport");
  EXPECT_EQ(aws_key_state_name(AwsKeyState::kPendingReplicaDeletion), "PendingReplicaDeletion");
  EXPECT_EQ(aws_key_state_name(AwsKeyState::kUnavailable), "Unavailable");
  EXPECT_EQ(aws_key_state_name(AwsKeyState::kUpdating), "Updating");
}

// --- The view ---

const ObjectState kActive{LifecycleState::kActivated, {}, false};

TEST(AwsKeyState, PlainKeysAreEnabledOrDisabled) {
  Key key;
  EXPECT_EQ(aws_key_state(key, kActive, Presence::kPresent), AwsKeyState::kEnabled);
  EXPECT_EQ(aws_key_state(key, kActive, Presence::kExternal), AwsKeyState::kEnabled);
  key.enabled = false;
  EXPECT_EQ(aws_key_state(key, kActive, Presence::kPresent), AwsKeyState::kDisabled);
}

TEST(AwsKeyState, EveryObjectStateHasAView) {
  const Key key;
  using enum LifecycleState;
  EXPECT_EQ(aws_key_state(key, {kGenerated, {LifecycleReason::kAwaitingActivation}}, Presence::kPresent),
            AwsKeyState::kCreating);
  EXPECT_EQ(aws_key_state(key, {kSuspended, {LifecycleReason::kOnHold}}, Presence::kPresent), AwsKeyState::kDisabled);
  EXPECT_EQ(aws_key_state(key, {kDeactivated, {LifecycleReason::kRevoked}}, Presence::kPresent),
            AwsKeyState::kDisabled);
  EXPECT_EQ(aws_key_state(key, {kDestroyed, {LifecycleReason::kDestroyed}}, Presence::kAbsent),
            AwsKeyState::kUnavailable);
}

TEST(AwsKeyState, MaterialThatIsNotHere) {
  Key key;
  EXPECT_EQ(aws_key_state(key, kActive, Presence::kArchived), AwsKeyState::kUnavailable);
  EXPECT_EQ(aws_key_state(key, kActive, Presence::kAbsent), AwsKeyState::kUnavailable);
  key.origin = KeyOrigin::kImported;
  EXPECT_EQ(aws_key_state(key, kActive, Presence::kAbsent), AwsKeyState::kPendingImport);
  EXPECT_EQ(aws_key_state(key, kActive, Presence::kPresent), AwsKeyState::kEnabled);
  const ObjectState awaiting{LifecycleState::kGenerated, {LifecycleReason::kAwaitingImport}};
  EXPECT_EQ(aws_key_state(key, awaiting, Presence::kAbsent), AwsKeyState::kPendingImport);
  key.enabled = false;
  EXPECT_EQ(aws_key_state(key, kActive, Presence::kAbsent), AwsKeyState::kPendingImport);
  const ObjectState destroyed{LifecycleState::kDestroyed, {LifecycleReason::kDestroyed}};
  EXPECT_EQ(aws_key_state(key, destroyed, Presence::kAbsent), AwsKeyState::kUnavailable);
}

TEST(AwsKeyState, PendingDeletionOutranksAll) {
  Key key;
  key.deletion_date = Timestamp{1};
  key.enabled = false;
  for (int state = 1; state <= 5; ++state) {
    for (int presence = 1; presence <= 4; ++presence) {
      const ObjectState object{static_cast<LifecycleState>(state), ReasonSet(0x1fff)};
      EXPECT_EQ(aws_key_state(key, object, static_cast<Presence>(presence)), AwsKeyState::kPendingDeletion);
    }
  }
}

// A key is of no use while the imported material of any version in use is missing, not of the primary one alone.
TEST(AwsKeyState, EveryImportedMaterialMustBeThere) {
  Key key;
  key.origin = KeyOrigin::kImported;
  key.primary_version = 3;
  EXPECT_EQ(aws_key_state(key, kActive, Presence::kPresent), AwsKeyState::kEnabled);
  EXPECT_EQ(aws_key_state(key, kActive, Presence::kPresent, true), AwsKeyState::kPendingImport);
  key.absent_versions = 1;
  EXPECT_EQ(aws_key_state(key, kActive, Presence::kPresent), AwsKeyState::kPendingImport);
  key.enabled = false;
  EXPECT_EQ(aws_key_state(key, kActive, Presence::kPresent), AwsKeyState::kPendingImport);
  key.deletion_date = Timestamp{5};
  EXPECT_EQ(aws_key_state(key, kActive, Presence::kPresent), AwsKeyState::kPendingDeletion);
}

TEST(KeyDue, DatesOfImportedMaterial) {
  Key key;
  EXPECT_FALSE(has_expired_material(key, Timestamp{5}));
  EXPECT_FALSE(has_pending_material(key, Timestamp{5}));
  key.expiry = Timestamp{5};
  EXPECT_FALSE(has_expired_material(key, Timestamp{4}));
  EXPECT_TRUE(has_expired_material(key, Timestamp{5}));
  key.last_version = 2;
  EXPECT_TRUE(has_pending_material(key, Timestamp{5}));
  key.pending_expiry = Timestamp{6};
  EXPECT_TRUE(has_pending_material(key, Timestamp{5}));
  EXPECT_FALSE(has_pending_material(key, Timestamp{6}));
}

TEST(AwsKeyState, AReplicaIsCreatedBeforeItAwaitsItsMaterial) {
  Key key;
  key.origin = KeyOrigin::kImported;
  const ReasonSet both{LifecycleReason::kAwaitingActivation, LifecycleReason::kAwaitingImport};
  EXPECT_EQ(aws_key_state(key, {LifecycleState::kGenerated, both}, Presence::kAbsent), AwsKeyState::kCreating);
}

TEST(AwsKeyState, UpdatingIsOfEnabledKeysOnly) {
  Key key;
  key.next_primary_region = "eu-central-1";
  EXPECT_EQ(aws_key_state(key, kActive, Presence::kPresent), AwsKeyState::kUpdating);
  key.origin = KeyOrigin::kImported;
  EXPECT_EQ(aws_key_state(key, kActive, Presence::kAbsent), AwsKeyState::kPendingImport);
  key.enabled = false;
  EXPECT_EQ(aws_key_state(key, kActive, Presence::kPresent), AwsKeyState::kDisabled);
}

TEST(AwsKeyState, APrimaryWaitsForItsReplicas) {
  Key key;
  key.pending_window_days = 7;
  EXPECT_EQ(aws_key_state(key, kActive, Presence::kPresent), AwsKeyState::kEnabled);
  key.replication = ReplicationRole::kReplica;
  EXPECT_EQ(aws_key_state(key, kActive, Presence::kPresent), AwsKeyState::kEnabled);
  key.replication = ReplicationRole::kPrimary;
  EXPECT_EQ(aws_key_state(key, kActive, Presence::kPresent), AwsKeyState::kPendingReplicaDeletion);
  key.deletion_date = Timestamp{1};
  EXPECT_EQ(aws_key_state(key, kActive, Presence::kPresent), AwsKeyState::kPendingDeletion);
}

// --- Rotation ---

constexpr KmsOperation kRotations[] = {KmsOperation::kEnableKeyRotation, KmsOperation::kDisableKeyRotation,
                                       KmsOperation::kGetKeyRotationStatus, KmsOperation::kListKeyRotations,
                                       KmsOperation::kRotateKeyOnDemand};

TEST(CheckRotationSupport, GeneratedSymmetricKeysRotate) {
  for (const KmsOperation operation : kRotations) EXPECT_TRUE(check_rotation_support(operation, Key{}, kArn));
}

TEST(CheckRotationSupport, OtherTypesGetNoText) {
  Key key;
  key.type = aws_key_type("RSA_2048", "SIGN_VERIFY").value();
  for (const KmsOperation operation : kRotations) {
    const Status status = check_rotation_support(operation, key, kArn);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, ErrorCode::kUnsupportedOperation);
    EXPECT_EQ(status.error().message, "");
  }
}

TEST(CheckRotationSupport, ImportedKeysRotateOnDemandOnly) {
  Key key;
  key.origin = KeyOrigin::kImported;
  for (const KmsOperation operation : kRotations) {
    const Status status = check_rotation_support(operation, key, kArn);
    const bool automatic =
        operation == KmsOperation::kEnableKeyRotation || operation == KmsOperation::kDisableKeyRotation;
    ASSERT_EQ(status.has_value(), !automatic) << kms_operation_name(operation);
    if (!automatic) continue;
    EXPECT_EQ(status.error().code, ErrorCode::kUnsupportedOperation);
    EXPECT_EQ(status.error().message,
              fmt::format("{} origin is EXTERNAL which is not valid for this operation.", kArn));
  }
}

TEST(CheckRotationSupport, KeysOfCustomStoresDoNotRotate) {
  for (const KeyOrigin origin : {KeyOrigin::kHsm, KeyOrigin::kExternalKeyStore}) {
    Key key;
    key.origin = origin;
    for (const KmsOperation operation : kRotations) {
      const Status status = check_rotation_support(operation, key, kArn);
      ASSERT_FALSE(status);
      EXPECT_EQ(status.error().message,
                fmt::format("{} origin is {} which is not valid for this operation.", kArn, aws_origin(origin)));
    }
  }
}

TEST(CheckRotationSupport, ReplicasFollowTheirPrimary) {
  Key key;
  key.replication = ReplicationRole::kReplica;
  for (const KmsOperation operation : kRotations) {
    const bool looks = kms_operation_info(operation).read_only;
    const Status status = check_rotation_support(operation, key, kArn);
    ASSERT_EQ(status.has_value(), looks) << kms_operation_name(operation);
    if (!looks) {
      EXPECT_EQ(status.error().message, fmt::format("{} is not a multi-region primary key.", kArn));
    }
  }
}

TEST(CheckRotationSupport, OtherOperationsPass) {
  Key key;
  key.origin = KeyOrigin::kExternalKeyStore;
  for (const KmsOperationInfo& info : kms_operations()) {
    if (std::find(std::begin(kRotations), std::end(kRotations), info.operation) != std::end(kRotations)) continue;
    EXPECT_TRUE(check_rotation_support(info.operation, key, kArn)) << info.name;
  }
}

}  // namespace
}  // namespace kagimori
