"""The AWS SDK for Go v2 against the server, in the order in which Terraform's AWS provider works (tests/go/main.go)."""

import pytest
from harness import GO_CLIENT, Server, free_port

pytestmark = pytest.mark.skipif(not GO_CLIENT.exists(), reason="no Go of the version that tests/go/go.mod wants is installed")


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """Of a server of its own, whose lifecycle clock no other test has moved: the client counts days by its own."""
    server = Server(tmp_path_factory.mktemp("go") / "data", free_port()).init().start()
    found = server.admin.go()
    listed = server.admin.client().get_paginator("list_keys").paginate().search("Keys[].KeyId")
    identity = server.admin.client("sts").get_caller_identity()
    yield {**found, "expectedKeys": sorted(listed), "expectedCaller": [identity[name] for name in ("Account", "Arn", "UserId")]}
    server.kill()


def test_a_key_reads_back_as_it_was_wished(seen):
    assert seen["policyUnchanged"] is True
    assert seen["tags"] == {"stage": "test", "x:y": ""}


def test_a_key_reads_back_as_it_was_changed(seen):
    assert seen["policyChanged"] is True and seen["rotationChanged"] is False
    assert seen["tagsChanged"] == {"stage": "live"}
    assert seen["description"] == "changed"


@pytest.mark.parametrize("what", ("aliasTarget", "aliasMoved", "aliasGone", "aliasGoneTwice"))
def test_an_alias(seen, what):
    assert seen[what] is True


def test_a_grant(seen):
    assert {**seen["grant"], "operations": set(seen["grant"]["operations"])} == {
        "name": "terraform", "grantee": True, "retiring": True, "operations": {"Encrypt", "Decrypt"},
        "subset": {"tenant": "acme"}}
    assert seen["grantGone"] is True


def test_a_role_with_a_policy_uses_the_key(seen):
    assert seen["attached"] is True and seen["roleExists"] is True
    assert seen["document"] == "the document" and seen["otherContext"] is True
    assert "AccessDeniedException" in seen["notAllowed"] and "kms:GenerateDataKey" in seen["notAllowed"]


@pytest.mark.parametrize("what", ("verified ECC_NIST_P256", "verified RSA_2048", "wrongMac", "wrongSignature", "imported",
                                  "importedMac", "otherMaterial", "dataKey"))
def test_other_kinds_of_keys(seen, what):
    assert seen[what] is True


def test_pages_hold_every_key_once(seen):
    assert sorted(seen["listedKeys"]) == seen["expectedKeys"]
    assert seen["listedPages"] == (len(seen["expectedKeys"]) + 1) // 2 > 1


def test_the_caller(seen):
    assert seen["caller"] == seen["expectedCaller"]


def test_the_period_of_rotation_changes(seen):
    assert seen["rotationPeriods"] == [180, 365]


def test_a_whole_role(seen):
    made = {"path": "/made/", "description": "by terraform", "seconds": 7200, "tags": {"stage": "test"}, "trust": True, "inline": 0}
    assert seen["role"] == made
    assert seen["roleChanged"] == {**made, "description": "changed", "seconds": 3600, "tags": {"x:y": ""}}
    assert seen["noProfiles"] is True and seen["roleGone"] is True


def test_a_whole_policy(seen):
    made = {"path": "/made/", "description": "by terraform", "version": "v1", "tags": {"stage": "test"}, "document": True}
    assert seen["policy"] == made
    assert seen["policyVersioned"] == {**made, "version": "v2"}
    assert seen["otherVersions"] == 1 and seen["policyGone"] is True


def test_a_key_is_destroyed(seen):
    assert (seen["disabled"], seen["state"], seen["deletionInDays"]) == (True, "PendingDeletion", 7)
