#include "model/kms_operation.h"

#include <algorithm>

namespace kagimori {
namespace {

using Op = KmsOperation;
constexpr Plane kData = Plane::kData, kMgmt = Plane::kManagement;
constexpr KeyIdentifier kO = KeyIdentifier::kNone, kK = KeyIdentifier::kKey, kA = KeyIdentifier::kKeyOrAlias;
constexpr bool kCross = true, kOwn = false;
constexpr bool kReads = true, kWrites = false;
constexpr bool kArn = true, kNoArn = false;

// AWS KMS API reference ("Cross-account use", "Required permissions", "Errors" and KeyId of each operation),
// CloudTrail's sample records in the developer guide (readOnly), design.md section 8 (planes).
// clang-format off
constexpr std::array<KmsOperationInfo, kKmsOperationCount> kOperations = {{
    {Op::kCancelKeyDeletion, "CancelKeyDeletion", kMgmt, kK, kOwn, kWrites, kArn, {"kms:CancelKeyDeletion"}},
    {Op::kConnectCustomKeyStore, "ConnectCustomKeyStore", kMgmt, kO, kOwn, kWrites, kNoArn, {"kms:ConnectCustomKeyStore"}},
    {Op::kCreateAlias, "CreateAlias", kMgmt, kK, kOwn, kWrites, kNoArn, {"kms:CreateAlias"}},
    {Op::kCreateCustomKeyStore, "CreateCustomKeyStore", kMgmt, kO, kOwn, kWrites, kNoArn, {"kms:CreateCustomKeyStore"}},
    {Op::kCreateGrant, "CreateGrant", kMgmt, kK, kCross, kWrites, kArn, {"kms:CreateGrant"}},
    {Op::kCreateKey, "CreateKey", kMgmt, kO, kOwn, kWrites, kArn, {"kms:CreateKey"}},
    {Op::kDecapsulate, "Decapsulate", kData, kA, kCross, kReads, kNoArn, {"kms:Decapsulate"}},
    {Op::kDecrypt, "Decrypt", kData, kA, kCross, kReads, kNoArn, {"kms:Decrypt"}},
    {Op::kDeleteAlias, "DeleteAlias", kMgmt, kO, kOwn, kWrites, kNoArn, {"kms:DeleteAlias"}},
    {Op::kDeleteCustomKeyStore, "DeleteCustomKeyStore", kMgmt, kO, kOwn, kWrites, kNoArn, {"kms:DeleteCustomKeyStore"}},
    {Op::kDeleteImportedKeyMaterial, "DeleteImportedKeyMaterial", kMgmt, kK, kOwn, kWrites, kArn, {"kms:DeleteImportedKeyMaterial"}},
    {Op::kDeriveSharedSecret, "DeriveSharedSecret", kData, kA, kCross, kReads, kNoArn, {"kms:DeriveSharedSecret"}},
    {Op::kDescribeCustomKeyStores, "DescribeCustomKeyStores", kMgmt, kO, kOwn, kReads, kNoArn, {"kms:DescribeCustomKeyStores"}},
    {Op::kDescribeKey, "DescribeKey", kData, kA, kCross, kReads, kArn, {"kms:DescribeKey"}},
    {Op::kDisableKey, "DisableKey", kMgmt, kK, kOwn, kWrites, kArn, {"kms:DisableKey"}},
    {Op::kDisableKeyRotation, "DisableKeyRotation", kMgmt, kK, kOwn, kWrites, kArn, {"kms:DisableKeyRotation"}},
    {Op::kDisconnectCustomKeyStore, "DisconnectCustomKeyStore", kMgmt, kO, kOwn, kWrites, kNoArn, {"kms:DisconnectCustomKeyStore"}},
    {Op::kEnableKey, "EnableKey", kMgmt, kK, kOwn, kWrites, kArn, {"kms:EnableKey"}},
    {Op::kEnableKeyRotation, "EnableKeyRotation", kMgmt, kK, kOwn, kWrites, kArn, {"kms:EnableKeyRotation"}},
    {Op::kEncapsulate, "Encapsulate", kData, kA, kCross, kReads, kNoArn, {"kms:Encapsulate"}},
    {Op::kEncrypt, "Encrypt", kData, kA, kCross, kReads, kNoArn, {"kms:Encrypt"}},
    {Op::kGenerateDataKey, "GenerateDataKey", kData, kA, kCross, kReads, kNoArn, {"kms:GenerateDataKey"}},
    {Op::kGenerateDataKeyPair, "GenerateDataKeyPair", kData, kA, kCross, kReads, kNoArn, {"kms:GenerateDataKeyPair"}},
    {Op::kGenerateDataKeyPairWithoutPlaintext, "GenerateDataKeyPairWithoutPlaintext", kData, kA, kCross, kReads, kNoArn, {"kms:GenerateDataKeyPairWithoutPlaintext"}},
    {Op::kGenerateDataKeyWithoutPlaintext, "GenerateDataKeyWithoutPlaintext", kData, kA, kCross, kReads, kNoArn, {"kms:GenerateDataKeyWithoutPlaintext"}},
    {Op::kGenerateMac, "GenerateMac", kData, kA, kCross, kReads, kNoArn, {"kms:GenerateMac"}},
    {Op::kGenerateRandom, "GenerateRandom", kData, kO, kOwn, kReads, kNoArn, {"kms:GenerateRandom"}},
    {Op::kGetKeyLastUsage, "GetKeyLastUsage", kMgmt, kK, kOwn, kReads, kArn, {"kms:GetKeyLastUsage"}},
    {Op::kGetKeyPolicy, "GetKeyPolicy", kMgmt, kK, kOwn, kReads, kArn, {"kms:GetKeyPolicy"}},
    {Op::kGetKeyRotationStatus, "GetKeyRotationStatus", kMgmt, kK, kCross, kReads, kArn, {"kms:GetKeyRotationStatus"}},
    {Op::kGetParametersForImport, "GetParametersForImport", kMgmt, kK, kOwn, kReads, kArn, {"kms:GetParametersForImport"}},
    {Op::kGetPublicKey, "GetPublicKey", kData, kA, kCross, kReads, kArn, {"kms:GetPublicKey"}},
    {Op::kImportKeyMaterial, "ImportKeyMaterial", kMgmt, kK, kOwn, kWrites, kArn, {"kms:ImportKeyMaterial"}},
    {Op::kListAliases, "ListAliases", kMgmt, kK, kOwn, kReads, kArn, {"kms:ListAliases"}},
    {Op::kListGrants, "ListGrants", kMgmt, kK, kCross, kReads, kArn, {"kms:ListGrants"}},
    {Op::kListKeyPolicies, "ListKeyPolicies", kMgmt, kK, kOwn, kReads, kArn, {"kms:ListKeyPolicies"}},
    {Op::kListKeyRotations, "ListKeyRotations", kMgmt, kK, kOwn, kReads, kArn, {"kms:ListKeyRotations"}},
    {Op::kListKeys, "ListKeys", kMgmt, kO, kOwn, kReads, kNoArn, {"kms:ListKeys"}},
    {Op::kListResourceTags, "ListResourceTags", kMgmt, kK, kOwn, kReads, kArn, {"kms:ListResourceTags"}},
    {Op::kListRetirableGrants, "ListRetirableGrants", kMgmt, kO, kOwn, kReads, kArn, {"kms:ListRetirableGrants"}},
    {Op::kPutKeyPolicy, "PutKeyPolicy", kMgmt, kK, kOwn, kWrites, kArn, {"kms:PutKeyPolicy"}},
    {Op::kReEncrypt, "ReEncrypt", kData, kA, kCross, kReads, kNoArn, {"kms:ReEncryptFrom", "kms:ReEncryptTo"}},
    {Op::kReplicateKey, "ReplicateKey", kMgmt, kK, kOwn, kWrites, kArn, {"kms:ReplicateKey"}},
    {Op::kRetireGrant, "RetireGrant", kMgmt, kK, kCross, kWrites, kArn, {"kms:RetireGrant"}},
    {Op::kRevokeGrant, "RevokeGrant", kMgmt, kK, kCross, kWrites, kArn, {"kms:RevokeGrant"}},
    {Op::kRotateKeyOnDemand, "RotateKeyOnDemand", kMgmt, kK, kOwn, kWrites, kArn, {"kms:RotateKeyOnDemand"}},
    {Op::kScheduleKeyDeletion, "ScheduleKeyDeletion", kMgmt, kK, kOwn, kWrites, kArn, {"kms:ScheduleKeyDeletion"}},
    {Op::kSign, "Sign", kData, kA, kCross, kReads, kNoArn, {"kms:Sign"}},
    {Op::kTagResource, "TagResource", kMgmt, kK, kOwn, kWrites, kArn, {"kms:TagResource"}},
    {Op::kUntagResource, "UntagResource", kMgmt, kK, kOwn, kWrites, kArn, {"kms:UntagResource"}},
    {Op::kUpdateAlias, "UpdateAlias", kMgmt, kK, kOwn, kWrites, kNoArn, {"kms:UpdateAlias"}},
    {Op::kUpdateCustomKeyStore, "UpdateCustomKeyStore", kMgmt, kO, kOwn, kWrites, kNoArn, {"kms:UpdateCustomKeyStore"}},
    {Op::kUpdateKeyDescription, "UpdateKeyDescription", kMgmt, kK, kOwn, kWrites, kArn, {"kms:UpdateKeyDescription"}},
    {Op::kUpdatePrimaryRegion, "UpdatePrimaryRegion", kMgmt, kK, kOwn, kWrites, kArn, {"kms:UpdatePrimaryRegion"}},
    {Op::kVerify, "Verify", kData, kA, kCross, kReads, kNoArn, {"kms:Verify"}},
    {Op::kVerifyMac, "VerifyMac", kData, kA, kCross, kReads, kNoArn, {"kms:VerifyMac"}},
}};
// clang-format on

constexpr bool in_order() {
  for (std::size_t i = 0; i < kOperations.size(); ++i) {
    if (kOperations[i].operation != static_cast<Op>(i)) return false;
    if (i > 0 && !(kOperations[i - 1].name < kOperations[i].name)) return false;
  }
  return true;
}
static_assert(in_order(), "the table follows the enumeration, and both are sorted by name");

}  // namespace

const KmsOperationInfo& kms_operation_info(KmsOperation operation) {
  return kOperations[static_cast<std::size_t>(operation)];
}
std::span<const KmsOperationInfo> kms_operations() { return kOperations; }
std::string_view kms_operation_name(KmsOperation operation) { return kms_operation_info(operation).name; }

std::optional<KmsOperation> kms_operation_by_name(std::string_view name) {
  const auto found = std::lower_bound(kOperations.begin(), kOperations.end(), name,
                                      [](const KmsOperationInfo& info, std::string_view n) { return info.name < n; });
  if (found == kOperations.end() || found->name != name) return std::nullopt;
  return found->operation;
}

}  // namespace kagimori
