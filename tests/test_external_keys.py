"""Keys in an external key store: CreateKey, double encryption, what the proxy does wrong meanwhile, disconnected stores."""

import base64
import json
import threading

import pytest
from audit_log import audit_text
from botocore.exceptions import ClientError
from kms_case import DAY, refused
from test_audit import event_of
from xks_case import (  # noqa: F401, the fixtures
    connect, disconnect, empty, kms, new_external_key, new_store, proxy, settle, state_of, store, world,
)
from xks_proxy import ERRORS

CONTEXT = {"project": "nile", "department": "marketing"}


# --- Keys ---


def test_a_key_tells_where_it_is(kms, proxy, store):
    made = new_external_key(kms, proxy, store, Description="doubled")
    about = kms.describe_key(KeyId=made["KeyId"])["KeyMetadata"]
    assert about == made
    assert (about["Origin"], about["KeyState"], about["CustomKeyStoreId"]) == ("EXTERNAL_KEY_STORE", "Enabled", store)
    assert about["XksKeyConfiguration"]["Id"] in proxy.keys and "CurrentKeyMaterialId" not in about
    assert about["MultiRegion"] is False and about["KeySpec"] == "SYMMETRIC_DEFAULT"


@pytest.mark.parametrize("members, code", (
    ({"XksKeyId": None}, "ValidationException"),
    ({"CustomKeyStoreId": None}, "ValidationException"),
    ({"Origin": None}, "ValidationException"),
    ({"Origin": "AWS_KMS", "XksKeyId": None}, "ValidationException"),
    ({"Origin": "AWS_CLOUDHSM"}, "ValidationException"),
    ({"KeySpec": "RSA_2048", "KeyUsage": "ENCRYPT_DECRYPT"}, "UnsupportedOperationException"),
    ({"MultiRegion": True}, "UnsupportedOperationException"),
))
def test_keys_that_cannot_be(kms, proxy, store, members, code):
    good = {"Origin": "EXTERNAL_KEY_STORE", "CustomKeyStoreId": store, "XksKeyId": proxy.add_key("cannot-be")}
    wanted = {name: value for name, value in {**good, **members}.items() if value is not None}
    refused(code, kms.create_key, **wanted)


OF_CREATE_KEY = {
    "validation": "CustomKeyStoreInvalidStateException", "malformed": "CustomKeyStoreInvalidStateException",
    "invalid-state": "XksKeyInvalidConfigurationException",
    "invalid-key-usage": "XksKeyInvalidConfigurationException",
    "authentication": "CustomKeyStoreInvalidStateException", "access-denied": "KMSInvalidStateException",
    "key-not-found": "XksKeyNotFoundException", "uri-path": "CustomKeyStoreInvalidStateException",
    "throttling": "CustomKeyStoreInvalidStateException", "dependency-timeout": "CustomKeyStoreInvalidStateException",
    "slow": "CustomKeyStoreInvalidStateException", "hang-up": "CustomKeyStoreInvalidStateException",
    "internal": "CustomKeyStoreInvalidStateException",
}


def test_a_key_whose_proxy_fails_is_not_made(kms, proxy, store):
    name = proxy.add_key("wanted")
    members = {"Origin": "EXTERNAL_KEY_STORE", "CustomKeyStoreId": store, "XksKeyId": name}
    for fault, code in OF_CREATE_KEY.items():
        proxy.fault = fault
        assert "words of the proxy" not in refused(code, kms.create_key, **members)
    proxy.fault = None
    refused("XksKeyNotFoundException", kms.create_key, **{**members, "XksKeyId": "nobody"})
    for n, wrong in enumerate(({"spec": "AES_128"}, {"usage": ("ENCRYPT",)}, {"status": "DISABLED"})):
        proxy.add_key(f"wrong-{n}", **wrong)
        refused("XksKeyInvalidConfigurationException", kms.create_key, **{**members, "XksKeyId": f"wrong-{n}"})
    kms.create_key(**members)
    refused("XksKeyAlreadyInUseException", kms.create_key, **members)
    refused("CustomKeyStoreInvalidStateException", kms.delete_custom_key_store, CustomKeyStoreId=store)


def test_a_store_with_keys_is_not_deleted(world, kms, proxy):
    store = new_store(kms, proxy)
    connect(kms, store)
    key = new_external_key(kms, proxy, store)
    disconnect(kms, store)
    refused("CustomKeyStoreHasCMKsException", kms.delete_custom_key_store, CustomKeyStoreId=store)
    kms.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=7)
    refused("CustomKeyStoreHasCMKsException", kms.delete_custom_key_store, CustomKeyStoreId=store)
    world.admin.call("Kagimori.AdvanceLifecycleClock", Seconds=8 * DAY)
    world.admin.call("Kagimori.Sweep")
    connect(kms, store)  # the external key is free again
    again = kms.create_key(Origin="EXTERNAL_KEY_STORE", CustomKeyStoreId=store, XksKeyId=key["XksKeyConfiguration"]["Id"])
    assert again["KeyMetadata"]["KeyId"] != key["KeyId"]
    empty(world, kms, store)


