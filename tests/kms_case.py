"""What the tests of the KMS operations share: how a refusal is asserted, and a good case of each operation."""

import json
import time
import uuid

import pytest
from botocore.exceptions import ClientError
from harness import SECOND_REGION
from importing import Importer

DAY = 86_400
IMPORTS = ("get_parameters_for_import", "import_key_material", "delete_imported_key_material")
IMPORTED = bytes(range(32))  # the material of their keys
ACCOUNT_ROOT = "arn:aws:iam::{account}:root"
CRYPTOGRAPHIC = ("encrypt", "decrypt", "re_encrypt", "generate_data_key", "generate_data_key_without_plaintext")
ALLOW_ALL = json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "kms:*", "Resource": "*"}})

# The kind of key that an operation needs, where it is not a symmetric encryption key.
KINDS = {
    **dict.fromkeys(("sign", "verify", "get_public_key"), ("ECC_NIST_P256", "SIGN_VERIFY")),
    **dict.fromkeys(("generate_mac", "verify_mac"), ("HMAC_256", "GENERATE_VERIFY_MAC")),
    "derive_shared_secret": ("ECC_NIST_P256", "KEY_AGREEMENT"),
}
DATA_KEY_PAIRS = ("generate_data_key_pair", "generate_data_key_pair_without_plaintext")

# Of the errors that are not the client's fault; all others have 400.
STATUS = {"KMSInternalException": 500, "KeyUnavailableException": 500, "DependencyTimeoutException": 503}


def refused(code, call, *, message=None, contains=None, **members):
    """Calls with `members`, asserts that the answer is the error `code`, and returns its message."""
    with pytest.raises(ClientError) as caught:
        call(**members)
    error = caught.value.response["Error"]
    text = error.get("Message", "")
    assert error["Code"] == code, f"{error['Code']}: {text}"
    status = caught.value.response["ResponseMetadata"]["HTTPStatusCode"]
    assert status == STATUS.get(code, 400)
    if message is not None:
        assert text == message
    if contains is not None:
        assert contains in text
    return text


def raw_kms(user):
    """A boto3 client that sends what it is told, even what its own model forbids."""
    return user.client("kms", parameter_validation=False)


def advance(server, *, days=0, seconds=0):
    """Moves the lifecycle clock and lets all that is due happen before it returns."""
    server.admin.call("Kagimori.AdvanceLifecycleClock", Seconds=days * DAY + seconds)
    server.admin.call("Kagimori.Sweep")


def new_alias():
    return f"alias/test-{uuid.uuid4().hex[:16]}"


def new_key(kms, **members):
    return kms.create_key(**members)["KeyMetadata"]["KeyId"]


def default_policy(account):
    """The text of the policy that a key gets when its maker gives none."""
    return {
        "Version": "2012-10-17",
        "Id": "key-default-1",
        "Statement": [
            {
                "Sid": "Enable IAM User Permissions",
                "Effect": "Allow",
                "Principal": {"AWS": ACCOUNT_ROOT.format(account=account)},
                "Action": "kms:*",
                "Resource": "*",
            }
        ],
    }


