"""The AWS SDKs for Java v2 (synchronous and asynchronous, tests/java) and Rust (tests/rust) against the server: each client
tells of itself what was as at AWS, with cryptography of its own on the other side."""

import pytest
from harness import JAVA_CLIENT, RUST_CLIENT, Server, free_port

JAVA = (
    "alias", "aliasTwice", "async", "cancelled", "created", "dataKey", "decrypted", "described", "disabled", "dryRun", "ecdsa",
    "ed25519", "grantPages", "importedMac", "incorrectKey", "keyPages", "malformedPolicy", "notFound", "oaep", "otherContext",
    "pendingDeletion", "pendingImport", "policy", "pss", "random", "reEncrypted", "revoked", "rotation", "tagged", "validation",
    "verified", "wrongMac", "wrongSignature", "wrongUsage",
)
RUST = (
    "alias", "aliasTwice", "atOnce", "created", "dataKey", "decrypted", "described", "disabled", "dryRun", "ecdsa", "ecdsa384",
    "ed25519", "grantPages", "keyPages", "mac", "notFound", "otherContext", "pendingDeletion", "policy", "pss", "revoked",
    "rotation", "tagged", "validation", "wrongMac",
)


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    """Runs a client against a server of its own."""
    servers = []

    def run(*command):
        server = Server(tmp_path_factory.mktemp("client") / "data", free_port()).init().start()
        servers.append(server)
        return server.admin.run(*command)

    yield run
    for server in servers:
        assert server.stop() == 0, server.log_tail()


@pytest.fixture(scope="module")
def java(client):
    if not JAVA_CLIENT.exists():
        pytest.skip("no JDK 17 or newer with Maven is installed")
    return client("java", "-cp", f"{JAVA_CLIENT / 'classes'}:{JAVA_CLIENT / 'lib'}/*", "Client")


@pytest.fixture(scope="module")
def rust(client):
    if not RUST_CLIENT.exists():
        pytest.skip("no Rust of the version that tests/rust/Cargo.toml wants is installed")
    return client(RUST_CLIENT)


@pytest.mark.parametrize("what", JAVA)
def test_java(java, what):
    assert java[what] is True


@pytest.mark.parametrize("what", RUST)
def test_rust(rust, what):
    assert rust[what] is True


def test_every_finding_is_looked_at(java, rust):
    assert (set(java), set(rust)) == (set(JAVA), set(RUST))
