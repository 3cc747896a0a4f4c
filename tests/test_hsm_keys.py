"""Keys in an HSM: made in it and used in place, what becomes of a lost session, and their destruction."""

import os
import signal
import threading
import time

import pytest
from audit_log import audit_text
from botocore.exceptions import ClientError
from hsm_case import hsm, kms, new_hsm_key, new_store, remove, store, world  # noqa: F401, the fixtures
from kms_case import DAY, refused
from softhsm import CLUSTER, session_hosts, signal_hosts
from test_audit import event_of
from xks_case import connect, disconnect, settle, state_of

CONTEXT = {"project": "nile", "department": "marketing"}


def wait_for(condition):
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def destroy(world, kms, key):
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    world.admin.call("Kagimori.AdvanceLifecycleClock", Seconds=8 * DAY)
    world.admin.call("Kagimori.Sweep")


# --- Keys ---


def test_a_key_is_made_in_the_hsm_and_stays_there(kms, hsm, store):
    made = new_hsm_key(kms, store, Description="in the cellar")
    about = kms.describe_key(KeyId=made["KeyId"])["KeyMetadata"]
    assert about == made
    assert (about["Origin"], about["KeyState"], about["CustomKeyStoreId"]) == ("AWS_CLOUDHSM", "Enabled", store)
    assert about["CloudHsmClusterId"] == CLUSTER
    assert "XksKeyConfiguration" not in about and "CurrentKeyMaterialId" not in about
    inside = hsm.keys()[made["KeyId"]]
    assert inside["kind"] == "AES length 32" and inside["Usage"] == "encrypt, decrypt"
    assert inside["Access"] == "sensitive, always sensitive, never extractable, local"


@pytest.mark.parametrize("members, code", (
    ({"CustomKeyStoreId": None}, "ValidationException"),
    ({"XksKeyId": "x"}, "ValidationException"),
    ({"CustomKeyStoreId": "cks-00000000000000000"}, "CustomKeyStoreNotFoundException"),
    ({"Origin": "EXTERNAL_KEY_STORE", "XksKeyId": "x"}, "UnsupportedOperationException"),
    ({"KeySpec": "RSA_2048", "KeyUsage": "ENCRYPT_DECRYPT"}, "UnsupportedOperationException"),
    ({"KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC"}, "UnsupportedOperationException"),
    ({"MultiRegion": True}, "UnsupportedOperationException"),
    ({"Policy": "{}"}, "MalformedPolicyDocumentException"),
))
def test_keys_that_cannot_be(kms, hsm, store, members, code):
    before = hsm.keys()
    good = {"Origin": "AWS_CLOUDHSM", "CustomKeyStoreId": store}
    refused(code, kms.create_key, **{name: value for name, value in {**good, **members}.items() if value is not None})
    assert hsm.keys() == before


@pytest.mark.parametrize("operation, members", (
    ("generate_data_key_pair", {"KeyPairSpec": "ECC_NIST_P256"}),
    ("generate_data_key_pair_without_plaintext", {"KeyPairSpec": "ECC_NIST_P256"}),
    ("enable_key_rotation", {}), ("rotate_key_on_demand", {}), ("get_key_rotation_status", {}),
    ("replicate_key", {"ReplicaRegion": "eu-central-1"}),
))
def test_what_such_keys_do_not_do(kms, store, operation, members):
    key = new_hsm_key(kms, store)["KeyId"]
    refused("UnsupportedOperationException", getattr(kms, operation), KeyId=key, **members)


# --- Cryptography ---


