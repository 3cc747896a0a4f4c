"""Multi-Region keys (AWS KMS developer guide): one primary and its replicas in other Regions of the server share key id and
material, and are keys of their own otherwise."""

import json
import time
import uuid

import pytest
from kms_case import ALLOW_ALL, advance, default_policy, new_alias, new_key, refused
from multi_region_case import (  # noqa: F401  (fixtures among them)
    HOME, REGIONS, SECOND, THIRD, clock_events, describe, held, home, primary, related, replicate, second, server, third,
    wait_for,
)


# --- CreateKey ---


def test_a_primary(home):
    made = home.create_key(MultiRegion=True)["KeyMetadata"]
    assert len(made["KeyId"]) == 36 and made["KeyId"].startswith("mrk-")
    assert int(made["KeyId"][4:], 16) and made["KeyId"] == made["KeyId"].lower()
    assert made["KeyState"] == "Enabled"
    assert made["MultiRegionConfiguration"] == {
        "MultiRegionKeyType": "PRIMARY", "PrimaryKey": {"Arn": made["Arn"], "Region": HOME}, "ReplicaKeys": []}
    assert describe(home, made["KeyId"]) == made


def test_other_keys_are_none(home):
    for members in ({}, {"MultiRegion": False}):
        made = home.create_key(**members)["KeyMetadata"]
        assert made["MultiRegion"] is False and "MultiRegionConfiguration" not in made
        for operation, region in (("replicate_key", "ReplicaRegion"), ("update_primary_region", "PrimaryRegion")):
            refused("UnsupportedOperationException", getattr(home, operation),
                    message=f"{made['Arn']} is not a multi-region primary key.",
                    KeyId=made["KeyId"], **{region: SECOND})


# --- ReplicateKey ---


def test_a_replica_shares_material_and_nothing_else(home, second):
    tags = [{"TagKey": "of", "TagValue": "primary"}]
    key = primary(home, Description="the primary", Tags=tags, Policy=ALLOW_ALL.replace(
        '"Effect"', '"Sid": "P", "Principal": "*", "Effect"'))
    alias = new_alias()
    home.create_alias(AliasName=alias, TargetKeyId=key)
    old = home.encrypt(KeyId=key, Plaintext=b"old")["CiphertextBlob"]
    home.rotate_key_on_demand(KeyId=key)
    before = describe(home, key)
    answer = home.replicate_key(KeyId=key, ReplicaRegion=SECOND)
    made = answer["ReplicaKeyMetadata"]
    assert made["KeyState"] == "Creating" and made["Enabled"] is False and made["Description"] == ""
    assert made["Arn"] == before["Arn"].replace(HOME, SECOND)
    assert json.loads(answer["ReplicaPolicy"]) == default_policy(made["AWSAccountId"])
    assert answer["ReplicaTags"] == []
    shared = ("AWSAccountId", "KeyId", "KeyUsage", "KeySpec", "Origin", "CurrentKeyMaterialId", "EncryptionAlgorithms")
    now = wait_for(second, key)
    assert now["Enabled"] is True
    assert {name: now[name] for name in shared} == {name: before[name] for name in shared}
    assert now["CreationDate"] > before["CreationDate"]
    assert second.list_resource_tags(KeyId=key)["Tags"] == []
    assert second.list_aliases(KeyId=key)["Aliases"] == []
    refused("NotFoundException", second.describe_key, KeyId=alias)
    assert json.loads(second.get_key_policy(KeyId=key)["Policy"]) == default_policy(made["AWSAccountId"])
    assert second.decrypt(CiphertextBlob=old)["Plaintext"] == b"old"
    assert related(home, key) == ("PRIMARY", HOME, [SECOND])
    assert related(second, key) == ("REPLICA", HOME, [SECOND])


