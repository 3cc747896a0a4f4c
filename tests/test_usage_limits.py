"""Kagimori.PutKeyUsageLimit, GetKeyUsageLimit, DeleteKeyUsageLimit: no more is protected with a version than its limit
says, whatever happens to the server."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError
from harness import SECOND_REGION
from kms_case import new_alias, new_key, refused
from test_audit import events
from test_key_protection import refuse
from test_key_usage import counts
from test_resilience import database

ACTIONS = ("PutKeyUsageLimit", "GetKeyUsageLimit", "DeleteKeyUsageLimit")
REACHED = "has reached its usage limit"


def limit(user, key_id, **members):
    return user.call("Kagimori.PutKeyUsageLimit", KeyId=key_id, **members)


def get(user, key_id):
    return user.call("Kagimori.GetKeyUsageLimit", KeyId=key_id)


def successes(kms, key_id, tries, plaintext=b"x"):
    """How many of so many calls of Encrypt succeed; the others must be refused for the limit."""
    done = 0
    for _ in range(tries):
        try:
            kms.encrypt(KeyId=key_id, Plaintext=plaintext)
            done += 1
        except ClientError as error:
            assert error.response["Error"]["Code"] == "KMSInvalidStateException", error
            assert REACHED in error.response["Error"]["Message"]
    return done


def alarms(server, key_id, name="UsageLimitNear"):
    return [event for event in events(server) if event["eventName"] == name and key_id in str(event["resources"])]


def test_so_many_uses_and_no_more(kms, admin, key):
    arn = kms.describe_key(KeyId=key)["KeyMetadata"]["Arn"]
    answer = limit(admin, key, MaximumUses=5)
    assert answer == {"KeyId": arn, "KeyVersion": 1, "MaximumUses": 5, "UsesReserved": 0, "WarningPercent": 80,
                      "RotateWhenNear": False}
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    kms.generate_data_key(KeyId=key, KeySpec="AES_256")
    kms.generate_data_key_without_plaintext(KeyId=key, KeySpec="AES_256")
    kms.generate_data_key_pair(KeyId=key, KeyPairSpec="ECC_NIST_P256")
    refused("DryRunOperationException", kms.encrypt, KeyId=key, Plaintext=b"x", DryRun=True)
    kms.re_encrypt(CiphertextBlob=blob, DestinationKeyId=key)
    for call, members in ((kms.encrypt, {"Plaintext": b"x"}), (kms.generate_data_key, {"KeySpec": "AES_256"})):
        refused("KMSInvalidStateException", call, KeyId=key, contains=REACHED, **members)
    refused("KMSInvalidStateException", kms.re_encrypt, CiphertextBlob=blob, DestinationKeyId=key, contains=REACHED)
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"  # what was protected is of use for ever
    assert get(admin, key)["UsesReserved"] == 5


@pytest.mark.parametrize("spec, usage, call, members", (
    ("HMAC_256", "GENERATE_VERIFY_MAC", "generate_mac", {"Message": b"x", "MacAlgorithm": "HMAC_SHA_256"}),
    ("ECC_NIST_P256", "SIGN_VERIFY", "sign", {"Message": b"x", "SigningAlgorithm": "ECDSA_SHA_256"}),
    ("RSA_4096", "SIGN_VERIFY", "sign", {"Message": b"x", "SigningAlgorithm": "RSASSA_PSS_SHA_256"}),
    ("RSA_2048", "ENCRYPT_DECRYPT", "encrypt", {"Plaintext": b"x", "EncryptionAlgorithm": "RSAES_OAEP_SHA_256"}),
))
def test_keys_of_other_kinds(kms, admin, spec, usage, call, members):
    key_id = new_key(kms, KeySpec=spec, KeyUsage=usage)
    limit(admin, key_id, MaximumUses=2)
    for _ in range(2):
        getattr(kms, call)(KeyId=key_id, **members)
    refused("KMSInvalidStateException", getattr(kms, call), KeyId=key_id, contains=REACHED, **members)
    refuse("UnsupportedOperationException", admin, "Kagimori.PutKeyUsageLimit", KeyId=key_id, MaximumUses=2,
           RotateWhenNear=True)


def test_so_many_bytes_and_no_more(kms, admin, key):
    limit(admin, key, MaximumBytes=10_000)
    assert successes(kms, key, 4, b"x" * 4_096) == 2
    kms.encrypt(KeyId=key, Plaintext=b"x" * 1_808)
    refused("KMSInvalidStateException", kms.encrypt, KeyId=key, Plaintext=b"x", contains=REACHED)
    assert get(admin, key)["BytesReserved"] == 10_000


def test_whichever_limit_comes_first(kms, admin, key):
    limit(admin, key, MaximumUses=3, MaximumBytes=1_000)
    assert successes(kms, key, 4, b"x" * 400) == 2
    other = new_key(kms)
    limit(admin, other, MaximumUses=3, MaximumBytes=1_000)
    assert successes(kms, other, 4) == 3


@pytest.mark.parametrize("maximum", (1, 7, 100, 5_000))
def test_many_at_the_same_time(fresh_server, maximum):
    server = fresh_server(settings={"server.workers": "2"})
    key_id = new_key(server.admin.client())
    limit(server.admin, key_id, MaximumUses=maximum)
    tries = min(maximum, 300) // 8 + 10
    with ThreadPoolExecutor(8) as pool:
        done = sum(pool.map(lambda _: successes(server.admin.client(), key_id, tries), range(8)))
    assert done == min(maximum, 8 * tries)
    assert get(server.admin, key_id)["UsesReserved"] >= done
    assert sum(count for count, _ in counts(server.admin, key_id).values()) == done


def test_it_holds_across_restarts_and_kills(fresh_server):
    server = fresh_server()
    key_id = new_key(server.admin.client())
    limit(server.admin, key_id, MaximumUses=20_000)
    done = successes(server.admin.client(), key_id, 30)
    server.restart()
    assert get(server.admin, key_id)["UsesReserved"] == done  # what was not used is given back
    for _ in range(3):
        done += successes(server.admin.client(), key_id, 10)
        reserved = get(server.admin, key_id)["UsesReserved"]
        server.crash_and_restart()
        assert get(server.admin, key_id)["UsesReserved"] == reserved >= done
    limit(server.admin, key_id, MaximumUses=reserved + 3)
    assert successes(server.admin.client(), key_id, 5) == 3


def test_what_was_protected_before_counts(kms, admin, key):
    assert successes(kms, key, 4) == 4
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    kms.decrypt(CiphertextBlob=blob)
    assert limit(admin, key, MaximumUses=6)["UsesReserved"] == 5
    assert successes(kms, key, 2) == 1


def test_it_can_be_raised_and_removed(kms, admin, key):
    limit(admin, key, MaximumUses=1)
    assert successes(kms, key, 2) == 1
    assert limit(admin, key, MaximumUses=3)["UsesReserved"] == 1
    assert successes(kms, key, 4) == 2
    arn = kms.describe_key(KeyId=key)["KeyMetadata"]["Arn"]
    assert admin.call("Kagimori.DeleteKeyUsageLimit", KeyId=key) == {"KeyId": arn}
    assert successes(kms, key, 5) == 5
    for action in ("GetKeyUsageLimit", "DeleteKeyUsageLimit"):
        refuse("NotFoundException", admin, f"Kagimori.{action}", KeyId=key, contains="has no usage limit")
    assert limit(admin, key, MaximumUses=10)["UsesReserved"] == 8


def test_each_version_has_its_own(kms, admin, key):
    limit(admin, key, MaximumUses=2)
    assert successes(kms, key, 3) == 2
    kms.rotate_key_on_demand(KeyId=key)
    assert get(admin, key)["KeyVersion"] == 2
    assert successes(kms, key, 3) == 2


def test_the_key_is_rotated_in_time(server, kms, admin, key):
    limit(admin, key, MaximumUses=10, RotateWhenNear=True)
    assert successes(kms, key, 35) == 35
    rotations = kms.list_key_rotations(KeyId=key)["Rotations"]
    assert len(rotations) == 4 and {rotation["RotationType"] for rotation in rotations} == {"AUTOMATIC"}
    assert {version for version, _, _ in counts(admin, key)} == {1, 2, 3, 4, 5}
    told = alarms(server, key, "RotateKey")
    assert len(told) == 4
    assert told[0]["serviceEventDetails"]["rotationType"] == "AUTOMATIC" and told[0]["eventType"] == "AwsServiceEvent"
    assert alarms(server, key) == []
    assert kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is False  # by use, not by time
    kms.disable_key(KeyId=key)
    kms.enable_key(KeyId=key)
    assert successes(kms, key, 5) == 5


@pytest.mark.parametrize("members", ({"MaximumUses": 1}, {"MaximumBytes": 1}, {"MaximumUses": 3, "WarningPercent": 1}))
def test_the_smallest_limits_rotate_no_more_than_is_needed(kms, admin, key, members):
    limit(admin, key, RotateWhenNear=True, **members)
    assert successes(kms, key, 5) == 5
    assert len(kms.list_key_rotations(KeyId=key)["Rotations"]) == 4


def test_it_is_rotated_for_a_use_that_does_not_fit_any_more(kms, admin, key):
    limit(admin, key, MaximumBytes=1_000, RotateWhenNear=True)
    assert successes(kms, key, 4, b"x" * 700) == 4
    assert len(kms.list_key_rotations(KeyId=key)["Rotations"]) == 3
    assert successes(kms, key, 3, b"x" * 1_001) == 0  # which no version takes
    assert len(kms.list_key_rotations(KeyId=key)["Rotations"]) == 4


def test_an_alarm_once_for_a_version(server, kms, admin, key):
    limit(admin, key, MaximumUses=10, WarningPercent=50)
    assert successes(kms, key, 4) == 4
    assert alarms(server, key) == []
    assert successes(kms, key, 4) == 4
    (alarm,) = alarms(server, key)
    assert alarm["serviceEventDetails"] == {"keyId": key, "keyVersion": "1", "maximumUses": "10", "usesReserved": "5"}
    assert (alarm["eventType"], alarm["userIdentity"]["type"]) == ("AwsServiceEvent", "Service")
    limit(admin, key, MaximumUses=100, WarningPercent=50)
    assert successes(kms, key, 50) == 50
    assert len(alarms(server, key)) == 2


def test_replicas_have_limits_of_their_own(kms, admin):
    key_id = new_key(kms, MultiRegion=True)
    kms.replicate_key(KeyId=key_id, ReplicaRegion=SECOND_REGION)
    admin.call("Kagimori.Sweep")
    limit(admin, key_id, MaximumUses=1)
    assert successes(kms, key_id, 2) == 1
    assert successes(admin.client(region=SECOND_REGION), key_id, 3) == 3


def rows(server):
    with sqlite3.connect(f"file:{database(server)}?mode=ro", uri=True) as store:
        return tuple(store.execute(f"select count(*) from t_{table}").fetchone()[0]
                     for table in ("usage_limits", "usage_reservations"))


def test_a_destroyed_key_leaves_none(server, kms, admin):
    key_id = new_key(kms)
    limit(admin, key_id, MaximumUses=1)
    kms.schedule_key_deletion(KeyId=key_id, PendingWindowInDays=7)
    refused("KMSInvalidStateException", kms.encrypt, KeyId=key_id, Plaintext=b"x", contains="pending deletion")
    before = rows(server)
    admin.call("Kagimori.DestroyKey", KeyId=key_id)
    refuse("NotFoundException", admin, "Kagimori.GetKeyUsageLimit", KeyId=key_id)
    assert rows(server) == (before[0] - 1, before[1] - 1)


def test_they_are_in_the_audit_log(server, admin, key):
    limit(admin, key, MaximumUses=9, MaximumBytes=99, WarningPercent=70)
    (event,) = alarms(server, key, "PutKeyUsageLimit")
    assert event["requestParameters"] == {
        "keyId": key, "maximumUses": 9, "maximumBytes": 99, "warningPercent": 70, "rotateWhenNear": False}
    assert event["readOnly"] is False


@pytest.mark.parametrize("members, code", (
    ({}, "ValidationException"),
    ({"MaximumUses": 0}, "ValidationException"),
    ({"MaximumUses": -1}, "ValidationException"),
    ({"MaximumUses": "5"}, "SerializationException"),
    ({"MaximumUses": 5, "WarningPercent": 101}, "ValidationException"),
    ({"MaximumUses": 5, "WarningPercent": 0}, "ValidationException"),
    ({"MaximumUses": 5, "RotateWhenNear": "yes"}, "SerializationException"),
))
def test_members_that_do_not_fit(admin, key, members, code):
    refuse(code, admin, "Kagimori.PutKeyUsageLimit", KeyId=key, **members)


@pytest.mark.parametrize("action", ACTIONS)
def test_they_are_for_those_who_may(kms, admin, make_user, action):
    members = {"MaximumUses": 5} if action == "PutKeyUsageLimit" else {}
    refuse("NotFoundException", admin, f"Kagimori.{action}", KeyId="11111111-2222-4333-8444-555555555555", **members)
    refuse("NotFoundException", admin, f"Kagimori.{action}", contains="alias/", KeyId=new_alias(), **members)
    key_id = new_key(kms)
    limit(admin, key_id, MaximumUses=5)
    refuse("AccessDeniedException", make_user(allow=["kms:*"]), f"Kagimori.{action}", KeyId=key_id, **members)
    make_user(allow=[f"kagimori:{action}"]).call(f"Kagimori.{action}", KeyId=key_id, **members)