@pytest.mark.parametrize("operation, members", (
    ("generate_data_key_pair", {"KeyPairSpec": "ECC_NIST_P256"}),
    ("generate_data_key_pair_without_plaintext", {"KeyPairSpec": "ECC_NIST_P256"}),
    ("enable_key_rotation", {}), ("rotate_key_on_demand", {}), ("get_key_rotation_status", {}),
    ("replicate_key", {"ReplicaRegion": "eu-central-1"}),
))
def test_what_such_keys_do_not_do(kms, proxy, store, operation, members):
    key = new_external_key(kms, proxy, store)["KeyId"]
    refused("UnsupportedOperationException", getattr(kms, operation), KeyId=key, **members)


# --- Cryptography ---


@pytest.mark.parametrize("metadata, iv_size, integrity", (
    (b"", 12, "plain"), (b"m" * 20, 16, "plain"), (b"v1", 12, "lengths"), (b"", 16, None),
))
def test_encryption_is_double(world, kms, proxy, store, metadata, iv_size, integrity):
    proxy.metadata, proxy.iv_size, proxy.integrity = metadata, iv_size, integrity
    key = new_external_key(kms, proxy, store)
    for size in (1, 4096):
        proxy.requests.clear()
        sealed = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"\x5a" * size, EncryptionContext=CONTEXT)
        blob = sealed["CiphertextBlob"]
        assert len(blob) <= 6144 and blob[:2] == b"\x01\x02"
        (call, request, _), = proxy.requests
        inner = base64.b64decode(request["plaintext"])
        assert inner[:2] == b"\x01\x01" and len(inner) == size + 95 and b"\x5a" * 16 not in inner
        assert request["requestMetadata"] == {
            "awsPrincipalArn": world.admin.client("sts").get_caller_identity()["Arn"],
            "kmsKeyArn": key["Arn"], "kmsOperation": "Encrypt",
            "kmsRequestId": sealed["ResponseMetadata"]["RequestId"],
        }
        aad = base64.b64decode(request["additionalAuthenticatedData"])
        assert aad == b"".join(len(t).to_bytes(4, "big") + t for t in (b"department", b"marketing", b"project", b"nile"))
        opened = kms.decrypt(CiphertextBlob=blob, EncryptionContext=CONTEXT)
        assert (opened["Plaintext"], opened["KeyId"]) == (b"\x5a" * size, key["Arn"])
        assert kms.decrypt(CiphertextBlob=blob, EncryptionContext=CONTEXT, KeyId=key["KeyId"])["Plaintext"] == b"\x5a" * size
        # What the proxy saw is no ciphertext of the key.
        refused("InvalidCiphertextException", kms.decrypt, CiphertextBlob=inner, EncryptionContext=CONTEXT)
        refused("KMSInvalidStateException", kms.decrypt, CiphertextBlob=blob, EncryptionContext={"project": "other"})
    event = event_of(world, sealed["ResponseMetadata"]["RequestId"])
    assert event["additionalEventData"]["customKeyStoreId"] == store
    assert event["additionalEventData"]["xksKeyId"] == key["XksKeyConfiguration"]["Id"]
    assert proxy.secret_key not in json.dumps(event)


def test_no_context(kms, proxy, store):
    key = new_external_key(kms, proxy, store)["KeyId"]
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    assert "additionalAuthenticatedData" not in proxy.requests[-1][1]
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"


def test_every_changed_byte_is_found(kms, proxy, store):
    key = new_external_key(kms, proxy, store)["KeyId"]
    proxy.metadata = b"meta"
    blob = kms.encrypt(KeyId=key, Plaintext=b"secret")["CiphertextBlob"]
    for place in (*range(0, 66), len(blob) - 1):
        changed = blob[:place] + bytes([blob[place] ^ 0x01]) + blob[place + 1:]
        with pytest.raises(ClientError) as caught:
            kms.decrypt(CiphertextBlob=changed, KeyId=key)
        assert caught.value.response["Error"]["Code"] in (
            "InvalidCiphertextException", "KMSInvalidStateException", "IncorrectKeyException",
            "AccessDeniedException"), place  # the last of another account's key of that id
    for size in (0, 1, 30, 60, len(blob) - 1):
        with pytest.raises(ClientError):
            kms.decrypt(CiphertextBlob=blob[:size] or b"\x01", KeyId=key)


