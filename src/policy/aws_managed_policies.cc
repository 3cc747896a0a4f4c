#include "policy/aws_managed_policies.h"

namespace kagimori {
namespace {

// By name.
constexpr AwsManagedPolicy kPolicies[] = {
    {"ANPAJNPP7PPPPMJRV2SA4", "AWSKeyManagementServicePowerUser", "/",
     "Provides access to AWS Key Management Service (KMS).",
     R"({
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": [
                "kms:CreateAlias",
                "kms:CreateKey",
                "kms:DeleteAlias",
                "kms:Describe*",
                "kms:GenerateRandom",
                "kms:Get*",
                "kms:List*",
                "kms:TagResource",
                "kms:UntagResource",
                "iam:ListGroups",
                "iam:ListRoles",
                "iam:ListUsers"
            ],
            "Resource": "*"
        }
    ]
})",
     2},
    {"ANPAIWMBCKSKIEE64ZLYK", "AdministratorAccess", "/", "Provides full access to AWS services and resources.",
     R"({
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": "*",
            "Resource": "*"
        }
    ]
})",
     1},
    {"ANPAI7XKCFMBPM3QQRRVQ", "IAMFullAccess", "/", "Provides full access to IAM via the AWS Management Console.",
     R"({
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": [
                "iam:*",
                "organizations:DescribeAccount",
                "organizations:DescribeOrganization",
                "organizations:DescribeOrganizationalUnit",
                "organizations:DescribePolicy",
                "organizations:ListChildren",
                "organizations:ListParents",
                "organizations:ListPoliciesForTarget",
                "organizations:ListRoots",
                "organizations:ListPolicies",
                "organizations:ListTargetsForPolicy"
            ],
            "Resource": "*"
        }
    ]
})",
     2},
    {"ANPAJKSO7NDY4T57MWDSQ", "IAMReadOnlyAccess", "/",
     "Provides read only access to IAM via the AWS Management Console.",
     R"({
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": [
                "iam:GenerateCredentialReport",
                "iam:GenerateServiceLastAccessedDetails",
                "iam:Get*",
                "iam:List*",
                "iam:SimulateCustomPolicy",
                "iam:SimulatePrincipalPolicy"
            ],
            "Resource": "*"
        }
    ]
})",
     4},
};

}  // namespace

std::span<const AwsManagedPolicy> aws_managed_policies() { return kPolicies; }

}  // namespace kagimori
