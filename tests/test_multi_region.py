"""Multi-Region keys: one primary and its replicas in other Regions of the server share key id and material, and are keys
of their own otherwise (AWS KMS developer guide, "Multi-Region keys")."""

import itertools
import json
import time
import uuid

import pytest
from harness import Server, free_port
from kms_case import ALLOW_ALL, CRYPTOGRAPHIC, DAY, advance, default_policy, new_alias, new_key, refused
from test_audit import events

HOME, SECOND, THIRD = "us-east-1", "eu-central-1", "ap-southeast-2"
REGIONS = {"account.regions": f"{SECOND},{THIRD}"}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    one = Server(tmp_path_factory.mktemp("multi-region") / "data", free_port(), settings=REGIONS)
    one.init().start()
    yield one
    assert one.stop() == 0, one.log_tail()


@pytest.fixture
def home(server):
    return server.admin.client(region=HOME)


@pytest.fixture
def second(server):
    return server.admin.client(region=SECOND)


@pytest.fixture
def third(server):
    return server.admin.client(region=THIRD)


@pytest.fixture
def held(server):
    """The sweeper does nothing by itself: what is under way stays so until the test lets it go."""
    server.admin.call("Kagimori.HoldSweeper", Held=True)
    yield lambda: server.admin.call("Kagimori.Sweep")
    server.admin.call("Kagimori.HoldSweeper", Held=False)


def primary(kms, **members):
    return new_key(kms, MultiRegion=True, **members)


def describe(kms, key_id):
    return kms.describe_key(KeyId=key_id)["KeyMetadata"]


def wait_for(kms, key_id, state="Enabled"):
    """What began ends by itself."""
    for _ in range(600):
        metadata = describe(kms, key_id)
        if metadata["KeyState"] == state:
            return metadata
        time.sleep(0.05)
    raise AssertionError(f"{metadata['KeyState']} does not end")


def replicate(kms, key_id, to, **members):
    kms.replicate_key(KeyId=key_id, ReplicaRegion=to.meta.region_name, **members)
    wait_for(to, key_id)
    return key_id


def related(kms, key_id):
    """Role, Region of the primary and Regions of the replicas, as the key tells them; the ARNs are those of the Regions."""
    metadata = describe(kms, key_id)
    assert metadata["MultiRegion"] is True
    shown = metadata["MultiRegionConfiguration"]
    for one in (shown["PrimaryKey"], *shown["ReplicaKeys"]):
        assert one["Arn"] == f"arn:aws:kms:{one['Region']}:{metadata['AWSAccountId']}:key/{key_id}"
    return shown["MultiRegionKeyType"], shown["PrimaryKey"]["Region"], [one["Region"] for one in shown["ReplicaKeys"]]


def clock_events(server, arn):
    return [(event["eventName"], event["awsRegion"]) for event in events(server)
            if event["userIdentity"].get("type") == "Service" and arn in json.dumps(event.get("resources"))]


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


# --- Ciphertexts ---


def test_ciphertexts_go_from_region_to_region(home, second, third):
    key = primary(home)
    replicate(home, key, second)
    context = {"a": "b"}
    for one, other in itertools.permutations((home, second)):
        blob = one.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext=context)["CiphertextBlob"]
        answer = other.decrypt(CiphertextBlob=blob, EncryptionContext=context)
        assert answer["Plaintext"] == b"x" and f":{other.meta.region_name}:" in answer["KeyId"]
        assert other.decrypt(CiphertextBlob=blob, EncryptionContext=context, KeyId=key)["Plaintext"] == b"x"
        refused("InvalidCiphertextException", other.decrypt, CiphertextBlob=blob)
        data_key = one.generate_data_key(KeyId=key, KeySpec="AES_256")
        assert other.decrypt(CiphertextBlob=data_key["CiphertextBlob"])["Plaintext"] == data_key["Plaintext"]
        moved = other.re_encrypt(CiphertextBlob=blob, SourceEncryptionContext=context, DestinationKeyId=new_key(other))
        assert other.decrypt(CiphertextBlob=moved["CiphertextBlob"])["Plaintext"] == b"x"
        unknown = refused("AccessDeniedException", third.decrypt, CiphertextBlob=blob, EncryptionContext=context)
        assert "does not exist in this Region" in unknown