def test_encryption(world, kms, hsm, store):
    key = new_hsm_key(kms, store)
    for size in (1, 4096):
        sealed = kms.encrypt(KeyId=key["KeyId"], Plaintext=b"\x5a" * size, EncryptionContext=CONTEXT)
        blob = sealed["CiphertextBlob"]
        assert len(blob) == size + 59 and blob[:2] == b"\x01\x03"
        assert kms.encrypt(KeyId=key["KeyId"], Plaintext=b"\x5a" * size)["CiphertextBlob"] != blob
        opened = kms.decrypt(CiphertextBlob=blob, EncryptionContext=CONTEXT)
        assert (opened["Plaintext"], opened["KeyId"]) == (b"\x5a" * size, key["Arn"])
        assert kms.decrypt(CiphertextBlob=blob, EncryptionContext=CONTEXT, KeyId=key["KeyId"])["Plaintext"] == b"\x5a" * size
        refused("InvalidCiphertextException", kms.decrypt, CiphertextBlob=blob)
        refused("InvalidCiphertextException", kms.decrypt, CiphertextBlob=blob, EncryptionContext={"project": "other"})
    names = event_of(world, sealed["ResponseMetadata"]["RequestId"])["additionalEventData"]
    assert (names["customKeyStoreId"], names["clusterId"]) == (store, CLUSTER)
    assert names["backingKeyId"] == hsm.keys()[key["KeyId"]]["ID"]


def test_every_changed_byte_is_found(world, kms, store):
    key = new_hsm_key(kms, store)["KeyId"]
    blob = kms.encrypt(KeyId=key, Plaintext=b"secret")["CiphertextBlob"]
    for place in range(len(blob)):
        changed = blob[:place] + bytes([blob[place] ^ 0x01]) + blob[place + 1:]
        with pytest.raises(ClientError) as caught:
            kms.decrypt(CiphertextBlob=changed, KeyId=key)
        assert caught.value.response["Error"]["Code"] in (
            "InvalidCiphertextException", "IncorrectKeyException", "AccessDeniedException"), place
    for size in (1, 30, 31, 58, len(blob) - 1):
        refused("InvalidCiphertextException", kms.decrypt, CiphertextBlob=blob[:size], KeyId=key)
    assert len(session_hosts(world)) == 1  # wrong ciphertexts cost no session


def test_keys_do_not_open_each_others_ciphertexts(kms, store):
    first, second = (new_hsm_key(kms, store)["KeyId"] for _ in range(2))
    blob = kms.encrypt(KeyId=first, Plaintext=b"x")["CiphertextBlob"]
    refused("IncorrectKeyException", kms.decrypt, CiphertextBlob=blob, KeyId=second)
    other = kms.encrypt(KeyId=second, Plaintext=b"x")["CiphertextBlob"]
    refused("InvalidCiphertextException", kms.decrypt, CiphertextBlob=blob[:31] + other[31:])
    plain = kms.encrypt(KeyId=kms.create_key()["KeyMetadata"]["KeyId"], Plaintext=b"x" * 200)["CiphertextBlob"]
    refused("InvalidCiphertextException", kms.decrypt, CiphertextBlob=plain[:1] + b"\x03" + plain[2:])


def test_data_keys_and_re_encryption(world, kms, store):
    key = new_hsm_key(kms, store)["KeyId"]
    made = kms.generate_data_key(KeyId=key, KeySpec="AES_256", EncryptionContext=CONTEXT)
    assert kms.decrypt(CiphertextBlob=made["CiphertextBlob"], EncryptionContext=CONTEXT)["Plaintext"] == made["Plaintext"]
    hidden = kms.generate_data_key_without_plaintext(KeyId=key, NumberOfBytes=100)["CiphertextBlob"]
    assert len(kms.decrypt(CiphertextBlob=hidden)["Plaintext"]) == 100
    other, plain = new_hsm_key(kms, store)["KeyId"], kms.create_key()["KeyMetadata"]["KeyId"]
    blob = kms.encrypt(KeyId=plain, Plaintext=b"wanders")["CiphertextBlob"]
    for destination in (key, other, other, plain, key):
        answer = kms.re_encrypt(CiphertextBlob=blob, DestinationKeyId=destination)
        blob = answer["CiphertextBlob"]
        assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"wanders"
    answer = kms.re_encrypt(CiphertextBlob=blob, DestinationKeyId=other)
    names = event_of(world, answer["ResponseMetadata"]["RequestId"])["additionalEventData"]
    assert names["sourceCustomKeyStoreId"] == names["destinationCustomKeyStoreId"] == store
    assert names["sourceBackingKeyId"] != names["destinationBackingKeyId"]
    for call in (lambda: kms.encrypt(KeyId=key, Plaintext=b"x", DryRun=True),
                 lambda: kms.decrypt(CiphertextBlob=answer["CiphertextBlob"], DryRun=True)):
        refused("DryRunOperationException", call)


