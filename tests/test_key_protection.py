"""A key's own protection and its destruction at once: Kagimori.PutKeyProtection, GetKeyProtection, DestroyKey."""

import json

import pytest
from botocore.exceptions import ClientError
from harness import SECOND_REGION, User
from importing import Importer, new_material
from kms_case import advance, new_alias, new_key, refused
from test_audit import events
from wire import Wire

ACTIONS = ("PutKeyProtection", "GetKeyProtection", "DestroyKey")


def protect(user, key_id, **members):
    return user.call("Kagimori.PutKeyProtection", KeyId=key_id, **members)


def refuse(code, user, target, contains="", **members):
    found, message = Wire(user).call(target, members)
    assert (found, contains in message) == (code, True), f"{found}: {message}"


def scheduled(kms, key_id, days=7):
    kms.schedule_key_deletion(KeyId=key_id, PendingWindowInDays=days)
    return key_id


def test_a_new_key_has_no_protection(kms, admin):
    key_id = new_key(kms)
    arn = kms.describe_key(KeyId=key_id)["KeyMetadata"]["Arn"]
    assert admin.call("Kagimori.GetKeyProtection", KeyId=key_id) == {
        "KeyId": arn, "MinimumPendingWindowInDays": 0, "DeletionProtection": False}


def test_what_is_not_given_stays(kms, admin):
    key_id = new_key(kms)
    assert protect(admin, key_id, MinimumPendingWindowInDays=14)["MinimumPendingWindowInDays"] == 14
    answer = protect(admin, key_id, DeletionProtection=True)
    assert (answer["MinimumPendingWindowInDays"], answer["DeletionProtection"]) == (14, True)
    answer = protect(admin, key_id, MinimumPendingWindowInDays=0)
    assert (answer["MinimumPendingWindowInDays"], answer["DeletionProtection"]) == (0, True)
    assert admin.call("Kagimori.GetKeyProtection", KeyId=key_id) == answer


@pytest.mark.parametrize("members, code", (
    ({}, "ValidationException"),
    ({"MinimumPendingWindowInDays": 6}, "ValidationException"),
    ({"MinimumPendingWindowInDays": 31}, "ValidationException"),
    ({"MinimumPendingWindowInDays": -1}, "ValidationException"),
    ({"MinimumPendingWindowInDays": "7"}, "SerializationException"),
    ({"DeletionProtection": "yes"}, "SerializationException"),
))
def test_members_that_do_not_fit(kms, admin, members, code):
    refuse(code, admin, "Kagimori.PutKeyProtection", KeyId=new_key(kms), **members)


@pytest.mark.parametrize("action", ACTIONS)
def test_keys_that_are_not_there(admin, action):
    members = {"DeletionProtection": True} if action == "PutKeyProtection" else {}
    refuse("ValidationException", admin, f"Kagimori.{action}", **members)
    refuse("NotFoundException", admin, f"Kagimori.{action}", KeyId="11111111-2222-4333-8444-555555555555", **members)
    refuse("NotFoundException", admin, f"Kagimori.{action}", contains="alias/", KeyId=new_alias(), **members)


def test_a_minimum_window(kms, admin):
    key_id = new_key(kms)
    protect(admin, key_id, MinimumPendingWindowInDays=20)
    refused("ValidationException", kms.schedule_key_deletion, KeyId=key_id, PendingWindowInDays=19, contains="at least 20")
    kms.schedule_key_deletion(KeyId=key_id, PendingWindowInDays=20)
    kms.cancel_key_deletion(KeyId=key_id)
    assert kms.schedule_key_deletion(KeyId=key_id)["PendingWindowInDays"] == 30  # what is not given fits always