# --- Rotation ---


def test_rotation_reaches_every_replica(server, home, second, third):
    key = primary(home)
    for kms in (second, third):
        replicate(home, key, kms)
    home.rotate_key_on_demand(KeyId=key)
    home.enable_key_rotation(KeyId=key, RotationPeriodInDays=90)
    advance(server, days=91)
    home.rotate_key_on_demand(KeyId=key)
    shown = [kms.list_key_rotations(KeyId=key, IncludeKeyMaterial="ALL_KEY_MATERIAL")["Rotations"]
             for kms in (home, second, third)]
    assert [one.get("RotationType") for one in shown[0]] == [None, "ON_DEMAND", "AUTOMATIC", "ON_DEMAND"]
    assert shown[0] == shown[1] == shown[2]
    statuses = [kms.get_key_rotation_status(KeyId=key) for kms in (home, second, third)]
    for status in statuses:
        del status["ResponseMetadata"]
    assert statuses[0]["KeyRotationEnabled"] and statuses[0]["RotationPeriodInDays"] == 90
    assert statuses[0] == statuses[1] == statuses[2]
    assert len({describe(kms, key)["CurrentKeyMaterialId"] for kms in (home, second, third)}) == 1
    blob = home.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    assert second.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    arn = describe(second, key)["Arn"]
    assert clock_events(server, arn).count(("SynchronizeMultiRegionKey", SECOND)) == 4  # made, and rotated three times
    for operation in ("enable_key_rotation", "disable_key_rotation", "rotate_key_on_demand"):
        refused("UnsupportedOperationException", getattr(second, operation), KeyId=key,
                message=f"{arn} is not a multi-region primary key.")
    home.disable_key_rotation(KeyId=key)
    assert second.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is False


def test_a_disabled_replica_gets_the_new_material_too(home, second):
    key = primary(home)
    replicate(home, key, second)
    second.disable_key(KeyId=key)
    home.rotate_key_on_demand(KeyId=key)
    blob = home.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    refused("DisabledException", second.decrypt, CiphertextBlob=blob)
    second.enable_key(KeyId=key)
    assert second.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"


def test_a_primary_that_waits_for_its_replicas_does_not_rotate(server, home, second):
    key = primary(home)
    replicate(home, key, second)
    home.enable_key_rotation(KeyId=key, RotationPeriodInDays=90)
    home.schedule_key_deletion(KeyId=key)
    for kms in (home, second):
        assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is False
    advance(server, days=91)
    assert home.list_key_rotations(KeyId=key)["Rotations"] == []
    home.cancel_key_deletion(KeyId=key)
    home.enable_key(KeyId=key)
    assert len(second.list_key_rotations(KeyId=key)["Rotations"]) == 1


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


# --- Deletion ---


def test_a_replica_dies_alone_and_may_come_back(server, home, second, third):
    key = primary(home)
    for kms in (second, third):
        replicate(home, key, kms)
    blob = second.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    answer = second.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assert answer["KeyState"] == "PendingDeletion" and answer["DeletionDate"]
    assert related(home, key) == ("PRIMARY", HOME, [THIRD, SECOND])
    advance(server, days=8)
    refused("NotFoundException", second.describe_key, KeyId=key)
    for kms in (home, third):
        assert related(kms, key)[1:] == (HOME, [THIRD])
        assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    for _ in range(2):  # its tombstones are in nobody's way
        replicate(home, key, second)
        assert second.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
        assert related(third, key)[1:] == (HOME, [THIRD, SECOND])
        second.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
        advance(server, days=8)
        refused("NotFoundException", second.describe_key, KeyId=key)
    home.rotate_key_on_demand(KeyId=key)
    assert len(third.list_key_rotations(KeyId=key)["Rotations"]) == 1


