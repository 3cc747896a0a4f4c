"""What the tests of custom key stores in an HSM share: a server with a SoftHSM of its own (softhsm.py), stores and keys.
Whoever tests with them imports the fixtures: world, hsm, kms, store, free_store."""

import time
from pathlib import Path

import pytest
from harness import Server, free_port
from softhsm import MODULE, SoftHsm
from xks_case import NUMBERS, connect, empty


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A server and the HSM that it knows."""
    if not Path(MODULE).exists():
        pytest.skip("SoftHSM 2 (package softhsm2) is not installed")
    folder = tmp_path_factory.mktemp("hsm")
    hsm = SoftHsm(folder / "softhsm")
    server = Server(folder / "data", free_port(), settings=hsm.settings())
    server.init().start()
    server.hsm = hsm
    yield server
    assert server.stop() == 0, server.log_tail()


@pytest.fixture
def hsm(world):
    yield world.hsm
    world.hsm.show()


@pytest.fixture(scope="module")
def kms(world):
    return world.admin.client("kms")


def new_store(kms, hsm, **changes):
    members = {"CustomKeyStoreName": f"store {next(NUMBERS)}", **hsm.members(**changes)}
    return kms.create_custom_key_store(**members)["CustomKeyStoreId"]


def new_hsm_key(kms, store, **members):
    return kms.create_key(Origin="AWS_CLOUDHSM", CustomKeyStoreId=store, **members)["KeyMetadata"]


def remove(server, kms, store):
    """Deletes a store, connected so that its keys can be removed, and all that is in it."""
    server.hsm.show()
    state = kms.describe_custom_key_stores(CustomKeyStoreId=store)["CustomKeyStores"][0]["ConnectionState"]
    if state == "FAILED":
        kms.disconnect_custom_key_store(CustomKeyStoreId=store)
        settle_disconnected(kms, store)
        state = "DISCONNECTED"
    if state == "DISCONNECTED":
        connect(kms, store)
    empty(server, kms, store)


def settle_disconnected(kms, store):
    deadline = time.monotonic() + 20
    while kms.describe_custom_key_stores(CustomKeyStoreId=store)["CustomKeyStores"][0]["ConnectionState"] != "DISCONNECTED":
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture
def store(world, kms, hsm):
    """A connected store."""
    made = new_store(kms, hsm)
    connect(kms, made)
    yield made
    remove(world, kms, made)


@pytest.fixture
def free_store(world, kms, hsm):
    """A store that is not connected."""
    made = new_store(kms, hsm)
    yield made
    remove(world, kms, made)
