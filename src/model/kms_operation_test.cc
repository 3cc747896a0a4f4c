#include "model/kms_operation.h"

#include <set>

namespace kagimori {
namespace {

// aws-kms.md 1.1: the families.
const std::set<std::string_view> kCryptographic = {"Encrypt",
                                                   "Decrypt",
                                                   "ReEncrypt",
                                                   "GenerateDataKey",
                                                   "GenerateDataKeyWithoutPlaintext",
                                                   "GenerateDataKeyPair",
                                                   "GenerateMac",
                                                   "VerifyMac",
                                                   "Sign",
                                                   "Verify",
                                                   "GenerateDataKeyPairWithoutPlaintext",
                                                   "GenerateRandom",
                                                   "Encapsulate",
                                                   "Decapsulate",
                                                   "DeriveSharedSecret"};

TEST(KmsOperation, NamesLeadBothWays) {
  EXPECT_EQ(kms_operations().size(), kKmsOperationCount);
  for (const KmsOperationInfo& info : kms_operations()) {
    EXPECT_EQ(kms_operation_name(info.operation), info.name);
    EXPECT_EQ(kms_operation_by_name(info.name), info.operation);
    EXPECT_EQ(&kms_operation_info(info.operation), &info);
  }
  EXPECT_EQ(kms_operation_by_name("Encrypt"), KmsOperation::kEncrypt);
  EXPECT_EQ(kms_operation_by_name("CancelKeyDeletion"), KmsOperation::kCancelKeyDeletion);
  EXPECT_EQ(kms_operation_by_name("VerifyMac"), KmsOperation::kVerifyMac);
}

TEST(KmsOperation, OtherNamesLeadNowhere) {
  for (const std::string_view name :
       {"", "encrypt", "Encryp", "Encrypts", " Encrypt", "A", "Zzz", "TrentService.Encrypt"}) {
    EXPECT_EQ(kms_operation_by_name(name), std::nullopt) << name;
  }
}

TEST(KmsOperation, PlanesFollowTheDesign) {
  for (const KmsOperationInfo& info : kms_operations()) {
    const bool data = kCryptographic.contains(info.name) || info.name == "DescribeKey" || info.name == "GetPublicKey";
    EXPECT_EQ(info.plane == Plane::kData, data) << info.name;
  }
}

TEST(KmsOperation, CloudTrailCallsUseAndLookupReadOnly) {
  for (const KmsOperationInfo& info : kms_operations()) {
    const bool looks =
        info.name.starts_with("Get") || info.name.starts_with("List") || info.name.starts_with("Describe");
    EXPECT_EQ(info.read_only, looks || kCryptographic.contains(info.name)) << info.name;
  }
}

// aws-kms.md 5.1: operations that take all four forms.
TEST(KmsOperation, AliasesNameKeysOfUseOnly) {
  for (const KmsOperationInfo& info : kms_operations()) {
    const bool takes = info.name != "GenerateRandom" && (kCryptographic.contains(info.name) ||
                                                         info.name == "DescribeKey" || info.name == "GetPublicKey");
    EXPECT_EQ(info.identifier == KeyIdentifier::kKeyOrAlias, takes) << info.name;
  }
  for (const std::string_view name :
       {"CreateKey", "ListKeys", "GenerateRandom", "DeleteAlias", "ListRetirableGrants"}) {
    EXPECT_EQ(kms_operation_info(*kms_operation_by_name(name)).identifier, KeyIdentifier::kNone) << name;
  }
  for (const std::string_view name : {"CreateAlias", "UpdateAlias", "ListAliases", "EnableKey", "CreateGrant"}) {
    EXPECT_EQ(kms_operation_info(*kms_operation_by_name(name)).identifier, KeyIdentifier::kKey) << name;
  }
}

TEST(KmsOperation, CrossAccountIsUseGrantsAndRotationStatus) {
  const std::set<std::string_view> others = {"DescribeKey", "GetPublicKey", "GetKeyRotationStatus", "CreateGrant",
                                             "ListGrants",  "RetireGrant",  "RevokeGrant"};
  for (const KmsOperationInfo& info : kms_operations()) {
    const bool use = kCryptographic.contains(info.name) && info.name != "GenerateRandom";
    EXPECT_EQ(info.cross_account, use || others.contains(info.name)) << info.name;
  }
}

TEST(KmsOperation, ActionsAreNamedAsTheOperationExceptReEncrypt) {
  for (const KmsOperationInfo& info : kms_operations()) {
    if (info.operation == KmsOperation::kReEncrypt) {
      EXPECT_EQ(info.iam_actions[0], "kms:ReEncryptFrom");
      EXPECT_EQ(info.iam_actions[1], "kms:ReEncryptTo");
    } else {
      EXPECT_EQ(info.iam_actions[0], "kms:" + std::string(info.name));
      EXPECT_EQ(info.iam_actions[1], "");
    }
  }
}

}  // namespace
}  // namespace kagimori