def test_a_primary_waits_for_its_replicas(server, home, second, third):
    key = primary(home)
    for kms in (second, third):
        replicate(home, key, kms)
    arn = describe(home, key)["Arn"]
    answer = home.schedule_key_deletion(KeyId=key, PendingWindowInDays=9)
    assert answer["KeyState"] == "PendingReplicaDeletion" and "DeletionDate" not in answer
    assert (answer["KeyId"], answer["PendingWindowInDays"]) == (arn, 9)
    metadata = describe(home, key)
    assert metadata["KeyState"] == "PendingReplicaDeletion" and metadata["PendingDeletionWindowInDays"] == 9
    assert metadata["Enabled"] is False and "DeletionDate" not in metadata
    blob = second.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    for operation, members in (("decrypt", {"CiphertextBlob": blob}), ("schedule_key_deletion", {"KeyId": key}),
                               ("enable_key", {"KeyId": key}), ("tag_resource", {"KeyId": key, "Tags": []}),
                               ("replicate_key", {"KeyId": key, "ReplicaRegion": THIRD})):
        refused("KMSInvalidStateException", getattr(home, operation), message=f"{arn} is pending deletion.", **members)
    second.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    advance(server, days=100)
    assert describe(home, key)["KeyState"] == "PendingReplicaDeletion"
    third.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    advance(server, days=8)
    metadata = describe(home, key)
    assert metadata["KeyState"] == "PendingDeletion" and "PendingDeletionWindowInDays" not in metadata
    assert metadata["MultiRegionConfiguration"]["ReplicaKeys"] == []
    advance(server, days=8)
    assert describe(home, key)["KeyState"] == "PendingDeletion"
    advance(server, days=2)
    refused("NotFoundException", home.describe_key, KeyId=key)
    assert clock_events(server, arn)[-1] == ("DeleteKey", HOME)


def test_a_primary_that_waits_may_be_kept(server, home, second):
    key = primary(home)
    replicate(home, key, second)
    home.schedule_key_deletion(KeyId=key)
    assert home.cancel_key_deletion(KeyId=key)["KeyId"] == describe(home, key)["Arn"]
    metadata = describe(home, key)
    assert metadata["KeyState"] == "Disabled" and "PendingDeletionWindowInDays" not in metadata
    second.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    advance(server, days=8)
    assert describe(home, key)["KeyState"] == "Disabled"
    answer = home.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assert answer["KeyState"] == "PendingDeletion" and answer["DeletionDate"]


# --- UpdatePrimaryRegion ---


def test_the_roles_change(server, home, second, third):
    key = primary(home)
    for kms in (second, third):
        replicate(home, key, kms)
    home.enable_key_rotation(KeyId=key, RotationPeriodInDays=90)
    home.rotate_key_on_demand(KeyId=key)
    before = home.get_key_rotation_status(KeyId=key)
    blob = home.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    answer = home.update_primary_region(KeyId=key, PrimaryRegion=SECOND)
    assert set(answer) == {"ResponseMetadata"}
    for kms in (home, second):
        wait_for(kms, key)
    assert related(home, key) == ("REPLICA", SECOND, [THIRD, HOME])
    assert related(second, key) == ("PRIMARY", SECOND, [THIRD, HOME])
    assert related(third, key) == ("REPLICA", SECOND, [THIRD, HOME])
    for kms in (home, second, third):
        status = kms.get_key_rotation_status(KeyId=key)
        assert (status["RotationPeriodInDays"], status["NextRotationDate"]) == (90, before["NextRotationDate"])
        assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    refused("UnsupportedOperationException", home.rotate_key_on_demand, KeyId=key)
    refused("UnsupportedOperationException", home.update_primary_region, KeyId=key, PrimaryRegion=THIRD)
    advance(server, days=91)
    assert len(home.list_key_rotations(KeyId=key)["Rotations"]) == 2
    assert second.schedule_key_deletion(KeyId=key)["KeyState"] == "PendingReplicaDeletion"
    second.cancel_key_deletion(KeyId=key)
    second.enable_key(KeyId=key)
    home.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    advance(server, days=8)
    refused("NotFoundException", home.describe_key, KeyId=key)
    assert related(second, key) == ("PRIMARY", SECOND, [THIRD])
    replicate(second, key, home)
    assert home.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"