def test_what_the_replica_is_given(home, second):
    key = primary(home)
    account = describe(home, key)["AWSAccountId"]
    policy = default_policy(account)
    policy["Id"] = "of-the-replica"
    tags = [{"TagKey": "b", "TagValue": "2"}, {"TagKey": "a", "TagValue": "1"}]
    answer = home.replicate_key(KeyId=describe(home, key)["Arn"], ReplicaRegion=SECOND, Description="a replica",
                                Tags=tags, Policy=json.dumps(policy))
    assert json.loads(answer["ReplicaPolicy"]) == policy
    assert sorted(tag["TagKey"] for tag in answer["ReplicaTags"]) == ["a", "b"]
    assert wait_for(second, key)["Description"] == "a replica"
    assert json.loads(second.get_key_policy(KeyId=key)["Policy"])["Id"] == "of-the-replica"
    assert second.list_resource_tags(KeyId=key)["Tags"] == sorted(tags, key=lambda tag: tag["TagKey"])
    assert home.list_resource_tags(KeyId=key)["Tags"] == []


def test_each_region_once(home, second, third):
    key = primary(home)
    replicate(home, key, third)
    replicate(home, key, second)
    for kms in (home, second, third):
        assert related(kms, key)[1:] == (HOME, [THIRD, SECOND])
    for region in (HOME, SECOND, THIRD):
        refused("AlreadyExistsException", home.replicate_key, KeyId=key, ReplicaRegion=region)
    second.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    refused("AlreadyExistsException", home.replicate_key, KeyId=key, ReplicaRegion=SECOND)
    for kms in (second, third):
        refused("KMSInvalidStateException" if kms is second else "UnsupportedOperationException",
                kms.replicate_key, KeyId=key, ReplicaRegion=HOME)
    refused("UnsupportedOperationException", third.replicate_key, KeyId=key, ReplicaRegion=HOME,
            message=f"{describe(third, key)['Arn']} is not a multi-region primary key.")


def test_requests_that_are_refused(server, home):
    key = primary(home)
    call, good = home.replicate_key, {"KeyId": key, "ReplicaRegion": SECOND}
    many = [{"TagKey": f"k{i}", "TagValue": ""} for i in range(51)]
    rows = [
        ("UnsupportedOperationException", {"ReplicaRegion": "eu-west-1"}),
        ("NotFoundException", {"KeyId": "mrk-" + uuid.uuid4().hex}),
        ("NotFoundException", {"KeyId": describe(home, key)["Arn"].replace(HOME, SECOND)}),
        ("InvalidArnException", {"KeyId": "arn:aws:kms:us-east-1:abc:key/x"}),
        ("TagException", {"Tags": many}),
        ("TagException", {"Tags": [{"TagKey": "aws:x", "TagValue": ""}]}),
        ("TagException", {"Tags": [many[0], many[0]]}),
        ("MalformedPolicyDocumentException", {"Policy": "{}"}),
        ("MalformedPolicyDocumentException", {"Policy": json.dumps({"Version": "2012-10-17", "Statement": []})}),
        ("LimitExceededException", {"Policy": json.dumps({**default_policy("1" * 12), "Id": "x" * 40_000})}),
    ]
    for code, members in rows:
        refused(code, call, **{**good, **members})
    nobody = default_policy(describe(home, key)["AWSAccountId"])
    nobody["Statement"][0]["Action"] = "kms:Encrypt"
    refused("MalformedPolicyDocumentException", call, **good, Policy=json.dumps(nobody),
            message="The new key policy will not allow you to update the key policy in the future.")
    for members in ({"KeyId": key}, {"ReplicaRegion": SECOND}, {**good, "ReplicaRegion": "EU"},
                    {**good, "ReplicaRegion": ""}):
        answer = server.admin.post("TrentService.ReplicateKey", members)
        assert (answer.status_code, answer.json()["__type"]) == (400, "ValidationException")
    assert related(home, key) == ("PRIMARY", HOME, [])
    home.replicate_key(**good, Policy=json.dumps(nobody), BypassPolicyLockoutSafetyCheck=True)


