"""The AWS SDK for Go v2 against the server, in the order in which Terraform's AWS provider works (tests/go/main.go)."""

import pytest
from harness import GO_CLIENT, Server, free_port

pytestmark = pytest.mark.skipif(not GO_CLIENT.exists(), reason="no Go of the version that tests/go/go.mod wants is installed")


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """Of a server of its own, whose lifecycle clock no other test has moved: the client counts days by its own."""
    server = Server(tmp_path_factory.mktemp("go") / "data", free_port()).init().start()
    yield server.admin.go()
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


@pytest.mark.parametrize("what", ("verified ECC_NIST_P256", "verified RSA_2048", "wrongMac", "imported"))
def test_other_kinds_of_keys(seen, what):
    assert seen[what] is True


def test_a_key_is_destroyed(seen):
    assert (seen["disabled"], seen["state"], seen["deletionInDays"]) == (True, "PendingDeletion", 7)