def test_updating(server, home, second, third, held):
    key = primary(home)
    for kms in (second, third):
        home.replicate_key(KeyId=key, ReplicaRegion=kms.meta.region_name)
    held()
    home.update_primary_region(KeyId=key, PrimaryRegion=SECOND)
    blob = third.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    assert describe(third, key)["KeyState"] == "Enabled"
    for kms in (home, second):
        metadata = describe(kms, key)
        assert metadata["KeyState"] == "Updating" and metadata["Enabled"] is True
        for operation, members in (("disable_key", {}), ("enable_key", {}), ("schedule_key_deletion", {}),
                                   ("replicate_key", {"ReplicaRegion": THIRD})):
            refused("KMSInvalidStateException", getattr(kms, operation), KeyId=key, **members,
                    message=f"{metadata['Arn']} is updating.")
        assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
        for operation in CRYPTOGRAPHIC[:1] + CRYPTOGRAPHIC[3:]:
            members = {"Plaintext": b"x"} if operation == "encrypt" else {"KeySpec": "AES_256"}
            getattr(kms, operation)(KeyId=key, **members)
        kms.create_alias(AliasName=new_alias(), TargetKeyId=key)
        kms.tag_resource(KeyId=key, Tags=[{"TagKey": "a", "TagValue": "b"}])
    refused("UnsupportedOperationException", second.update_primary_region, KeyId=key, PrimaryRegion=THIRD)
    home.rotate_key_on_demand(KeyId=key)
    home.enable_key_rotation(KeyId=key)
    home.update_primary_region(KeyId=key, PrimaryRegion=SECOND)  # again: nothing new
    home.update_primary_region(KeyId=key, PrimaryRegion=THIRD)   # thought better of
    states = [describe(kms, key)["KeyState"] for kms in (home, second, third)]
    assert states == ["Updating", "Enabled", "Updating"]
    held()
    for kms in (home, second, third):
        assert describe(kms, key)["KeyState"] == "Enabled"
        assert related(kms, key)[1:] == (THIRD, [SECOND, HOME])
        assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is True
        assert len(kms.list_key_rotations(KeyId=key)["Rotations"]) == 1


def test_updating_survives_a_crash(fresh_server):
    server = fresh_server(settings=REGIONS)
    home, second = server.admin.client(region=HOME), server.admin.client(region=SECOND)
    key = primary(home)
    replicate(home, key, second)
    server.admin.call("Kagimori.HoldSweeper", Held=True)
    home.update_primary_region(KeyId=key, PrimaryRegion=SECOND)
    server.crash_and_restart()
    for kms in (home, second):
        wait_for(kms, key)
    assert related(second, key) == ("PRIMARY", SECOND, [HOME])


def test_updates_that_are_refused(server, home, second):
    key = primary(home)
    replicate(home, key, second)
    arn = describe(home, key)["Arn"]
    call = home.update_primary_region
    refused("NotFoundException", call, KeyId=key, PrimaryRegion=THIRD,
            message=f"Key '{arn.replace(HOME, THIRD)}' does not exist")
    refused("UnsupportedOperationException", call, KeyId=key, PrimaryRegion=HOME)
    refused("UnsupportedOperationException", call, KeyId=key, PrimaryRegion="eu-west-1")
    refused("NotFoundException", call, KeyId="mrk-" + uuid.uuid4().hex, PrimaryRegion=SECOND)
    refused("InvalidArnException", call, KeyId="arn:aws:kms:us-east-1:abc:key/x", PrimaryRegion=SECOND)
    refused("UnsupportedOperationException", second.update_primary_region, KeyId=key, PrimaryRegion=HOME)
    for members in ({"KeyId": key}, {"PrimaryRegion": SECOND}, {"KeyId": key, "PrimaryRegion": "EU"}):
        answer = server.admin.post("TrentService.UpdatePrimaryRegion", members)
        assert (answer.status_code, answer.json()["__type"]) == (400, "ValidationException")
    second.disable_key(KeyId=key)
    refused("DisabledException", call, KeyId=key, PrimaryRegion=SECOND, message=f"{arn.replace(HOME, SECOND)} is disabled.")
    second.schedule_key_deletion(KeyId=key)
    refused("KMSInvalidStateException", call, KeyId=key, PrimaryRegion=SECOND)


# --- Permissions ---


def statement(actions, resource="*", **condition):
    return {"Effect": "Allow", "Action": actions, "Resource": resource, **({"Condition": condition} if condition else {})}


def policy_of(*statements):
    return {"Version": "2012-10-17", "Statement": list(statements)}