def test_the_quota_of_the_replicas_region(fresh_server):
    server = fresh_server(settings={**REGIONS, "quotas.keys_per_account": 1})
    home, second = server.admin.client(region=HOME), server.admin.client(region=SECOND)
    key = primary(home)
    occupant = new_key(second)
    refused("LimitExceededException", home.replicate_key, KeyId=key, ReplicaRegion=SECOND)
    home.replicate_key(KeyId=key, ReplicaRegion=THIRD)
    second.schedule_key_deletion(KeyId=occupant, PendingWindowInDays=7)
    advance(server, days=8)
    replicate(home, key, second)
    refused("LimitExceededException", second.create_key)


@pytest.mark.parametrize("state", ("Disabled", "PendingDeletion", "PendingReplicaDeletion"))
def test_a_primary_that_can_not_be_replicated(home, second, third, state):
    key = primary(home)
    if state == "PendingReplicaDeletion":
        replicate(home, key, third)
    if state == "Disabled":
        home.disable_key(KeyId=key)
    else:
        home.schedule_key_deletion(KeyId=key)
    arn = describe(home, key)["Arn"]
    assert describe(home, key)["KeyState"] == state
    code, text = (("DisabledException", "is disabled.") if state == "Disabled"
                  else ("KMSInvalidStateException", "is pending deletion."))
    refused(code, home.replicate_key, KeyId=key, ReplicaRegion=SECOND, message=f"{arn} {text}")
    refused(code, home.update_primary_region, KeyId=key, PrimaryRegion=THIRD, message=f"{arn} {text}")


# --- Creating ---


def test_creating(server, home, second, third, held):
    key = primary(home)
    home.replicate_key(KeyId=key, ReplicaRegion=SECOND)
    metadata = describe(second, key)
    assert (metadata["KeyState"], metadata["Enabled"]) == ("Creating", False)
    assert related(second, key) == ("REPLICA", HOME, [SECOND])
    blob = home.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    other = new_key(second)
    calls = {
        "encrypt": {"KeyId": key, "Plaintext": b"x"}, "decrypt": {"CiphertextBlob": blob},
        "re_encrypt": {"CiphertextBlob": blob, "DestinationKeyId": other},
        "generate_data_key": {"KeyId": key, "KeySpec": "AES_256"},
        "generate_data_key_without_plaintext": {"KeyId": key, "KeySpec": "AES_256"},
        "disable_key": {"KeyId": key}, "enable_key": {"KeyId": key}, "enable_key_rotation": {"KeyId": key},
        "disable_key_rotation": {"KeyId": key}, "rotate_key_on_demand": {"KeyId": key},
        "replicate_key": {"KeyId": key, "ReplicaRegion": THIRD},
        "update_primary_region": {"KeyId": key, "PrimaryRegion": HOME},
    }
    for operation, members in calls.items():
        refused("KMSInvalidStateException", getattr(second, operation), **members,
                message=f"{metadata['Arn']} is creating.")
    refused("KMSInvalidStateException", home.update_primary_region, KeyId=key, PrimaryRegion=SECOND,
            message=f"{metadata['Arn']} is creating.")
    refused("KMSInvalidStateException", second.cancel_key_deletion, KeyId=key)
    alias = new_alias()
    second.create_alias(AliasName=alias, TargetKeyId=key)
    second.tag_resource(KeyId=key, Tags=[{"TagKey": "a", "TagValue": "b"}])
    second.update_key_description(KeyId=key, Description="d")
    second.put_key_policy(KeyId=key, Policy=second.get_key_policy(KeyId=key)["Policy"])
    assert second.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is False
    assert second.list_key_rotations(KeyId=key)["Rotations"] == []
    home.rotate_key_on_demand(KeyId=key)
    home.replicate_key(KeyId=key, ReplicaRegion=THIRD)
    rotated = home.encrypt(KeyId=key, Plaintext=b"y")["CiphertextBlob"]
    held()
    for kms in (second, third):
        assert describe(kms, key)["KeyState"] == "Enabled"
        assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
        assert kms.decrypt(CiphertextBlob=rotated)["Plaintext"] == b"y"
        assert home.decrypt(CiphertextBlob=kms.encrypt(KeyId=key, Plaintext=b"z")["CiphertextBlob"])["Plaintext"] == b"z"
    assert ("SynchronizeMultiRegionKey", SECOND) in clock_events(server, metadata["Arn"])