def test_states(world, kms, hsm, store):
    key = new_hsm_key(kms, store)["KeyId"]
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    kms.disable_key(KeyId=key)
    refused("DisabledException", kms.decrypt, CiphertextBlob=blob)
    kms.enable_key(KeyId=key)
    disconnect(kms, store)
    about = kms.describe_key(KeyId=key)["KeyMetadata"]
    assert (about["KeyState"], about["Enabled"], about["CloudHsmClusterId"]) == ("Unavailable", False, CLUSTER)
    refused("KMSInvalidStateException", kms.decrypt, CiphertextBlob=blob)
    connect(kms, store)
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    refused("KMSInvalidStateException", kms.decrypt, CiphertextBlob=blob)
    kms.cancel_key_deletion(KeyId=key)
    kms.enable_key(KeyId=key)
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"


def test_who_may_use_such_a_key(world, kms, store, make_user):
    key = new_hsm_key(kms, store)["Arn"]
    user = make_user(on=world, allow=["kms:Encrypt"], resource=key)
    user.client().encrypt(KeyId=key, Plaintext=b"x")
    refused("AccessDeniedException", user.client().generate_data_key, KeyId=key, KeySpec="AES_256")
    refused("AccessDeniedException", user.client().create_key, Origin="AWS_CLOUDHSM", CustomKeyStoreId=store)


# --- What can be lost ---


def test_a_killed_session_is_opened_again(world, kms, store):
    key = new_hsm_key(kms, store)["KeyId"]
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    for _ in range(3):
        signal_hosts(world)
        assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"


def test_the_hsm_goes_and_comes_back(world, kms, hsm, store):
    key = new_hsm_key(kms, store)["KeyId"]
    blob = kms.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    hsm.hide()
    signal_hosts(world)
    for call in (lambda: kms.encrypt(KeyId=key, Plaintext=b"x"), lambda: kms.decrypt(CiphertextBlob=blob),
                 lambda: kms.generate_data_key(KeyId=key, KeySpec="AES_256")):
        assert "HSM" in refused("KMSInvalidStateException", call, contains=key)
    refused("CloudHsmClusterInvalidConfigurationException", kms.create_key, Origin="AWS_CLOUDHSM", CustomKeyStoreId=store)
    refused("CustomKeyStoreInvalidStateException", kms.generate_random, NumberOfBytes=1, CustomKeyStoreId=store)
    assert state_of(kms, store) == "CONNECTED"
    hsm.show()

    def works():
        try:
            return kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
        except kms.exceptions.KMSInvalidStateException:
            return False

    wait_for(works)  # no later than the longest pause between two tries


def test_an_hsm_that_hangs_holds_up_nobody_else(world, kms, store):
    key, plain = new_hsm_key(kms, store)["KeyId"], kms.create_key()["KeyMetadata"]["KeyId"]
    kms.encrypt(KeyId=key, Plaintext=b"x")
    hosts = session_hosts(world)
    signal_hosts(world, signal.SIGSTOP)
    told = []
    waiting = threading.Thread(
        target=lambda: told.append(refused("KMSInvalidStateException", kms.encrypt, KeyId=key, Plaintext=b"x")))
    waiting.start()
    answered = 0
    while waiting.is_alive():
        kms.encrypt(KeyId=plain, Plaintext=b"x")
        answered += 1
    waiting.join()
    assert "did not answer in time" in told[0] and answered > 10

    def works():
        try:
            return kms.encrypt(KeyId=key, Plaintext=b"x")
        except kms.exceptions.KMSInvalidStateException:
            return None

    wait_for(works)
    for pid in hosts:
        os.kill(pid, signal.SIGKILL)


