"""What the caller of one account learns of another account's keys and aliases: nothing. A refusal reads the same whether
what it names is there or not. And how two accounts share a key on purpose."""

import json
import uuid

import pytest
from botocore.exceptions import ClientError
from harness import User
from kms_case import Case, advance, new_alias, new_key, refused


@pytest.fixture(scope="module")
def case(kms):
    return Case(kms)


@pytest.fixture(scope="module")
def stranger(server):
    """The root user of another account."""
    made = server.admin.call("Kagimori.CreateAccount", Name="Stranger")["AccessKey"]
    return User(server, made["AccessKeyId"], made["SecretAccessKey"])


def refusal(call, **members):
    with pytest.raises(ClientError) as caught:
        call(**members)
    error = caught.value.response["Error"]
    return error["Code"], error.get("Message", "")


OPERATIONS = (
    "encrypt", "generate_data_key", "generate_data_key_without_plaintext", "describe_key", "enable_key", "disable_key",
    "schedule_key_deletion", "cancel_key_deletion", "update_key_description", "enable_key_rotation",
    "disable_key_rotation", "get_key_rotation_status", "rotate_key_on_demand", "list_key_rotations", "get_key_policy",
    "put_key_policy", "list_key_policies", "tag_resource", "untag_resource", "list_resource_tags", "list_aliases",
)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_key_that_is_there_and_one_that_is_not_look_the_same(case, stranger, operation):
    nowhere = case.arn.replace(case.key_id, str(uuid.uuid4()))
    call = getattr(stranger.client(), operation)
    there = refusal(call, **{**case.members(operation), "KeyId": case.arn})
    not_there = refusal(call, **{**case.members(operation), "KeyId": nowhere})
    assert there[0] == not_there[0] == "AccessDeniedException"
    assert there[1].replace(case.arn, "ARN") == not_there[1].replace(nowhere, "ARN")


@pytest.mark.parametrize("operation", ("encrypt", "generate_data_key", "describe_key"))
def test_an_alias_that_is_there_and_one_that_is_not_look_the_same(case, stranger, operation):
    prefix = case.arn.split("key/")[0]
    nowhere = prefix + new_alias()
    call = getattr(stranger.client(), operation)
    there = refusal(call, **{**case.members(operation), "KeyId": prefix + case.alias})
    not_there = refusal(call, **{**case.members(operation), "KeyId": nowhere})
    assert there[1].replace(prefix + case.alias, "ALIAS") == not_there[1].replace(nowhere, "ALIAS")
    assert case.key_id not in there[1]


def test_a_ciphertext_does_not_say_whether_its_key_is_still_there(server, kms, stranger):
    living, dead = new_key(kms), new_key(kms)
    blobs = [kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"] for key in (living, dead)]
    kms.schedule_key_deletion(KeyId=dead, PendingWindowInDays=7)
    advance(server, days=8)
    refused("NotFoundException", kms.describe_key, KeyId=dead)
    first, second = (refusal(stranger.client().decrypt, CiphertextBlob=blob) for blob in blobs)
    assert first == second and first[0] == "AccessDeniedException"
    assert "on the resource associated with this ciphertext" in first[1]


def test_a_shared_key_opens_its_ciphertexts_by_its_bare_id(kms, case, stranger):
    """AWS: the ciphertext names the key, so Decrypt and ReEncrypt find it in its own account."""
    other_root = f"arn:aws:iam::{stranger.client('sts').get_caller_identity()['Account']}:root"
    roots = [f"arn:aws:iam::{case.account}:root", other_root]
    text = {"Effect": "Allow", "Principal": {"AWS": roots}, "Action": "kms:*", "Resource": "*"}
    kms.put_key_policy(KeyId=case.key_id, Policy=json.dumps({"Version": "2012-10-17", "Statement": [text]}))
    theirs = stranger.client()
    assert theirs.decrypt(CiphertextBlob=case.blob, KeyId=case.key_id)["Plaintext"] == b"case"
    mine = new_key(theirs)
    moved = theirs.re_encrypt(CiphertextBlob=case.blob, SourceKeyId=case.key_id, DestinationKeyId=mine)
    assert theirs.decrypt(CiphertextBlob=moved["CiphertextBlob"])["Plaintext"] == b"case"
    refused("NotFoundException", theirs.encrypt, KeyId=case.key_id, Plaintext=b"x")
