"""Custom key stores of type AWS_CLOUDHSM: their life, clusters, passwords, what a connection can fail with."""

import json

import pytest
from audit_log import audit_text
from hsm_case import free_store, hsm, kms, new_hsm_key, new_store, remove, store, world  # noqa: F401, the fixtures
from kms_case import refused
from softhsm import CLUSTER, PASSWORD, SISTER, STRANGER, certificate, session_hosts
from xks_case import connect, disconnect, settle


def entry_of(kms, store):
    return kms.describe_custom_key_stores(CustomKeyStoreId=store)["CustomKeyStores"][0]


def test_the_life_of_a_store(world, kms, hsm):
    store = kms.create_custom_key_store(CustomKeyStoreName="cellar", **hsm.members())["CustomKeyStoreId"]
    entry = entry_of(kms, store)
    assert entry.pop("CreationDate")
    assert entry == {
        "CustomKeyStoreId": store, "CustomKeyStoreName": "cellar", "ConnectionState": "DISCONNECTED",
        "CustomKeyStoreType": "AWS_CLOUDHSM", "CloudHsmClusterId": CLUSTER, "TrustAnchorCertificate": hsm.anchor,
    }
    connect(kms, store)
    assert session_hosts(world)
    disconnect(kms, store)
    while session_hosts(world):  # a session that is not needed is not kept
        pass
    kms.delete_custom_key_store(CustomKeyStoreId=store)
    refused("CustomKeyStoreNotFoundException", kms.describe_custom_key_stores, CustomKeyStoreId=store)


@pytest.mark.parametrize("changes, code", (
    ({"CloudHsmClusterId": None}, "ValidationException"),
    ({"TrustAnchorCertificate": None}, "ValidationException"),
    ({"KeyStorePassword": None}, "ValidationException"),
    ({"XksProxyUriPath": "/kms/xks/v1"}, "ValidationException"),
    ({"CustomKeyStoreType": "EXTERNAL_KEY_STORE"}, "ValidationException"),
    ({"CloudHsmClusterId": "cluster-zzzzzzzzzzz"}, "CloudHsmClusterNotFoundException"),
    ({"CloudHsmClusterId": STRANGER}, "IncorrectTrustAnchorException"),
    ({"TrustAnchorCertificate": "no certificate"}, "IncorrectTrustAnchorException"),
    ({"TrustAnchorCertificate": certificate("cluster CA")}, "IncorrectTrustAnchorException"),
))
def test_stores_that_cannot_be(kms, hsm, changes, code):
    text = refused(code, kms.create_custom_key_store, CustomKeyStoreName="x", **hsm.members(**changes))
    assert PASSWORD not in text


def test_one_store_to_a_cluster(kms, hsm, free_store):
    refused("CloudHsmClusterInUseException", kms.create_custom_key_store, CustomKeyStoreName="x", **hsm.members())
    windows = hsm.anchor.replace("\n", "\r\n") + "\r\n"  # the same certificate
    other = kms.create_custom_key_store(
        CustomKeyStoreName="x", **hsm.members(CloudHsmClusterId=SISTER, TrustAnchorCertificate=windows))
    refused("CloudHsmClusterInUseException", kms.update_custom_key_store, CustomKeyStoreId=other["CustomKeyStoreId"],
            CloudHsmClusterId=CLUSTER)
    kms.delete_custom_key_store(CustomKeyStoreId=other["CustomKeyStoreId"])


def test_updates(world, kms, hsm, store):
    key = new_hsm_key(kms, store)["KeyId"]
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    for change in ({"NewCustomKeyStoreName": "y"}, {"KeyStorePassword": PASSWORD}, {"CloudHsmClusterId": SISTER}):
        refused("CustomKeyStoreInvalidStateException", kms.update_custom_key_store, CustomKeyStoreId=store, **change)
    disconnect(kms, store)
    refused("ValidationException", kms.update_custom_key_store, CustomKeyStoreId=store, XksProxyUriPath="/kms/xks/v1")
    refused("ValidationException", kms.update_custom_key_store, CustomKeyStoreId=store)
    refused("CloudHsmClusterNotFoundException", kms.update_custom_key_store, CustomKeyStoreId=store,
            CloudHsmClusterId="cluster-zzzzzzzzzzz")
    refused("CloudHsmClusterNotRelatedException", kms.update_custom_key_store, CustomKeyStoreId=store,
            CloudHsmClusterId=STRANGER)
    kms.update_custom_key_store(CustomKeyStoreId=store, NewCustomKeyStoreName="renamed", CloudHsmClusterId=SISTER)
    entry = entry_of(kms, store)
    assert (entry["CustomKeyStoreName"], entry["CloudHsmClusterId"]) == ("renamed", SISTER)
    connect(kms, store)
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"  # the token is the same
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["CloudHsmClusterId"] == SISTER