def test_a_key_that_vanishes_from_the_hsm(world, kms, hsm, store):
    key = new_hsm_key(kms, store)["KeyId"]
    hsm.run("pkcs11-tool", "--module", "/usr/lib/softhsm/libsofthsm2.so", "--token-label", "cellar", "--login", "--pin",
            "correct-horse-battery", "--delete-object", "--type", "secrkey", "--label", key)
    signal_hosts(world)
    refused("KMSInvalidStateException", kms.encrypt, KeyId=key, Plaintext=b"x", contains="does not hold the key")


@pytest.mark.parametrize("end", ("restart", "crash_and_restart"))
def test_stores_outlive_the_server(world, kms, store, end):
    key = new_hsm_key(kms, store)["KeyId"]
    blob = kms.encrypt(KeyId=key, Plaintext=b"stays")["CiphertextBlob"]
    hosts = session_hosts(world)
    getattr(world, end)()
    wait_for(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in hosts))  # they end with the server
    assert state_of(kms, store) == "CONNECTED"
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"stays"


def test_many_at_once(world, kms, store):
    keys = [new_hsm_key(kms, store)["KeyId"] for _ in range(4)]
    wrong = []

    def use(key):
        for n in range(25):
            text = f"{key} {n}".encode()
            blob = kms.encrypt(KeyId=key, Plaintext=text)["CiphertextBlob"]
            if kms.decrypt(CiphertextBlob=blob)["Plaintext"] != text:
                wrong.append(text)

    threads = [threading.Thread(target=use, args=(key,)) for key in keys for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong and len(session_hosts(world)) <= 4


# --- Destruction ---


def test_a_destroyed_key_is_removed_from_the_hsm(world, kms, hsm, store):
    keys = [new_hsm_key(kms, store)["KeyId"] for _ in range(2)]
    destroy(world, kms, keys[0])
    wait_for(lambda: keys[0] not in hsm.keys())
    assert keys[1] in hsm.keys()
    refused("NotFoundException", kms.describe_key, KeyId=keys[0])
    audit = audit_text(world)
    assert '"eventName":"RemoveHsmKey"' in audit


def test_the_sweep_that_destroys_a_key_removes_it(world, kms, hsm, store):
    keys = [new_hsm_key(kms, store)["KeyId"] for _ in range(3)]
    world.admin.call("Kagimori.HoldSweeper", Held=True)
    try:
        for key in keys:
            kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
        world.admin.call("Kagimori.AdvanceLifecycleClock", Seconds=8 * DAY)
        world.admin.call("Kagimori.Sweep")
        assert not set(keys) & set(hsm.keys())
    finally:
        world.admin.call("Kagimori.HoldSweeper", Held=False)


def test_removal_waits_for_the_connection(world, kms, hsm):
    store = new_store(kms, hsm)
    connect(kms, store)
    key = new_hsm_key(kms, store)["KeyId"]
    disconnect(kms, store)
    destroy(world, kms, key)
    refused("NotFoundException", kms.describe_key, KeyId=key)
    assert key in hsm.keys()
    refused("CustomKeyStoreHasCMKsException", kms.delete_custom_key_store, CustomKeyStoreId=store)
    world.crash_and_restart()
    connect(kms, store)
    wait_for(lambda: key not in hsm.keys())
    remove(world, kms, store)


def test_a_key_whose_commit_fails_does_not_stay_in_the_hsm(world, kms, hsm, store):
    before = set(hsm.keys())
    world.admin.call("Kagimori.InjectStoreFault", ErrorCode="Io", Table="keys", Call="COMMIT", Times=1)
    with pytest.raises(ClientError):
        new_hsm_key(kms, store)
    wait_for(lambda: set(hsm.keys()) == before)
    assert new_hsm_key(kms, store)["KeyId"] in hsm.keys()
