#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace kagimori {

// The 56 operations of AWS KMS (API reference), in alphabetical order.
enum class KmsOperation : std::uint8_t {
  kCancelKeyDeletion,
  kConnectCustomKeyStore,
  kCreateAlias,
  kCreateCustomKeyStore,
  kCreateGrant,
  kCreateKey,
  kDecapsulate,
  kDecrypt,
  kDeleteAlias,
  kDeleteCustomKeyStore,
  kDeleteImportedKeyMaterial,
  kDeriveSharedSecret,
  kDescribeCustomKeyStores,
  kDescribeKey,
  kDisableKey,
  kDisableKeyRotation,
  kDisconnectCustomKeyStore,
  kEnableKey,
  kEnableKeyRotation,
  kEncapsulate,
  kEncrypt,
  kGenerateDataKey,
  kGenerateDataKeyPair,
  kGenerateDataKeyPairWithoutPlaintext,
  kGenerateDataKeyWithoutPlaintext,
  kGenerateMac,
  kGenerateRandom,
  kGetKeyLastUsage,
  kGetKeyPolicy,
  kGetKeyRotationStatus,
  kGetParametersForImport,
  kGetPublicKey,
  kImportKeyMaterial,
  kListAliases,
  kListGrants,
  kListKeyPolicies,
  kListKeyRotations,
  kListKeys,
  kListResourceTags,
  kListRetirableGrants,
  kPutKeyPolicy,
  kReEncrypt,
  kReplicateKey,
  kRetireGrant,
  kRevokeGrant,
  kRotateKeyOnDemand,
  kScheduleKeyDeletion,
  kSign,
  kTagResource,
  kUntagResource,
  kUpdateAlias,
  kUpdateCustomKeyStore,
  kUpdateKeyDescription,
  kUpdatePrimaryRegion,
  kVerify,
  kVerifyMac,
};
inline constexpr std::size_t kKmsOperationCount = 56;

// Which listeners an operation may come through (design.md, section 8).
enum class Plane : std::uint8_t { kData, kManagement };

// How the member that names a key (KeyId, TargetKeyId) may do it.
enum class KeyIdentifier : std::uint8_t {
  kNone,        // there is no such member
  kKey,         // key id or key ARN
  kKeyOrAlias,  // also alias name or alias ARN
};

// What is fixed about an operation.
struct KmsOperationInfo {
  KmsOperation operation;
  std::string_view name;  // as in X-Amz-Target after "TrentService."
  Plane plane;
  KeyIdentifier identifier;
  bool cross_account;                           // may name a key of another account
  bool read_only;                               // as CloudTrail says it: cryptographic operations are, too
  bool invalid_arn;                             // has InvalidArnException; others say NotFoundException instead
  std::array<std::string_view, 2> iam_actions;  // ReEncrypt has two: of the source key, of the destination key
};

const KmsOperationInfo& kms_operation_info(KmsOperation operation);
std::span<const KmsOperationInfo> kms_operations();  // in the order of the enumeration
std::string_view kms_operation_name(KmsOperation operation);
// Case-sensitive; nullopt for a name that is none.
std::optional<KmsOperation> kms_operation_by_name(std::string_view name);

}  // namespace kagimori
