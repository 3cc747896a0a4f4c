"""Kagimori.GetKeyUsage: who has used which version of a key, how often, on how much and when."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from conftest import remove_user
from iam_case import assume, new_role
from kms_case import default_policy, new_alias, new_key, refused
from test_key_protection import refuse
from test_last_usage import uses

COUNTED_AS = {"ReEncrypt": ("ReEncryptFrom", "ReEncryptTo")}


def usage(user, key_id, **members):
    """All pages."""
    found, marker = [], {}
    while True:
        answer = user.call("Kagimori.GetKeyUsage", KeyId=key_id, **members, **marker)
        found += answer["Uses"]
        if not answer["Truncated"]:
            assert "NextMarker" not in answer
            return found
        marker = {"Marker": answer["NextMarker"]}


def counts(user, key_id, **members):
    """{(version, last part of the principal's ARN, operation): (count, bytes)}"""
    return {
        (use["KeyVersion"], use["PrincipalArn"].rsplit("/", 1)[-1].rsplit(":", 1)[-1], operation["Operation"]):
            (operation["Count"], operation["Bytes"])
        for use in usage(user, key_id, **members) for operation in use["Operations"]
    }


def test_a_key_that_was_never_used(kms, admin, key):
    arn = kms.describe_key(KeyId=key)["KeyMetadata"]["Arn"]
    answer = admin.call("Kagimori.GetKeyUsage", KeyId=key)
    assert answer == {"KeyId": arn, "PrimaryVersion": 1, "Uses": [], "Truncated": False}


def test_each_operation_that_counts(kms, admin):
    for operation, (members, keys) in uses(kms).items():
        before = [counts(admin, key_id) for key_id in keys]
        method = next(name for name, api in kms.meta.method_to_api_mapping.items() if api == operation)
        getattr(kms, method)(**members)
        for key_id, name, old in zip(keys, COUNTED_AS.get(operation, (operation,)), before):
            entry = (1, "admin", name)
            now = counts(admin, key_id)
            assert now[entry][0] == old.get(entry, (0, 0))[0] + 1, operation
            assert now[entry][1] > old.get(entry, (0, 0))[1], operation
            assert {other: value for other, value in now.items() if other != entry} == {
                other: value for other, value in old.items() if other != entry}


def test_bytes_are_those_that_are_given_to_the_key(kms, admin, key):
    blob = kms.encrypt(KeyId=key, Plaintext=b"x" * 100)["CiphertextBlob"]
    kms.encrypt(KeyId=key, Plaintext=b"x" * 23)
    kms.decrypt(CiphertextBlob=blob)
    kms.generate_data_key(KeyId=key, NumberOfBytes=48)
    assert counts(admin, key) == {
        (1, "admin", "Encrypt"): (2, 123), (1, "admin", "Decrypt"): (1, len(blob)), (1, "admin", "GenerateDataKey"): (1, 48)}


def test_who_still_uses_an_old_version(kms, admin, key, make_user):
    old = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    kms.rotate_key_on_demand(KeyId=key)
    newer = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    kms.rotate_key_on_demand(KeyId=key)
    late = make_user(allow=["kms:Decrypt", "kms:Encrypt"])
    for _ in range(3):
        late.client().decrypt(CiphertextBlob=old)
    kms.decrypt(CiphertextBlob=newer)
    late.client().encrypt(KeyId=key, Plaintext=b"x")
    name = late.client("sts").get_caller_identity()["Arn"].rsplit("/", 1)[-1]
    assert counts(admin, key, KeyVersion=1) == {
        (1, "admin", "Encrypt"): (1, 1), (1, name, "Decrypt"): (3, 3 * len(old))}
    assert set(counts(admin, key, KeyVersion=2)) == {(2, "admin", "Encrypt"), (2, "admin", "Decrypt")}
    assert set(counts(admin, key)) == {
        (1, "admin", "Encrypt"), (1, name, "Decrypt"), (2, "admin", "Encrypt"), (2, "admin", "Decrypt"), (3, name, "Encrypt")}
    assert admin.call("Kagimori.GetKeyUsage", KeyId=key)["PrimaryVersion"] == 3
    assert counts(admin, key, KeyVersion=4) == {}


def test_re_encryption_counts_where_from_and_where_to(kms, admin, key):
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    kms.rotate_key_on_demand(KeyId=key)
    kms.re_encrypt(CiphertextBlob=blob, DestinationKeyId=key)
    assert counts(admin, key) == {
        (1, "admin", "Encrypt"): (1, 1),
        (1, "admin", "ReEncryptFrom"): (1, len(blob)), (2, "admin", "ReEncryptTo"): (1, len(blob))}


def test_sessions_of_a_role_count_for_the_role(iam, sts, admin, key):
    role = new_role(iam, sts.get_caller_identity()["Arn"], allow="kms:Encrypt")
    for session in ("one", "two"):
        assume(admin, role, session).client().encrypt(KeyId=key, Plaintext=b"x")
    (use,) = usage(admin, key)
    assert use["PrincipalArn"].endswith(f":role/{role['RoleName']}") and use["PrincipalId"].startswith("AROA")
    assert use["Operations"] == [{"Operation": "Encrypt", "Count": 2, "Bytes": 2}]
    assert use["FirstUsed"] <= use["LastUsed"]


def test_a_user_of_the_same_name_is_somebody_else(kms, admin, key, make_user, iam):
    first = make_user("twice", allow=["kms:Encrypt"])
    first.client().encrypt(KeyId=key, Plaintext=b"x")
    remove_user(iam, "twice")
    make_user("twice", allow=["kms:Encrypt"]).client().encrypt(KeyId=key, Plaintext=b"x")
    found = usage(admin, key)
    assert len(found) == 2 and found[0]["PrincipalArn"] == found[1]["PrincipalArn"]
    assert found[0]["PrincipalId"] != found[1]["PrincipalId"]


def test_what_fails_is_no_use(kms, admin, key, make_user):
    refused("DryRunOperationException", kms.encrypt, KeyId=key, Plaintext=b"x", DryRun=True)
    refused("InvalidCiphertextException", kms.decrypt, KeyId=key, CiphertextBlob=b"x")
    refused("AccessDeniedException", make_user().client().encrypt, KeyId=key, Plaintext=b"x")
    kms.describe_key(KeyId=key)
    assert usage(admin, key) == []


def test_pages(kms, admin, key, make_user):
    users = [make_user(allow=["kms:Encrypt"]) for _ in range(5)]
    for user in users:
        user.client().encrypt(KeyId=key, Plaintext=b"x")
    kms.rotate_key_on_demand(KeyId=key)
    for user in users:
        user.client().encrypt(KeyId=key, Plaintext=b"x")
    everything = usage(admin, key)
    assert len(everything) == 10
    assert everything == sorted(everything, key=lambda use: (use["KeyVersion"], use["PrincipalId"]))
    for limit in (1, 3, 9, 10, 11):
        assert usage(admin, key, Limit=limit) == everything
    refuse("InvalidMarkerException", admin, "Kagimori.GetKeyUsage", KeyId=key, Marker="nonsense")


def test_no_use_is_lost_between_the_workers_and_the_store(fresh_server):
    server = fresh_server(settings={"server.workers": "2"})
    keys = [new_key(server.admin.client()) for _ in range(3)]
    done = threading.Event()
    seen = []

    def watch():
        while not done.is_set():
            seen.append(sum(count for key in keys for count, _ in counts(server.admin, key).values()))

    watcher = threading.Thread(target=watch)
    watcher.start()
    with ThreadPoolExecutor(8) as pool:
        def use(number):
            kms = server.admin.client()
            for i in range(40):
                kms.encrypt(KeyId=keys[(number + i) % 3], Plaintext=b"xy")
        list(pool.map(use, range(8)))
    done.set()
    watcher.join()
    assert seen == sorted(seen)  # nothing is counted twice while it is on its way, nor missing
    for _ in range(2):
        found = [counts(server.admin, key) for key in keys]
        assert sum(count for one in found for count, _ in one.values()) == 320
        assert sum(size for one in found for _, size in one.values()) == 640
        server.restart()


def test_it_is_for_those_who_may(kms, admin, key, make_user):
    kms.encrypt(KeyId=key, Plaintext=b"x")
    refuse("AccessDeniedException", make_user(allow=["kms:*"]), "Kagimori.GetKeyUsage", KeyId=key)
    reader = make_user(allow=["kagimori:GetKeyUsage"])
    alias = new_alias()
    kms.create_alias(AliasName=alias, TargetKeyId=key)
    for name in (key, alias, kms.describe_key(KeyId=key)["KeyMetadata"]["Arn"]):
        assert len(usage(reader, name)) == 1
    refuse("NotFoundException", reader, "Kagimori.GetKeyUsage", KeyId="11111111-2222-4333-8444-555555555555")


@pytest.mark.parametrize("members, code", (
    ({"KeyVersion": 0}, "ValidationException"),
    ({"KeyVersion": "1"}, "SerializationException"),
    ({"Limit": 0}, "ValidationException"),
))
def test_members_that_do_not_fit(admin, key, members, code):
    refuse(code, admin, "Kagimori.GetKeyUsage", KeyId=key, **members)