def test_data_keys(kms, proxy, store):
    key = new_external_key(kms, proxy, store)["KeyId"]
    made = kms.generate_data_key(KeyId=key, KeySpec="AES_256", EncryptionContext=CONTEXT)
    assert kms.decrypt(CiphertextBlob=made["CiphertextBlob"], EncryptionContext=CONTEXT)["Plaintext"] == made["Plaintext"]
    hidden = kms.generate_data_key_without_plaintext(KeyId=key, NumberOfBytes=100)
    assert "Plaintext" not in hidden
    assert len(kms.decrypt(CiphertextBlob=hidden["CiphertextBlob"])["Plaintext"]) == 100


def test_re_encryption_in_every_direction(world, kms, proxy, store):
    first, second = (new_external_key(kms, proxy, store)["KeyId"] for _ in range(2))
    plain = kms.create_key()["KeyMetadata"]["KeyId"]
    rsa = kms.create_key(KeySpec="RSA_2048", KeyUsage="ENCRYPT_DECRYPT")["KeyMetadata"]["KeyId"]
    blob = kms.encrypt(KeyId=plain, Plaintext=b"wanders")["CiphertextBlob"]
    for destination in (first, second, second, plain, first):
        answer = kms.re_encrypt(CiphertextBlob=blob, DestinationKeyId=destination)
        blob = answer["CiphertextBlob"]
        assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"wanders"
    answer = kms.re_encrypt(CiphertextBlob=blob, DestinationKeyId=second)
    names = event_of(world, answer["ResponseMetadata"]["RequestId"])["additionalEventData"]
    assert names["sourceCustomKeyStoreId"] == names["destinationCustomKeyStoreId"] == store
    assert names["sourceXksKeyId"] != names["destinationXksKeyId"]
    out = kms.re_encrypt(CiphertextBlob=blob, DestinationKeyId=rsa, DestinationEncryptionAlgorithm="RSAES_OAEP_SHA_256")
    back = kms.re_encrypt(CiphertextBlob=out["CiphertextBlob"], SourceKeyId=rsa, DestinationKeyId=first,
                          SourceEncryptionAlgorithm="RSAES_OAEP_SHA_256")
    assert kms.decrypt(CiphertextBlob=back["CiphertextBlob"])["Plaintext"] == b"wanders"


def test_dry_runs_do_not_encrypt(kms, proxy, store):
    key = new_external_key(kms, proxy, store)["KeyId"]
    proxy.requests.clear()
    refused("DryRunOperationException", kms.encrypt, KeyId=key, Plaintext=b"x", DryRun=True)
    refused("DryRunOperationException", kms.generate_data_key, KeyId=key, KeySpec="AES_128", DryRun=True)
    assert not proxy.requests


CRYPTOGRAPHIC_FAULTS = (*ERRORS, "malformed", "huge", "slow", "hang-up")


def test_every_fault_of_the_proxy_is_an_invalid_state(kms, proxy, store):
    key = new_external_key(kms, proxy, store)["KeyId"]
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    plain = kms.create_key()["KeyMetadata"]["KeyId"]
    calls = (
        lambda: kms.encrypt(KeyId=key, Plaintext=b"x"),
        lambda: kms.decrypt(CiphertextBlob=blob),
        lambda: kms.generate_data_key(KeyId=key, KeySpec="AES_256"),
        lambda: kms.re_encrypt(CiphertextBlob=blob, DestinationKeyId=plain),
    )
    for fault in CRYPTOGRAPHIC_FAULTS:
        proxy.fault = fault
        for call in calls:
            assert "words of the proxy" not in refused("KMSInvalidStateException", call, contains=key)
    for fault in ("wrong-integrity", "wrong-tag-size"):
        proxy.fault = fault
        refused("KMSInvalidStateException", calls[0])
    proxy.fault = None
    for call in calls:
        call()
    assert state_of(kms, store) == "CONNECTED"


def test_an_external_key_that_is_switched_off_or_gone(kms, proxy, store):
    about = new_external_key(kms, proxy, store)
    name = about["XksKeyConfiguration"]["Id"]
    proxy.keys[name].status = "DISABLED"
    refused("KMSInvalidStateException", kms.encrypt, KeyId=about["KeyId"], Plaintext=b"x")
    del proxy.keys[name]
    refused("KMSInvalidStateException", kms.encrypt, KeyId=about["KeyId"], Plaintext=b"x")