def test_replicating_needs_permissions_in_both_regions(server, make_user, home, second):
    key = primary(home)
    arn = describe(home, key)["Arn"]
    here = {"StringEquals": {"aws:RequestedRegion": HOME}}
    there = {"StringEquals": {"aws:RequestedRegion": SECOND}}
    replicate_only = statement("kms:ReplicateKey", arn, **here)
    create = statement(["kms:CreateKey", "kms:PutKeyPolicy"], **there)
    cases = [
        ((), "kms:ReplicateKey"),
        ((create,), "kms:ReplicateKey"),
        ((statement("kms:ReplicateKey", arn.replace(HOME, SECOND)), create), "kms:ReplicateKey"),
        ((replicate_only,), "kms:CreateKey"),
        ((replicate_only, statement("kms:CreateKey", **here)), "kms:CreateKey"),
        ((replicate_only, create), "kms:TagResource"),
        ((replicate_only, create, statement("kms:TagResource", **here)), "kms:TagResource"),
    ]
    tags = [{"TagKey": "team", "TagValue": "a"}]
    for statements, missing in cases:
        user = make_user(on=server, policy=policy_of(statement("kms:ListKeys"), *statements)).client(region=HOME)
        text = refused("AccessDeniedException", user.replicate_key, KeyId=key, ReplicaRegion=SECOND, Tags=tags)
        assert f"to perform: {missing} " in text
    conditions = [
        statement("kms:ReplicateKey", arn, StringEquals={"kms:ReplicaRegion": SECOND, "kms:MultiRegionKeyType": "PRIMARY"}),
        statement("kms:CreateKey", Bool={"kms:MultiRegion": "true"},
                  StringEquals={"kms:MultiRegionKeyType": "REPLICA", "kms:KeySpec": "SYMMETRIC_DEFAULT",
                                "kms:KeyOrigin": "AWS_KMS"}),
        statement("kms:TagResource", StringEquals={"aws:RequestTag/team": "a"}), statement("kms:PutKeyPolicy"),
    ]
    user = make_user(on=server, policy=policy_of(*conditions)).client(region=HOME)
    refused("AccessDeniedException", user.replicate_key, KeyId=key, ReplicaRegion=THIRD, Tags=tags)
    refused("AccessDeniedException", user.replicate_key, KeyId=key, ReplicaRegion=SECOND,
            Tags=[{"TagKey": "team", "TagValue": "b"}])
    user.replicate_key(KeyId=key, ReplicaRegion=SECOND, Tags=tags)
    assert wait_for(second, key)


def test_changing_roles_needs_permission_on_both_keys(server, make_user, home, second):
    key = primary(home)
    replicate(home, key, second)
    arns = {kms: describe(kms, key)["Arn"] for kms in (home, second)}
    for allowed, missing in ((home, second), (second, home)):
        user = make_user(on=server, policy=policy_of(statement("kms:UpdatePrimaryRegion", arns[allowed])))
        text = refused("AccessDeniedException", user.client(region=HOME).update_primary_region, KeyId=key,
                       PrimaryRegion=SECOND)
        assert arns[missing] in text
    here_only = policy_of(statement("kms:UpdatePrimaryRegion", StringEquals={"aws:RequestedRegion": HOME}))
    text = refused("AccessDeniedException", make_user(on=server, policy=here_only).client(region=HOME).update_primary_region,
                   KeyId=key, PrimaryRegion=SECOND)
    assert arns[second] in text
    deny = default_policy(describe(home, key)["AWSAccountId"])
    deny["Statement"].append({"Effect": "Deny", "Principal": "*", "Action": "kms:UpdatePrimaryRegion", "Resource": "*",
                              "Condition": {"StringEquals": {"kms:PrimaryRegion": SECOND}}})
    second.put_key_policy(KeyId=key, Policy=json.dumps(deny))
    refused("AccessDeniedException", home.update_primary_region, KeyId=key, PrimaryRegion=SECOND)
    second.put_key_policy(KeyId=key, Policy=json.dumps(default_policy(describe(home, key)["AWSAccountId"])))
    user = make_user(on=server, policy=policy_of(statement("kms:UpdatePrimaryRegion", list(arns.values()))))
    user.client(region=HOME).update_primary_region(KeyId=key, PrimaryRegion=SECOND)
    wait_for(second, key)
    assert related(second, key)[0] == "PRIMARY"


