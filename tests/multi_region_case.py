"""What the tests of multi-Region keys share: a server of three Regions with a client for each, and how a key tells of the
keys that it is related to. A test module takes the fixtures that it needs by importing them."""

import json
import time

import pytest
from harness import Server, free_port
from kms_case import new_key
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
