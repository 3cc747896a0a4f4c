"""Custom key stores: the life of an external key store, its keys and their cryptography, against a proxy that really
encrypts (xks_proxy.py), and every way in which proxies fail."""

import base64
import itertools
import json
import threading
import time

import pytest
from botocore.exceptions import ClientError
from harness import Server, free_port
from kms_case import DAY, raw_kms, refused
from test_audit import event_of
from xks_proxy import ERRORS, HOST, XksProxy

NUMBERS = itertools.count(1)
CONTEXT = {"project": "nile", "department": "marketing"}
STORE_OPERATIONS = ("connect_custom_key_store", "disconnect_custom_key_store", "delete_custom_key_store")
SETTLED_SECONDS = 20


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A server and the proxy that it knows."""
    folder = tmp_path_factory.mktemp("xks")
    with XksProxy(folder) as proxy:
        server = Server(folder / "data", free_port(), settings={**proxy.settings(), "quotas.custom_key_stores": 8})
        server.init().start()
        server.proxy = proxy
        yield server
        assert server.stop() == 0, server.log_tail()
    assert not proxy.errors


@pytest.fixture
def proxy(world):
    world.proxy.reset()
    yield world.proxy
    world.proxy.reset()


@pytest.fixture(scope="module")
def kms(world):
    return world.admin.client("kms")


def state_of(kms, store):
    return kms.describe_custom_key_stores(CustomKeyStoreId=store)["CustomKeyStores"][0]["ConnectionState"]


def settle(kms, store):
    """Waits until the store has arrived, and returns where."""
    deadline = time.monotonic() + SETTLED_SECONDS
    while (state := state_of(kms, store)) in ("CONNECTING", "DISCONNECTING"):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return state


def connect(kms, store):
    kms.connect_custom_key_store(CustomKeyStoreId=store)
    assert settle(kms, store) == "CONNECTED"


def disconnect(kms, store):
    kms.disconnect_custom_key_store(CustomKeyStoreId=store)
    assert settle(kms, store) == "DISCONNECTED"


def new_store(kms, proxy, **changes):
    members = proxy.members(**changes)
    return kms.create_custom_key_store(**{"CustomKeyStoreName": f"store {next(NUMBERS)}", **members})["CustomKeyStoreId"]


def new_external_key(kms, proxy, store, **members):
    name = proxy.add_key(f"external-{next(NUMBERS)}")
    return kms.create_key(Origin="EXTERNAL_KEY_STORE", CustomKeyStoreId=store, XksKeyId=name, **members)["KeyMetadata"]


def empty(server, kms, store):
    """Deletes a store and all that is in it."""
    for key in kms.list_keys()["Keys"]:
        about = kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
        if about.get("CustomKeyStoreId") == store and about["KeyState"] != "PendingDeletion":
            kms.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=7)
    server.admin.call("Kagimori.AdvanceLifecycleClock", Seconds=8 * DAY)
    server.admin.call("Kagimori.Sweep")
    if state_of(kms, store) != "DISCONNECTED":
        disconnect(kms, store)
    kms.delete_custom_key_store(CustomKeyStoreId=store)


@pytest.fixture
def store(world, kms, proxy):
    """A connected store."""
    made = new_store(kms, proxy)
    connect(kms, made)
    yield made
    proxy.reset()
    empty(world, kms, made)


@pytest.fixture
def free_store(world, kms, proxy):
    """A store that is not connected."""
    made = new_store(kms, proxy)
    yield made
    proxy.reset()
    empty(world, kms, made)


# --- The life of a store ---


def test_the_life_of_a_store(world, kms, proxy):
    store = kms.create_custom_key_store(CustomKeyStoreName="cellar", **proxy.members())["CustomKeyStoreId"]
    assert store.startswith("cks-") and len(store) == 21
    answer = kms.describe_custom_key_stores(CustomKeyStoreName="cellar")
    assert answer["Truncated"] is False
    (entry,) = answer["CustomKeyStores"]
    assert entry.pop("CreationDate")
    assert entry == {
        "CustomKeyStoreId": store, "CustomKeyStoreName": "cellar", "ConnectionState": "DISCONNECTED",
        "CustomKeyStoreType": "EXTERNAL_KEY_STORE",
        "XksProxyConfiguration": {
            "Connectivity": "PUBLIC_ENDPOINT", "AccessKeyId": proxy.access_key, "UriEndpoint": f"https://{HOST}",
            "UriPath": proxy.prefix,
        },
    }
    connect(kms, store)
    connect(kms, store)  # nothing to do
    (call, request, _), *_ = [entry for entry in proxy.requests if entry[0] == "/health"]
    assert request["requestMetadata"]["kmsOperation"] == "CreateCustomKeyStore"
    assert {r["requestMetadata"]["kmsOperation"] for _, r, _ in proxy.requests} == {
        "CreateCustomKeyStore", "ConnectCustomKeyStore"}
    disconnect(kms, store)
    answer = kms.delete_custom_key_store(CustomKeyStoreId=store)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    refused("CustomKeyStoreNotFoundException", kms.describe_custom_key_stores, CustomKeyStoreId=store)


def test_answers_of_changes_are_empty_objects(world, kms, proxy, free_store):
    for operation in ("ConnectCustomKeyStore", "DisconnectCustomKeyStore"):
        answer = world.admin.post(f"TrentService.{operation}", {"CustomKeyStoreId": free_store})
        assert (answer.status_code, answer.text) == (200, "{}")
        settle(kms, free_store)


def test_lists_go_on_with_a_marker(world, kms, proxy):
    stores = []
    for n in range(3):
        proxy.prefix = f"/more-{n}/kms/xks/v1"
        stores.append(new_store(kms, proxy))
    pages, members = [], {"Limit": 2}
    while True:
        page = kms.describe_custom_key_stores(**members)
        pages.append([entry["CustomKeyStoreId"] for entry in page["CustomKeyStores"]])
        if not page["Truncated"]:
            break
        members["Marker"] = page["NextMarker"]
    assert sorted(sum(pages, [])) == sorted(stores) and [len(page) for page in pages] == [2, 1]
    refused("InvalidMarkerException", kms.describe_custom_key_stores, Marker="made up")
    refused("ValidationException", kms.describe_custom_key_stores, CustomKeyStoreId=stores[0], CustomKeyStoreName="x")
    for store in stores:
        kms.delete_custom_key_store(CustomKeyStoreId=store)


def test_names_and_places_are_unique(world, kms, proxy):
    first = new_store(kms, proxy, CustomKeyStoreName="first")
    refused("CustomKeyStoreNameInUseException", kms.create_custom_key_store, CustomKeyStoreName="first",
            **proxy.members(XksProxyUriPath="/other/kms/xks/v1"))
    refused("XksProxyUriInUseException", kms.create_custom_key_store, CustomKeyStoreName="second", **proxy.members())
    vpc = {"XksProxyConnectivity": "VPC_ENDPOINT_SERVICE",
           "XksProxyVpcEndpointServiceName": "com.amazonaws.vpce.us-east-1.vpce-svc-0123456789abcdef0"}
    proxy.prefix = "/vpc/kms/xks/v1"
    refused("XksProxyUriEndpointInUseException", kms.create_custom_key_store, CustomKeyStoreName="second",
            **proxy.members(**vpc))
    kms.delete_custom_key_store(CustomKeyStoreId=first)
    second = new_store(kms, proxy, CustomKeyStoreName="second", XksProxyVpcEndpointServiceOwner="111122223333", **vpc)
    (entry,) = kms.describe_custom_key_stores(CustomKeyStoreId=second)["CustomKeyStores"]
    assert entry["XksProxyConfiguration"]["VpcEndpointServiceName"] == vpc["XksProxyVpcEndpointServiceName"]
    assert entry["XksProxyConfiguration"]["VpcEndpointServiceOwner"] == "111122223333"
    refused("XksProxyVpcEndpointServiceInUseException", kms.create_custom_key_store, CustomKeyStoreName="third",
            **proxy.members(XksProxyUriEndpoint="https://other.example.com", **vpc))
    kms.update_custom_key_store(CustomKeyStoreId=second, XksProxyConnectivity="PUBLIC_ENDPOINT")
    (entry,) = kms.describe_custom_key_stores(CustomKeyStoreId=second)["CustomKeyStores"]
    assert "VpcEndpointServiceName" not in entry["XksProxyConfiguration"]
    kms.delete_custom_key_store(CustomKeyStoreId=second)


def test_the_quota(world, kms, proxy):
    stores = []
    for n in range(8):
        proxy.prefix = f"/quota-{n}/kms/xks/v1"
        stores.append(new_store(kms, proxy))
    refused("LimitExceededException", kms.create_custom_key_store, contains="custom_key_stores", CustomKeyStoreName="x",
            **proxy.members(XksProxyUriPath="/one-more/kms/xks/v1"))
    for store in stores:
        kms.delete_custom_key_store(CustomKeyStoreId=store)


@pytest.mark.parametrize("changes, code", (
    ({"CustomKeyStoreType": "AWS_CLOUDHSM"}, "UnsupportedOperationException"),
    ({"CustomKeyStoreType": None}, "UnsupportedOperationException"),
    ({"CustomKeyStoreType": "OTHER"}, "ValidationException"),
    ({"CloudHsmClusterId": "cluster-1a23b4cdefg"}, "ValidationException"),
    ({"XksProxyUriEndpoint": None}, "ValidationException"),
    ({"XksProxyUriEndpoint": "http://xks.example.com"}, "ValidationException"),
    ({"XksProxyUriEndpoint": "https://xks.example.com:8443"}, "ValidationException"),
    ({"XksProxyUriPath": None}, "ValidationException"),
    ({"XksProxyUriPath": "/kms/xks/v100"}, "ValidationException"),
    ({"XksProxyUriPath": "kms/xks/v1"}, "ValidationException"),
    ({"XksProxyConnectivity": None}, "ValidationException"),
    ({"XksProxyConnectivity": "VPC_ENDPOINT_SERVICE"}, "ValidationException"),
    ({"XksProxyVpcEndpointServiceName": "com.amazonaws.vpce.us-east-1.vpce-svc-1"}, "ValidationException"),
    ({"XksProxyVpcEndpointServiceName": "com.example.vpce.us-east-1.vpce-svc-1"}, "ValidationException"),
    ({"XksProxyAuthenticationCredential": None}, "ValidationException"),
    ({"XksProxyAuthenticationCredential": {"AccessKeyId": "short", "RawSecretAccessKey": "x" * 43}}, "ValidationException"),
    ({"XksProxyAuthenticationCredential": {"AccessKeyId": "A" * 20}}, "ValidationException"),
    ({"XksProxyAuthenticationCredential": "text"}, "SerializationException"),
))
def test_members_that_are_wrong(world, proxy, changes, code):
    members = {name: value for name, value in proxy.members(**changes).items() if value is not None}
    text = refused(code, raw_kms(world.admin).create_custom_key_store, CustomKeyStoreName="wrong", **members) if code != \
        "SerializationException" else None
    if text is None:
        answer = world.admin.post("TrentService.CreateCustomKeyStore", {"CustomKeyStoreName": "wrong", **members})
        assert answer.json()["__type"] == code
    elif "Credential" in str(changes):
        assert "xxxx" not in text and "short" not in text
    assert not proxy.requests


# --- What proxies do wrong, to who manages stores ---

OF_STORES = {
    "validation": "XksProxyInvalidResponseException",
    "malformed": "XksProxyInvalidResponseException",
    "huge": "XksProxyInvalidResponseException",
    "empty-fleet": "XksProxyInvalidResponseException",
    "internal": "XksProxyInvalidResponseException",
    "authentication": "XksProxyIncorrectAuthenticationCredentialException",
    "uri-path": "XksProxyInvalidConfigurationException",
    "throttling": "XksProxyUriUnreachableException",
    "dependency-timeout": "XksProxyUriUnreachableException",
    "slow": "XksProxyUriUnreachableException",
    "hang-up": "XksProxyUriUnreachableException",
    "no-manager": "XksProxyUriUnreachableException",
}
CONNECTION_ERRORS = {
    "malformed": "XKS_PROXY_INVALID_RESPONSE", "authentication": "INVALID_CREDENTIALS",
    "access-denied": "XKS_PROXY_ACCESS_DENIED", "uri-path": "XKS_PROXY_INVALID_CONFIGURATION",
    "slow": "XKS_PROXY_TIMED_OUT", "hang-up": "XKS_PROXY_NOT_REACHABLE", "no-manager": "XKS_PROXY_NOT_REACHABLE",
}


@pytest.mark.parametrize("fault, code", OF_STORES.items())
def test_a_store_whose_proxy_fails_is_not_made(world, kms, proxy, fault, code):
    proxy.fault = fault
    text = refused(code, kms.create_custom_key_store, CustomKeyStoreName=f"fails {fault}", **proxy.members())
    assert "words of the proxy" not in text
    proxy.fault = None
    assert kms.describe_custom_key_stores()["CustomKeyStores"] == []


@pytest.mark.parametrize("fault, code", OF_STORES.items())
def test_a_store_whose_new_proxy_fails_stays_as_it_is(world, kms, proxy, free_store, fault, code):
    before = kms.describe_custom_key_stores(CustomKeyStoreId=free_store)["CustomKeyStores"]
    proxy.fault, proxy.prefix = fault, "/elsewhere/kms/xks/v1"
    proxy.access_key, proxy.secret_key = "B" * 20, "x" * 43
    refused(code, kms.update_custom_key_store, CustomKeyStoreId=free_store, XksProxyUriPath=proxy.prefix,
            XksProxyAuthenticationCredential=proxy.members()["XksProxyAuthenticationCredential"])
    assert kms.describe_custom_key_stores(CustomKeyStoreId=free_store)["CustomKeyStores"] == before
    proxy.reset()
    connect(kms, free_store)  # with the credential that it had


@pytest.mark.parametrize("fault, code", CONNECTION_ERRORS.items())
def test_a_connection_that_fails(world, kms, proxy, free_store, fault, code):
    proxy.fault = fault
    kms.connect_custom_key_store(CustomKeyStoreId=free_store)
    assert settle(kms, free_store) == "FAILED"
    (entry,) = kms.describe_custom_key_stores(CustomKeyStoreId=free_store)["CustomKeyStores"]
    assert entry["ConnectionErrorCode"] == code
    proxy.fault = None
    refused("CustomKeyStoreInvalidStateException", kms.connect_custom_key_store, CustomKeyStoreId=free_store)
    disconnect(kms, free_store)
    (entry,) = kms.describe_custom_key_stores(CustomKeyStoreId=free_store)["CustomKeyStores"]
    assert "ConnectionErrorCode" not in entry
    connect(kms, free_store)


def test_a_certificate_for_another_name(world, kms, proxy, free_store):
    proxy.stop()
    proxy.start(name="elsewhere.example.com")
    try:
        refused("XksProxyUriUnreachableException", kms.create_custom_key_store, contains="certificate",
                CustomKeyStoreName="x", **proxy.members(XksProxyUriPath="/x/kms/xks/v1"))
        kms.connect_custom_key_store(CustomKeyStoreId=free_store)
        assert settle(kms, free_store) == "FAILED"
        (entry,) = kms.describe_custom_key_stores(CustomKeyStoreId=free_store)["CustomKeyStores"]
        assert entry["ConnectionErrorCode"] == "XKS_PROXY_INVALID_TLS_CONFIGURATION"
    finally:
        proxy.stop()
        proxy.start()


def test_a_wrong_secret(world, kms, proxy):
    wrong = {"AccessKeyId": proxy.access_key, "RawSecretAccessKey": "w" * 43}
    refused("XksProxyIncorrectAuthenticationCredentialException", kms.create_custom_key_store, CustomKeyStoreName="x",
            **proxy.members(XksProxyAuthenticationCredential=wrong))


# --- Connection states and operations ---


def into(world, kms, proxy, store, state):
    """Brings a disconnected store into a state and keeps it there."""
    if state == "DISCONNECTED":
        return
    if state == "CONNECTING":
        world.admin.call("Kagimori.HoldSweeper", Held=True)
        kms.connect_custom_key_store(CustomKeyStoreId=store)
    elif state == "FAILED":
        proxy.fault = "malformed"
        kms.connect_custom_key_store(CustomKeyStoreId=store)
        settle(kms, store)
        proxy.fault = None
    else:
        connect(kms, store)
        if state == "DISCONNECTING":
            world.admin.call("Kagimori.HoldSweeper", Held=True)
            kms.disconnect_custom_key_store(CustomKeyStoreId=store)
    assert state_of(kms, store) == state


# AWS KMS developer guide, "Connection state": what each state refuses.
REFUSED_IN = {
    "connect_custom_key_store": ("FAILED", "DISCONNECTING"),
    "disconnect_custom_key_store": ("DISCONNECTED", "DISCONNECTING"),
    "delete_custom_key_store": ("CONNECTED", "CONNECTING", "FAILED", "DISCONNECTING"),
    "rename": ("CONNECTING", "FAILED", "DISCONNECTING"),
    "new path": ("CONNECTING", "FAILED", "DISCONNECTING"),
    "new credential": ("CONNECTING", "FAILED", "DISCONNECTING"),
    "new endpoint": ("CONNECTED", "CONNECTING", "FAILED", "DISCONNECTING"),
    "create_key": ("CONNECTING", "FAILED", "DISCONNECTED", "DISCONNECTING"),
    "describe": (),
}


@pytest.mark.parametrize("state", ("CONNECTED", "CONNECTING", "FAILED", "DISCONNECTED", "DISCONNECTING"))
@pytest.mark.parametrize("what", REFUSED_IN)
def test_states_and_operations(world, kms, proxy, what, state):
    store = new_store(kms, proxy)
    update = lambda **members: kms.update_custom_key_store(CustomKeyStoreId=store, **members)
    calls = {
        "rename": lambda: update(NewCustomKeyStoreName=f"renamed {next(NUMBERS)}"),
        "new path": lambda: update(XksProxyUriPath="/moved/kms/xks/v1"),
        "new credential": lambda: update(
            XksProxyAuthenticationCredential={"AccessKeyId": "Z" * 20, "RawSecretAccessKey": "z" * 43}),
        "new endpoint": lambda: update(XksProxyUriEndpoint="https://elsewhere.example.com"),
        "create_key": lambda: new_external_key(kms, proxy, store),
        "describe": lambda: kms.describe_custom_key_stores(CustomKeyStoreId=store),
    }
    call = calls.get(what, lambda: getattr(kms, what)(CustomKeyStoreId=store))
    try:
        into(world, kms, proxy, store, state)
        if what == "new path":
            proxy.prefix = "/moved/kms/xks/v1"
        if what == "new credential":
            proxy.access_key, proxy.secret_key = "Z" * 20, "z" * 43
        if state in REFUSED_IN[what]:
            refused("CustomKeyStoreInvalidStateException", call, contains=state)
            assert state_of(kms, store) == state
        elif what == "new endpoint":
            refused("XksProxyUriUnreachableException", call)  # nobody answers there
        else:
            call()
    finally:
        world.admin.call("Kagimori.HoldSweeper", Held=False)
        if kms.describe_custom_key_stores()["CustomKeyStores"]:
            settle(kms, store)
            empty(world, kms, store)


@pytest.mark.parametrize("operation", STORE_OPERATIONS)
def test_unknown_stores(kms, operation):
    refused("CustomKeyStoreNotFoundException", getattr(kms, operation), CustomKeyStoreId="cks-1234567890abcdef0")


def test_unknown_stores_elsewhere(kms, proxy):
    unknown = {"CustomKeyStoreId": "cks-1234567890abcdef0"}
    refused("CustomKeyStoreNotFoundException", kms.update_custom_key_store, NewCustomKeyStoreName="x", **unknown)
    refused("CustomKeyStoreNotFoundException", kms.describe_custom_key_stores, CustomKeyStoreName="nobody")
    refused("CustomKeyStoreNotFoundException", kms.generate_random, NumberOfBytes=8, **unknown)
    refused("CustomKeyStoreNotFoundException", kms.create_key, Origin="EXTERNAL_KEY_STORE", XksKeyId="x", **unknown)


def test_random_bytes_of_an_external_key_store(kms, store):
    refused("UnsupportedOperationException", kms.generate_random, NumberOfBytes=8, CustomKeyStoreId=store)


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
    ({"Origin": "AWS_CLOUDHSM"}, "UnsupportedOperationException"),
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
            "InvalidCiphertextException", "KMSInvalidStateException", "IncorrectKeyException"), place
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


@pytest.mark.parametrize("end", ("restart", "crash_and_restart"))
def test_what_was_under_way_goes_on_after_a_restart(world, kms, proxy, free_store, end):
    world.admin.call("Kagimori.HoldSweeper", Held=True)
    kms.connect_custom_key_store(CustomKeyStoreId=free_store)
    assert state_of(kms, free_store) == "CONNECTING"
    getattr(world, end)()
    assert settle(kms, free_store) == "CONNECTED"
    world.admin.call("Kagimori.HoldSweeper", Held=True)
    kms.disconnect_custom_key_store(CustomKeyStoreId=free_store)
    getattr(world, end)()
    assert settle(kms, free_store) == "DISCONNECTED"


def test_an_older_attempt_does_not_decide(world, kms, proxy, free_store):
    world.admin.call("Kagimori.HoldSweeper", Held=True)
    kms.connect_custom_key_store(CustomKeyStoreId=free_store)
    kms.disconnect_custom_key_store(CustomKeyStoreId=free_store)
    assert state_of(kms, free_store) == "DISCONNECTING"
    world.admin.call("Kagimori.HoldSweeper", Held=False)
    assert settle(kms, free_store) == "DISCONNECTED"


# --- Permissions ---

ACTIONS = {
    "create_custom_key_store": "CreateCustomKeyStore", "update_custom_key_store": "UpdateCustomKeyStore",
    "delete_custom_key_store": "DeleteCustomKeyStore", "connect_custom_key_store": "ConnectCustomKeyStore",
    "disconnect_custom_key_store": "DisconnectCustomKeyStore",
    "describe_custom_key_stores": "DescribeCustomKeyStores",
}


@pytest.mark.parametrize("operation", ACTIONS)
def test_permissions(world, proxy, make_user, operation):
    stranger = make_user(on=world).client()
    others = [f"kms:{action}" for name, action in ACTIONS.items() if name != operation]
    one_short = make_user(on=world, allow=others).client()
    members = {
        "create_custom_key_store": {"CustomKeyStoreName": "x", **proxy.members()},
        "update_custom_key_store": {"CustomKeyStoreId": "cks-0", "NewCustomKeyStoreName": "y"},
        "describe_custom_key_stores": {},
    }.get(operation, {"CustomKeyStoreId": "cks-0"})
    for client in (stranger, one_short):
        refused("AccessDeniedException", getattr(client, operation), contains=f"kms:{ACTIONS[operation]}", **members)
    assert not proxy.requests


def test_who_may_use_such_a_key(world, kms, proxy, store, make_user):
    key = new_external_key(kms, proxy, store)["Arn"]
    user = make_user(on=world, allow=["kms:Encrypt"], resource=key)
    user.client().encrypt(KeyId=key, Plaintext=b"x")
    assert proxy.requests[-1][1]["requestMetadata"]["awsPrincipalArn"] == user.arn
    refused("AccessDeniedException", user.client().generate_data_key, KeyId=key, KeySpec="AES_256")


def test_secrets_are_nowhere(world, kms, proxy, store):
    new_external_key(kms, proxy, store)
    audit = (world.data / "audit" / "audit.jsonl").read_text()
    for text in (audit, world.log_file.read_text()):
        assert proxy.secret_key not in text
    for file in world.data.rglob("*"):
        if file.is_file():
            assert proxy.secret_key.encode() not in file.read_bytes(), file
    assert '"eventName":"ChangeKeyStoreConnection"' in audit