def test_a_replica_that_is_to_be_deleted_before_it_is_there(server, home, second, held):
    key = primary(home)
    home.replicate_key(KeyId=key, ReplicaRegion=SECOND)
    second.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assert describe(second, key)["KeyState"] == "PendingDeletion"
    held()
    assert describe(second, key)["KeyState"] == "PendingDeletion"
    second.cancel_key_deletion(KeyId=key)
    assert describe(second, key)["KeyState"] == "Disabled"
    second.enable_key(KeyId=key)
    second.encrypt(KeyId=key, Plaintext=b"x")


def test_creating_survives_a_crash(fresh_server):
    server = fresh_server(settings=REGIONS)
    home, second = server.admin.client(region=HOME), server.admin.client(region=SECOND)
    key = primary(home)
    blob = home.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    server.admin.call("Kagimori.HoldSweeper", Held=True)
    home.replicate_key(KeyId=key, ReplicaRegion=SECOND)
    assert describe(second, key)["KeyState"] == "Creating"
    server.crash_and_restart()
    wait_for(second, key)
    assert second.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"


@pytest.mark.parametrize("round_number", range(5))
def test_a_crash_at_any_moment(fresh_server, round_number):
    server = fresh_server(settings=REGIONS)
    home, second, third = (server.admin.client(region=region) for region in (HOME, SECOND, THIRD))
    keys = [primary(home) for _ in range(8)]
    for key in keys:
        home.replicate_key(KeyId=key, ReplicaRegion=SECOND)
    for key in keys[:4]:
        wait_for(second, key)
        home.update_primary_region(KeyId=key, PrimaryRegion=SECOND)
    time.sleep(0.002 * round_number)
    server.crash_and_restart()
    for number, key in enumerate(keys):
        for kms in (home, second):
            wait_for(kms, key)
        assert related(home, key)[1:] == related(second, key)[1:] == (
            (SECOND, [HOME]) if number < 4 else (HOME, [SECOND]))
        blob = home.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
        assert second.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    assert third.list_keys()["Keys"] == []
    server.stop()
    assert server.command("store", "check", "--config", server.config).returncode == 0


# --- What each key has for itself ---


def test_states_policies_tags_aliases_and_descriptions_are_apart(home, second):
    key = primary(home)
    replicate(home, key, second)
    home.disable_key(KeyId=key)
    assert describe(second, key)["KeyState"] == "Enabled"
    second.encrypt(KeyId=key, Plaintext=b"x")
    second.disable_key(KeyId=key)
    home.enable_key(KeyId=key)
    refused("DisabledException", second.encrypt, KeyId=key, Plaintext=b"x")
    home.encrypt(KeyId=key, Plaintext=b"x")
    second.enable_key(KeyId=key)
    second.update_key_description(KeyId=key, Description="second")
    second.tag_resource(KeyId=key, Tags=[{"TagKey": "a", "TagValue": "b"}])
    alias = new_alias()
    second.create_alias(AliasName=alias, TargetKeyId=key)
    policy = default_policy(describe(home, key)["AWSAccountId"])
    policy["Id"] = "second"
    second.put_key_policy(KeyId=key, Policy=json.dumps(policy))
    assert describe(home, key)["Description"] == ""
    assert home.list_resource_tags(KeyId=key)["Tags"] == [] and home.list_aliases(KeyId=key)["Aliases"] == []
    assert json.loads(home.get_key_policy(KeyId=key)["Policy"])["Id"] == "key-default-1"
    assert second.describe_key(KeyId=alias)["KeyMetadata"]["KeyId"] == key