def test_deletion_protection(kms, admin):
    key_id = new_key(kms)
    protect(admin, key_id, DeletionProtection=True)
    refused("KMSInvalidStateException", kms.disable_key, KeyId=key_id, contains="deletion protection")
    refused("KMSInvalidStateException", kms.schedule_key_deletion, KeyId=key_id, contains="deletion protection")
    assert kms.describe_key(KeyId=key_id)["KeyMetadata"]["KeyState"] == "Enabled"
    kms.enable_key(KeyId=key_id)
    protect(admin, key_id, DeletionProtection=False)
    kms.disable_key(KeyId=key_id)
    kms.schedule_key_deletion(KeyId=key_id)


def test_deletion_protection_of_imported_material(kms, admin):
    key_id = kms.create_key(Origin="EXTERNAL")["KeyMetadata"]["KeyId"]
    Importer(kms, key_id)(new_material("SYMMETRIC_DEFAULT"))
    protect(admin, key_id, DeletionProtection=True)
    refused("KMSInvalidStateException", kms.delete_imported_key_material, KeyId=key_id, contains="deletion protection")
    protect(admin, key_id, DeletionProtection=False)
    kms.delete_imported_key_material(KeyId=key_id)


def test_a_key_that_is_pending_deletion_can_not_be_protected_from_it(kms, admin):
    key_id = scheduled(kms, new_key(kms))
    refuse("KMSInvalidStateException", admin, "Kagimori.PutKeyProtection", "CancelKeyDeletion", KeyId=key_id,
           DeletionProtection=True)
    kms.cancel_key_deletion(KeyId=key_id)
    protect(admin, key_id, DeletionProtection=True)


def test_replicas_have_a_protection_of_their_own(kms, admin):
    key_id = new_key(kms, MultiRegion=True)
    protect(admin, key_id, DeletionProtection=True)
    there = admin.client("kms", region=SECOND_REGION)
    kms.replicate_key(KeyId=key_id, ReplicaRegion=SECOND_REGION)
    admin.call("Kagimori.Sweep")
    there.disable_key(KeyId=key_id)
    refused("KMSInvalidStateException", kms.disable_key, KeyId=key_id)


# --- At once ---


def test_destroyed_at_once(kms, admin):
    key_id, alias = new_key(kms), new_alias()
    kms.create_alias(AliasName=alias, TargetKeyId=key_id)
    blob = kms.encrypt(KeyId=key_id, Plaintext=b"gone")["CiphertextBlob"]
    scheduled(kms, key_id)
    arn = kms.describe_key(KeyId=key_id)["KeyMetadata"]["Arn"]
    assert admin.call("Kagimori.DestroyKey", KeyId=key_id) == {"KeyId": arn}
    refused("NotFoundException", kms.describe_key, KeyId=key_id)
    refused("NotFoundException", kms.cancel_key_deletion, KeyId=key_id)
    with pytest.raises(ClientError):
        kms.decrypt(CiphertextBlob=blob)
    refuse("NotFoundException", admin, "Kagimori.DestroyKey", KeyId=key_id)
    kms.create_alias(AliasName=alias, TargetKeyId=new_key(kms))  # its names are free


@pytest.mark.parametrize("state", ("Enabled", "Disabled", "PendingImport", "PendingReplicaDeletion"))
def test_only_keys_that_are_pending_deletion_are_destroyed(kms, admin, state):
    more = {"Origin": "EXTERNAL"} if state == "PendingImport" else {"MultiRegion": state == "PendingReplicaDeletion"}
    key_id = new_key(kms, **more)
    if state == "Disabled":
        kms.disable_key(KeyId=key_id)
    if state == "PendingReplicaDeletion":
        kms.replicate_key(KeyId=key_id, ReplicaRegion=SECOND_REGION)
        admin.call("Kagimori.Sweep")
        scheduled(kms, key_id)
    assert kms.describe_key(KeyId=key_id)["KeyMetadata"]["KeyState"] == state
    refuse("KMSInvalidStateException", admin, "Kagimori.DestroyKey", f"is {state}", KeyId=key_id)