class Case:
    """A key with all that the operations need: an alias, a ciphertext, a second key. members(operation) are those of a
    good call; each call of it makes what the operation needs anew (a free alias name, an alias to delete). The key is
    symmetric, or of the kind that `operation` needs; Case(kms, operation) is good for that operation and those that
    work with any key."""

    def __init__(self, kms, operation=None):
        self.kms = kms
        spec, usage = KINDS.get(operation, ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT"))
        origin = "EXTERNAL" if operation in IMPORTS else "AWS_KMS"
        metadata = kms.create_key(KeySpec=spec, KeyUsage=usage, Origin=origin)["KeyMetadata"]
        self.key_id, self.arn, self.account = metadata["KeyId"], metadata["Arn"], metadata["AWSAccountId"]
        self.other = new_key(kms)
        self.alias = new_alias()
        kms.create_alias(AliasName=self.alias, TargetKeyId=self.key_id)
        self.spare = new_alias()
        kms.create_alias(AliasName=self.spare, TargetKeyId=self.other)
        self.root = ACCOUNT_ROOT.format(account=self.account)
        self.blob = self.signature = self.mac = self.public_key = self.grant_id = self.importer = None
        self.prepare(operation)
        self.grant_id = kms.create_grant(**self.members("create_grant"))["GrantId"]

    def prepare(self, operation):
        """What a call needs that the key itself must make while it can."""
        if operation == "verify":
            self.signature = self.kms.sign(**self.members("sign"))["Signature"]
        elif operation == "verify_mac":
            self.mac = self.kms.generate_mac(**self.members("generate_mac"))["Mac"]
        elif operation == "derive_shared_secret":
            self.public_key = self.kms.get_public_key(KeyId=self.key_id)["PublicKey"]
        elif operation in IMPORTS:
            self.importer = Importer(self.kms, self.key_id)
            self.importer(IMPORTED)
        elif operation not in KINDS:
            self.blob = self.kms.encrypt(KeyId=self.key_id, Plaintext=b"case")["CiphertextBlob"]

    def primary(self, *, replicated):
        """The id of a new multi-Region primary, whose replica in the session server's second Region is ready."""
        key = new_key(self.kms, MultiRegion=True)
        if replicated:
            self.kms.replicate_key(KeyId=key, ReplicaRegion=SECOND_REGION)
            replica = self.kms.user.client(region=SECOND_REGION)
            while replica.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Creating":
                time.sleep(0.01)
        return key

    def members(self, operation):
        if operation == "replicate_key":
            return {"KeyId": self.primary(replicated=False), "ReplicaRegion": SECOND_REGION}
        if operation == "update_primary_region":
            return {"KeyId": self.primary(replicated=True), "PrimaryRegion": SECOND_REGION}
        special = {
            "create_alias": {"AliasName": new_alias(), "TargetKeyId": self.key_id},
            "update_alias": {"AliasName": self.spare, "TargetKeyId": self.key_id},
            "delete_alias": {"AliasName": self.alias},
            "decrypt": {"CiphertextBlob": self.blob},
            "re_encrypt": {"CiphertextBlob": self.blob, "DestinationKeyId": self.other},
            "list_retirable_grants": {"RetiringPrincipal": self.root},
        }
        if operation in special:
            return special[operation]
        if operation == "import_key_material":
            return self.importer.members(IMPORTED)
        signing = {"Message": b"x", "SigningAlgorithm": "ECDSA_SHA_256"}
        mac = {"Message": b"x", "MacAlgorithm": "HMAC_SHA_256"}
        more = {
            "sign": signing,
            "verify": {**signing, "Signature": self.signature},
            "generate_mac": mac,
            "verify_mac": {**mac, "Mac": self.mac},
            "derive_shared_secret": {"KeyAgreementAlgorithm": "ECDH", "PublicKey": self.public_key},
            **dict.fromkeys(DATA_KEY_PAIRS, {"KeyPairSpec": "ECC_NIST_P256"}),
            "get_parameters_for_import": {"WrappingAlgorithm": "RSAES_OAEP_SHA_256", "WrappingKeySpec": "RSA_2048"},
            "encrypt": {"Plaintext": b"x"},
            "generate_data_key": {"KeySpec": "AES_256"},
            "generate_data_key_without_plaintext": {"NumberOfBytes": 16},
            "put_key_policy": {"Policy": json.dumps(default_policy(self.account))},
            "tag_resource": {"Tags": [{"TagKey": "a", "TagValue": "b"}]},
            "untag_resource": {"TagKeys": ["a"]},
            "update_key_description": {"Description": "d"},
            "create_grant": {"GranteePrincipal": self.root, "Operations": ["DescribeKey"]},
            "retire_grant": {"GrantId": self.grant_id},
            "revoke_grant": {"GrantId": self.grant_id},
        }
        return {"KeyId": self.key_id, **more.get(operation, {})}

    def call(self, operation, kms=None):
        return getattr(kms or self.kms, operation)(**self.members(operation))

    def into(self, state):
        """Brings the key into AWS's key state."""
        if state == "Disabled":
            self.kms.disable_key(KeyId=self.key_id)
        elif state == "PendingDeletion":
            self.kms.schedule_key_deletion(KeyId=self.key_id, PendingWindowInDays=7)
        assert self.kms.describe_key(KeyId=self.key_id)["KeyMetadata"]["KeyState"] == state
        return self
