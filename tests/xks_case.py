"""What the tests of custom key stores share: a server with a proxy of its own (xks_proxy.py), stores and their keys.
Whoever tests with them imports the fixtures: world, proxy, kms, store, free_store."""

import itertools
import time

import pytest
from botocore.exceptions import ClientError
from harness import Server, free_port
from kms_case import DAY
from xks_proxy import XksProxy

NUMBERS = itertools.count(1)
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


def in_time(call):
    """What the call answers; once more if the proxy, a thread of a busy machine's tests, took longer than the 250
    milliseconds that it has."""
    try:
        return call()
    except ClientError as error:
        if "within 250 milliseconds" not in str(error):
            raise
        return call()


def new_store(kms, proxy, **changes):
    members = {"CustomKeyStoreName": f"store {next(NUMBERS)}", **proxy.members(**changes)}
    return in_time(lambda: kms.create_custom_key_store(**members))["CustomKeyStoreId"]


def new_external_key(kms, proxy, store, **members):
    name = proxy.add_key(f"external-{next(NUMBERS)}")
    wanted = {"Origin": "EXTERNAL_KEY_STORE", "CustomKeyStoreId": store, "XksKeyId": name, **members}
    return in_time(lambda: kms.create_key(**wanted))["KeyMetadata"]


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