def test_the_minimum_window_holds_for_destruction_too(server, kms, admin):
    key_id = new_key(kms)
    protect(admin, key_id, MinimumPendingWindowInDays=10)
    scheduled(kms, key_id, 30)
    refuse("KMSInvalidStateException", admin, "Kagimori.DestroyKey", "10 days", KeyId=key_id)
    advance(server, days=9)
    refuse("KMSInvalidStateException", admin, "Kagimori.DestroyKey", "10 days", KeyId=key_id)
    advance(server, days=1)
    admin.call("Kagimori.DestroyKey", KeyId=key_id)
    refused("NotFoundException", kms.describe_key, KeyId=key_id)


def test_a_destroyed_key_stays_destroyed_after_a_kill(fresh_server):
    server = fresh_server()
    kms = server.admin.client("kms")
    key_id = scheduled(kms, new_key(kms))
    server.admin.call("Kagimori.DestroyKey", KeyId=key_id)
    server.crash_and_restart()
    refused("NotFoundException", server.admin.client("kms").describe_key, KeyId=key_id)


# --- Permissions ---


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("allow, allowed", (
    ("kms:*", False), ("kagimori:*", True), ("kagimori:{action}", True), ("kms:ScheduleKeyDeletion", False)))
def test_only_a_permission_of_ours_allows(kms, make_user, action, allow, allowed):
    """Though the key policy gives its account kms:*, and no policy of AWS's times knows these actions."""
    user = make_user(allow=[allow.format(action=action)])
    key_id = scheduled(kms, new_key(kms))
    members = {"DeletionProtection": False} if action == "PutKeyProtection" else {}
    if allowed:
        user.call(f"Kagimori.{action}", KeyId=key_id, **members)
    else:
        refuse("AccessDeniedException", user, f"Kagimori.{action}", f"kagimori:{action}", KeyId=key_id, **members)


@pytest.mark.parametrize("effect", ("Allow", "Deny"))
def test_a_key_policy_has_the_last_word(kms, make_user, effect):
    user = make_user(allow=["kagimori:*"] if effect == "Deny" else ["sts:GetCallerIdentity"])
    account = user.arn.split(":")[4]
    policy = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account}:root"}, "Action": "kms:*", "Resource": "*"},
        {"Effect": effect, "Principal": {"AWS": user.arn}, "Action": "kagimori:DestroyKey", "Resource": "*"}]}
    key_id = scheduled(kms, kms.create_key(Policy=json.dumps(policy))["KeyMetadata"]["KeyId"])
    if effect == "Allow":
        user.call("Kagimori.DestroyKey", KeyId=key_id)
    else:
        refuse("AccessDeniedException", user, "Kagimori.DestroyKey", "explicit deny", KeyId=key_id)


def test_another_account_may_not(server, kms, admin):
    made = admin.call("Kagimori.CreateAccount", Name="Stranger")["AccessKey"]
    stranger = User(server, made["AccessKeyId"], made["SecretAccessKey"])
    arn = kms.describe_key(KeyId=scheduled(kms, new_key(kms)))["KeyMetadata"]["Arn"]
    refuse("AccessDeniedException", stranger, "Kagimori.DestroyKey", KeyId=arn)


# --- The audit log ---


def test_each_is_in_the_audit_log(server, kms, admin):
    key_id = new_key(kms)
    protect(admin, key_id, MinimumPendingWindowInDays=0, DeletionProtection=False)
    scheduled(kms, key_id)
    admin.call("Kagimori.DestroyKey", KeyId=key_id)
    found = {e["eventName"]: e for e in events(server) if (e.get("requestParameters") or {}).get("keyId") == key_id}
    assert found["PutKeyProtection"]["requestParameters"] == {
        "keyId": key_id, "minimumPendingWindowInDays": 0, "deletionProtection": False}
    assert not found["DestroyKey"]["readOnly"] and found["DestroyKey"]["responseElements"]["keyId"].endswith(key_id)
