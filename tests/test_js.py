"""The AWS SDK for JavaScript v3 against the server."""

import pytest


@pytest.fixture(scope="module")
def seen(fresh_module_server):
    return fresh_module_server.admin.node("flow.mjs")


@pytest.fixture(scope="module")
def fresh_module_server(tmp_path_factory):
    """A store with few keys, so that the pages of the script are few."""
    from harness import Server, free_port

    one = Server(tmp_path_factory.mktemp("js") / "data", free_port()).init().start()
    kms = one.admin.client()
    for _ in range(4):
        kms.create_key()
    yield one
    one.kill()


def test_envelope_encryption_before_and_after_every_change(seen):
    assert seen["created"] is True
    assert [seen[name] for name in ("document", "afterRotation", "afterEnabling")] == ["the document"] * 3
    assert seen["rotations"] == 1
    assert seen["listed"] == 1


def test_states(seen):
    assert (seen["scheduled"], seen["deletionIsADate"], seen["cancelled"]) == ("PendingDeletion", True, "Disabled")


@pytest.mark.parametrize("name, code", (
    ("otherContext", "InvalidCiphertextException"), ("disabled", "DisabledException"),
    ("pending", "KMSInvalidStateException"), ("unknown", "NotFoundException"),
))
def test_errors_are_the_sdk_s_own_classes(seen, name, code):
    assert (seen[name]["name"], seen[name]["typed"]) == (code, True)