def test_a_slow_proxy_holds_up_nobody_else(world, kms, proxy, store):
    key = new_external_key(kms, proxy, store)["KeyId"]
    plain = kms.create_key()["KeyMetadata"]["KeyId"]
    proxy.fault = "slow"
    codes, done = [], threading.Event()

    def use():
        with pytest.raises(ClientError) as caught:
            kms.encrypt(KeyId=key, Plaintext=b"x")
        codes.append(caught.value.response["Error"]["Code"])
        if len(codes) == 40:
            done.set()

    threads = [threading.Thread(target=use) for _ in range(40)]
    for thread in threads:
        thread.start()
    answered = 0
    while not done.is_set() and answered < 2000:  # as long as the others wait, and at least once
        kms.encrypt(KeyId=plain, Plaintext=b"x")
        kms.create_key(Description="meanwhile") if answered == 3 else None
        answered += 1
    for thread in threads:
        thread.join()
    assert set(codes) == {"KMSInvalidStateException"} and answered > 3


def test_connections_are_kept(kms, proxy, store):
    key = new_external_key(kms, proxy, store)["KeyId"]
    proxy.requests.clear()
    for _ in range(20):
        kms.encrypt(KeyId=key, Plaintext=b"x")
    assert len({client for _, _, client in proxy.requests}) < 10


# --- Disconnecting, restarts and crashes ---

USES = {
    "encrypt": {"Plaintext": b"x"}, "generate_data_key": {"KeySpec": "AES_256"},
    "generate_data_key_without_plaintext": {"KeySpec": "AES_256"},
}


def test_keys_of_a_disconnected_store_are_unavailable(kms, proxy, store):
    key = new_external_key(kms, proxy, store)["KeyId"]
    plain = kms.create_key()["KeyMetadata"]["KeyId"]
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    disconnect(kms, store)
    about = kms.describe_key(KeyId=key)["KeyMetadata"]
    assert (about["KeyState"], about["Enabled"]) == ("Unavailable", False)
    proxy.requests.clear()
    for operation, members in USES.items():
        refused("KMSInvalidStateException", getattr(kms, operation), KeyId=key, contains="unavailable", **members)
    refused("KMSInvalidStateException", kms.decrypt, CiphertextBlob=blob)
    refused("KMSInvalidStateException", kms.re_encrypt, CiphertextBlob=blob, DestinationKeyId=plain)
    assert not proxy.requests
    kms.disable_key(KeyId=key)
    kms.enable_key(KeyId=key)
    kms.update_key_description(KeyId=key, Description="still managed")
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "PendingDeletion"
    kms.cancel_key_deletion(KeyId=key)
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Unavailable"
    connect(kms, store)
    kms.enable_key(KeyId=key)
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"


def test_keys_of_a_failed_store_keep_their_state(kms, proxy, store):
    key = new_external_key(kms, proxy, store)["KeyId"]
    disconnect(kms, store)
    proxy.fault = "malformed"
    kms.connect_custom_key_store(CustomKeyStoreId=store)
    assert settle(kms, store) == "FAILED"
    proxy.fault = None
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Enabled"
    refused("KMSInvalidStateException", kms.encrypt, contains="FAILED", KeyId=key, Plaintext=b"x")


def test_the_proxy_goes_and_comes_back(kms, proxy, store):
    key = new_external_key(kms, proxy, store)["KeyId"]
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    proxy.stop()
    proxy_is_gone = refused("KMSInvalidStateException", kms.encrypt, KeyId=key, Plaintext=b"x")
    assert "proxy" in proxy_is_gone
    proxy.start()
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"


@pytest.mark.parametrize("end", ("restart", "crash_and_restart"))
def test_stores_outlive_the_server(world, kms, proxy, store, end):
    key = new_external_key(kms, proxy, store)["KeyId"]
    blob = kms.encrypt(KeyId=key, Plaintext=b"stays")["CiphertextBlob"]
    getattr(world, end)()
    assert state_of(kms, store) == "CONNECTED"
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"stays"


# --- Permissions and secrets ---


def test_who_may_use_such_a_key(world, kms, proxy, store, make_user):
    key = new_external_key(kms, proxy, store)["Arn"]
    user = make_user(on=world, allow=["kms:Encrypt"], resource=key)
    user.client().encrypt(KeyId=key, Plaintext=b"x")
    assert proxy.requests[-1][1]["requestMetadata"]["awsPrincipalArn"] == user.arn
    refused("AccessDeniedException", user.client().generate_data_key, KeyId=key, KeySpec="AES_256")


def test_secrets_are_nowhere(world, kms, proxy, store):
    new_external_key(kms, proxy, store)
    audit = audit_text(world)
    for text in (audit, world.log_file.read_text()):
        assert proxy.secret_key not in text
    for file in world.data.rglob("*"):
        if file.is_file():
            assert proxy.secret_key.encode() not in file.read_bytes(), file
    assert '"eventName":"ChangeKeyStoreConnection"' in audit
