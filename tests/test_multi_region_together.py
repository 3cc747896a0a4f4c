"""What related multi-Region keys do together: ciphertexts, rotations, deletion, and the change of the primary Region."""

import base64
import itertools
import uuid

from kms_case import CRYPTOGRAPHIC, advance, new_alias, new_key, refused
from multi_region_case import (  # noqa: F401  (fixtures among them)
    HOME, REGIONS, SECOND, THIRD, clock_events, describe, held, home, primary, related, replicate, second, server, third,
    wait_for,
)


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


# --- Another client ---


def test_the_command_line_client(server, tmp_path):
    def aws(region, operation, *arguments):
        return server.admin.aws("kms", operation, "--region", region, *arguments)

    made = aws(HOME, "create-key", "--multi-region")["KeyMetadata"]
    key = ("--key-id", made["KeyId"])
    answer = aws(HOME, "replicate-key", *key, "--replica-region", SECOND, "--tags", "TagKey=a,TagValue=b")
    assert answer["ReplicaKeyMetadata"]["MultiRegionConfiguration"]["MultiRegionKeyType"] == "REPLICA"
    assert answer["ReplicaTags"] == [{"TagKey": "a", "TagValue": "b"}]
    wait_for(server.admin.client(region=SECOND), made["KeyId"])
    plain, blob = tmp_path / "plain", tmp_path / "blob"
    plain.write_bytes(b"x")
    blob.write_bytes(base64.b64decode(aws(HOME, "encrypt", *key, "--plaintext", f"fileb://{plain}")["CiphertextBlob"]))
    assert base64.b64decode(aws(SECOND, "decrypt", "--ciphertext-blob", f"fileb://{blob}")["Plaintext"]) == b"x"
    assert aws(HOME, "update-primary-region", *key, "--primary-region", SECOND) == {}
    wait_for(server.admin.client(region=SECOND), made["KeyId"])
    assert aws(SECOND, "describe-key", *key)["KeyMetadata"]["MultiRegionConfiguration"]["PrimaryKey"]["Region"] == SECOND