def test_conditions_of_keys(server, make_user, home, second):
    key, plain = primary(home), new_key(home)
    replicate(home, key, second)
    rows = [("Bool", "kms:MultiRegion", "true", (True, True, False)),
            ("StringEquals", "kms:MultiRegionKeyType", "PRIMARY", (True, False, False)),
            ("StringEquals", "kms:MultiRegionKeyType", "REPLICA", (False, True, False))]
    for operator, name, value, expected in rows:
        user = make_user(on=server, policy=policy_of(statement("kms:DescribeKey", **{operator: {name: value}})))
        for (kms, one), allowed in zip(((HOME, key), (SECOND, key), (HOME, plain)), expected):
            call = user.client(region=kms).describe_key
            call(KeyId=one) if allowed else refused("AccessDeniedException", call, KeyId=one)
    creator = make_user(on=server, policy=policy_of(statement("kms:PutKeyPolicy"), statement(
        "kms:CreateKey", StringEquals={"kms:MultiRegionKeyType": "PRIMARY"}))).client(region=HOME)
    refused("AccessDeniedException", creator.create_key)
    primary(creator)


# --- Audit ---


def test_events(server, home, second):
    key = primary(home)
    arn = describe(home, key)["Arn"]
    request_id = home.replicate_key(KeyId=key, ReplicaRegion=SECOND)["ResponseMetadata"]["RequestId"]
    wait_for(second, key)
    told = [event for event in events(server) if event.get("requestID") == request_id]
    assert [(event["eventName"], event["awsRegion"], event["resources"][0]["ARN"]) for event in told] == [
        ("ReplicateKey", HOME, arn), ("CreateKey", SECOND, arn.replace(HOME, SECOND))]
    assert told[0]["userIdentity"] == told[1]["userIdentity"] and told[0]["eventID"] != told[1]["eventID"]
    assert told[0]["requestParameters"]["replicaRegion"] == SECOND
    assert all(event["eventType"] == "AwsApiCall" and event["readOnly"] is False for event in told)
    refused("AlreadyExistsException", home.replicate_key, KeyId=key, ReplicaRegion=SECOND)
    failed = events(server)[-1]
    assert (failed["eventName"], failed["errorCode"], failed["awsRegion"]) == (
        "ReplicateKey", "AlreadyExistsException", HOME)
    home.rotate_key_on_demand(KeyId=key)
    assert clock_events(server, arn.replace(HOME, SECOND)) == [("SynchronizeMultiRegionKey", SECOND)] * 2
    home.update_primary_region(KeyId=key, PrimaryRegion=SECOND)
    wait_for(second, key)
    wait_for(home, key)
    assert clock_events(server, arn) == [("SynchronizeMultiRegionKey", HOME)]
    assert len(clock_events(server, arn.replace(HOME, SECOND))) == 3


# --- Regions that come and go; backups ---


def test_a_region_that_is_taken_out_of_the_configuration(fresh_server):
    server = fresh_server(settings=REGIONS)
    home, second = server.admin.client(region=HOME), server.admin.client(region=SECOND)
    key = primary(home)
    replicate(home, key, second)
    server.settings = {"account.regions": THIRD}
    server.restart()
    assert related(home, key) == ("PRIMARY", HOME, [SECOND])  # it is there, out of reach
    refused("UnsupportedOperationException", home.replicate_key, KeyId=key, ReplicaRegion=SECOND)
    refused("UnsupportedOperationException", home.update_primary_region, KeyId=key, PrimaryRegion=SECOND)
    home.rotate_key_on_demand(KeyId=key)
    blob = home.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    assert home.schedule_key_deletion(KeyId=key)["KeyState"] == "PendingReplicaDeletion"
    server.settings = REGIONS
    server.restart()
    assert second.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"


def test_a_home_region_that_moves_away_from_its_primaries(fresh_server):
    server = fresh_server(settings=REGIONS)
    home, second = server.admin.client(region=HOME), server.admin.client(region=SECOND)
    key = primary(home)
    replicate(home, key, second)
    blob = home.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    server.settings, server.region = {"account.region": SECOND}, SECOND
    server.restart()
    assert related(second, key) == ("REPLICA", HOME, [SECOND])
    assert second.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    second.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    advance(server, days=8)
    server.settings, server.region = REGIONS, HOME
    server.restart()
    assert related(home, key) == ("PRIMARY", HOME, [])