def test_a_wrong_password(world, kms, hsm):
    store = new_store(kms, hsm, KeyStorePassword="wrong-horse")  # AWS tries it with the connection only, too
    kms.connect_custom_key_store(CustomKeyStoreId=store)
    assert settle(kms, store) == "FAILED"
    assert entry_of(kms, store)["ConnectionErrorCode"] == "INVALID_CREDENTIALS"
    refused("CustomKeyStoreInvalidStateException", kms.connect_custom_key_store, CustomKeyStoreId=store)
    refused("CustomKeyStoreInvalidStateException", kms.create_key, Origin="AWS_CLOUDHSM", CustomKeyStoreId=store)
    disconnect(kms, store)
    kms.update_custom_key_store(CustomKeyStoreId=store, KeyStorePassword=PASSWORD)
    connect(kms, store)
    remove(world, kms, store)


def test_a_password_that_changes_in_the_hsm(world, kms, hsm, store):
    key = new_hsm_key(kms, store)["KeyId"]
    hsm.change_password(PASSWORD, "another-horse")
    disconnect(kms, store)
    kms.connect_custom_key_store(CustomKeyStoreId=store)
    assert settle(kms, store) == "FAILED"
    disconnect(kms, store)
    kms.update_custom_key_store(CustomKeyStoreId=store, KeyStorePassword="another-horse")
    connect(kms, store)
    assert kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    hsm.change_password("another-horse", PASSWORD)
    disconnect(kms, store)
    kms.update_custom_key_store(CustomKeyStoreId=store, KeyStorePassword=PASSWORD)


def test_a_token_that_is_not_there(kms, hsm, free_store):
    hsm.hide()
    kms.connect_custom_key_store(CustomKeyStoreId=free_store)
    assert settle(kms, free_store) == "FAILED"
    assert entry_of(kms, free_store)["ConnectionErrorCode"] == "INSUFFICIENT_CLOUDHSM_HSMS"
    hsm.show()
    disconnect(kms, free_store)
    connect(kms, free_store)


def test_a_cluster_that_is_configured_no_more(world, kms, hsm, store):
    settings, key = world.settings, new_hsm_key(kms, store)["KeyId"]
    world.settings = {name: value for name, value in settings.items() if not name.startswith("hsm_clusters")}
    world.restart()
    refused("KMSInvalidStateException", kms.encrypt, KeyId=key, Plaintext=b"x", contains="hsm_clusters")
    disconnect(kms, store)
    kms.connect_custom_key_store(CustomKeyStoreId=store)
    assert settle(kms, store) == "FAILED"
    assert entry_of(kms, store)["ConnectionErrorCode"] == "CLUSTER_NOT_FOUND"
    world.settings = settings
    world.restart()
    disconnect(kms, store)
    connect(kms, store)
    assert kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]


def test_random_bytes_of_the_hsm(kms, hsm, store, free_store_of_sister):
    drawn = {kms.generate_random(NumberOfBytes=n, CustomKeyStoreId=store)["Plaintext"] for n in (16, 16, 1024)}
    assert sorted(map(len, drawn)) == [16, 16, 1024]
    refused("CustomKeyStoreInvalidStateException", kms.generate_random, NumberOfBytes=16,
            CustomKeyStoreId=free_store_of_sister)
    hsm.hide()
    disconnect(kms, store)
    connect_fails = settle_connect(kms, store)
    assert connect_fails == "FAILED"
    refused("CustomKeyStoreInvalidStateException", kms.generate_random, NumberOfBytes=16, CustomKeyStoreId=store)


def settle_connect(kms, store):
    kms.connect_custom_key_store(CustomKeyStoreId=store)
    return settle(kms, store)


@pytest.fixture
def free_store_of_sister(world, kms, hsm):
    made = new_store(kms, hsm, CloudHsmClusterId=SISTER)
    yield made
    kms.delete_custom_key_store(CustomKeyStoreId=made)


def test_a_wrong_configuration_is_told_at_start(world, tmp_path):
    broken = tmp_path / "broken.pem"
    broken.write_text("no certificate")
    for option, value, told in (
            ("hsm_clusters.1.trust_anchor", broken, "can't be read as one certificate in PEM"),
            ("hsm_clusters.1.id", "cluster-1", "must have 19 to 24 characters"),
            ("hsm_clusters.1.id", "cluster-0000000000000", "is not the id of a cluster"),
            ("hsm_clusters.2.id", CLUSTER, "is the id of an earlier cluster already"),
            ("hsm_clusters.1.environment", "SOFTHSM2_CONF", "is not NAME=value"),
            ("hsm_clusters.5.id", "cluster-abcdefghijz", "numbered from 1 without a gap"),
    ):
        settings = world.settings
        world.settings = {**settings, option: value}
        done = world.command("config", "check", "--config", world.config, check=False)
        world.settings = settings
        assert done.returncode != 0 and told in done.stderr, (option, done.stderr)


def test_the_password_is_nowhere(world, kms, hsm, store):
    new_hsm_key(kms, store)
    audit = audit_text(world)
    assert CLUSTER in audit
    for file in (*world.data.rglob("*"), world.log_file):
        if file.is_file():
            assert PASSWORD.encode() not in file.read_bytes(), file
    events = [json.loads(line) for line in audit.splitlines()]
    (made,) = [e for e in events if e["eventName"] == "CreateCustomKeyStore" and not e.get("errorCode")
               and e["responseElements"]["customKeyStoreId"] == store]
    assert made["requestParameters"]["cloudHsmClusterId"] == CLUSTER
