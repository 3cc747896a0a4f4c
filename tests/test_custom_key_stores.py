"""Custom key stores: the life of an external key store, what its proxy does wrong, connection states and permissions."""

import pytest
from kms_case import raw_kms, refused
from xks_case import (  # noqa: F401, the fixtures
    NUMBERS, connect, disconnect, empty, free_store, kms, new_external_key, new_store, proxy, settle, state_of, store,
    world,
)
from xks_proxy import HOST

STORE_OPERATIONS = ("connect_custom_key_store", "disconnect_custom_key_store", "delete_custom_key_store")


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
    ({"CustomKeyStoreType": "AWS_CLOUDHSM"}, "ValidationException"),
    ({"CustomKeyStoreType": None}, "ValidationException"),
    ({"CustomKeyStoreType": None, "CloudHsmClusterId": "cluster-23456abcdef", "TrustAnchorCertificate": "x",
      "KeyStorePassword": "secret-password"}, "ValidationException"),
    ({"CustomKeyStoreType": None, "XksProxyUriEndpoint": None, "XksProxyUriPath": None, "XksProxyConnectivity": None,
      "XksProxyAuthenticationCredential": None, "CloudHsmClusterId": "cluster-23456abcdef",
      "TrustAnchorCertificate": "x", "KeyStorePassword": "secret-password"}, "CloudHsmClusterNotFoundException"),
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


# --- Restarts and crashes ---


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
