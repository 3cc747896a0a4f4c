"""The audit log of a server proves itself: to the command, over the API, and to an independent verifier written from the
RFC; after crashes, and when its folder is not the one that the store knows."""

import base64
import json
import shutil
import threading
import time

import pytest
from audit_case import check, command
from audit_log import (
    Checkpoint, SigningKey, VerifierKey, consistency_proof, events_in, inclusion_proof, leaf_hash, read_lines, root_from_inclusion,
    root_of, segments,
)
from harness import Server, User, free_port
from kms_case import new_key


# --- A server's log ---


@pytest.fixture
def logged(fresh_server):
    """A server with some hundred events over several segments."""
    server = fresh_server(settings={"audit.segment_bytes": "16 KiB"})
    kms = server.admin.client("kms")
    key_id = new_key(kms)
    for number in range(150):
        kms.encrypt(KeyId=key_id, Plaintext=b"x", EncryptionContext={"n": str(number), "text": "ü\u2028\"\\"})
        kms.describe_key(KeyId=key_id)
    return server


def test_every_event_of_a_server_is_proved(logged):
    audit = logged.data / "audit"
    public_key = (audit / "log.vkey").read_text()
    assert logged.stop() == 0
    found = check(audit, public_key)
    assert found["ok"] and found["unsigned"] == 0 and found["events"] == found["size"] > 300
    assert len(segments(audit)) > 1
    assert [event["eventName"] for event in events_in(audit)[:2]] == ["BeginAuditLog", "CreateAccount"]
    text = command("audit", "verify", audit).stdout
    assert "Every event is the one that was signed" in text and "--public-key" in text
    assert command("audit", "public-key", audit).stdout == public_key


def test_init_prints_the_public_key(tmp_path):
    server = Server(tmp_path / "data", free_port())
    printed = server.command("init", "--data", server.data, "--port", server.port).stdout
    key = printed.split("audit log", 1)[1].split()[0]
    assert VerifierKey.parse(key).name.startswith("kagimori/")
    server.read_environment_file()
    server.start()
    try:
        assert (server.data / "audit" / "log.vkey").read_text().strip() == key
    finally:
        server.kill()


def test_events_come_under_a_checkpoint_by_themselves(logged):
    audit = logged.data / "audit"
    kms = logged.admin.client("kms")
    for _ in range(3):
        request_id = kms.list_keys()["ResponseMetadata"]["RequestId"]
        deadline = time.monotonic() + 20
        while request_id not in b"".join(read_lines(audit)[1][: int((audit / "checkpoint").read_text().split("\n")[1])]).decode():
            assert time.monotonic() < deadline
            time.sleep(0.1)


def test_a_copy_of_a_running_log_is_sound(logged, tmp_path):
    """Copied file by file while events come in: what is after the copied checkpoint is not signed yet, and no damage."""
    kms = logged.admin.client("kms")
    stop = threading.Event()
    busy = threading.Thread(target=lambda: [kms.list_keys() for _ in iter(stop.is_set, True)])
    busy.start()
    try:
        for number in range(4):
            copy = tmp_path / f"copy{number}"
            copy.mkdir()
            shutil.copy(logged.data / "audit" / "checkpoint", copy)
            shutil.copytree(logged.data / "audit", copy, dirs_exist_ok=True,
                            ignore=lambda _, names: {name for name in names if name == "checkpoint" or name.endswith(".new")})
            assert check(copy)["ok"]
            time.sleep(0.3)
    finally:
        stop.set()
        busy.join()


def test_the_api_proves_events_and_growth(logged):
    admin = logged.admin
    first = admin.call("Kagimori.GetAuditCheckpoint")
    keys = [VerifierKey.parse(line) for line in first["PublicKeys"]]
    old = Checkpoint.open(first["Checkpoint"], keys)
    assert (old.origin, old.size) == (first["Origin"], first["Size"])
    assert old.root == base64.b64decode(first["RootHash"])
    for index in (0, 1, 255, 256, old.size - 1):
        proof = admin.call("Kagimori.GetAuditInclusionProof", Index=index)
        now = Checkpoint.open(proof["Checkpoint"], keys)
        assert now.size > old.size - 1
        hashes = [base64.b64decode(one) for one in proof["Hashes"]]
        assert root_from_inclusion(index, now.size, leaf_hash(proof["Event"].encode()), hashes) == now.root
        assert proof["Event"].encode() == read_lines(logged.data / "audit")[1][index]
    growth = admin.call("Kagimori.GetAuditConsistencyProof", OldSize=old.size)
    now = Checkpoint.open(growth["Checkpoint"], keys)
    leaves = [leaf_hash(line) for line in read_lines(logged.data / "audit")[1]][: now.size]
    assert root_of(leaves) == now.root and root_of(leaves[: old.size]) == old.root
    assert [base64.b64decode(one) for one in growth["Hashes"]] == consistency_proof(old.size, leaves)
    assert [base64.b64decode(one) for one in admin.call("Kagimori.GetAuditInclusionProof", Index=3)["Hashes"]][:4] == (
        inclusion_proof(3, leaves)[:4])


@pytest.mark.parametrize("operation, members, code", [
    ("GetAuditInclusionProof", {"Index": 10**9}, "NotFoundException"),
    ("GetAuditInclusionProof", {"Index": -1}, "ValidationException"),
    ("GetAuditInclusionProof", {}, "ValidationException"),
    ("GetAuditInclusionProof", {"Index": "1"}, "SerializationException"),
    ("GetAuditConsistencyProof", {"OldSize": 10**9}, "ValidationException"),
    ("GetAuditConsistencyProof", {}, "ValidationException"),
])
def test_what_the_api_refuses(server, operation, members, code):
    answer = server.admin.post("Kagimori." + operation, members)
    assert answer.status_code == 400 and answer.json()["__type"] == code


@pytest.mark.parametrize("operation, members", [
    ("GetAuditCheckpoint", {}), ("GetAuditInclusionProof", {"Index": 0}), ("GetAuditConsistencyProof", {"OldSize": 1}),
    ("RotateAuditKey", {}),
])
def test_the_log_is_for_the_operators(server, make_user, operation, members):
    """Its events are those of all accounts."""
    tenant = server.admin.call("Kagimori.CreateAccount", Name="Tenant")["AccessKey"]
    stranger = User(server, tenant["AccessKeyId"], tenant["SecretAccessKey"])
    for user in (stranger, make_user(allow=["kms:*"])):
        answer = user.post("Kagimori." + operation, members)
        assert answer.status_code == 400 and answer.json()["__type"] == "AccessDeniedException"


def test_the_command_proves_one_event_to_who_has_only_the_key(logged, tmp_path):
    audit = logged.data / "audit"
    assert logged.stop() == 0
    key = tmp_path / "key"
    key.write_text((audit / "log.vkey").read_text())
    command("audit", "prove", audit, "--index", 17, "--to", tmp_path / "event")
    event, proof = tmp_path / "event.json", tmp_path / "event.tlog-proof"
    arguments = ("audit", "verify-event", "--event", event, "--proof", proof, "--public-key", key)
    assert "number 17" in command(*arguments).stdout
    event.write_text(event.read_text().replace("1", "2", 1))
    assert command(*arguments, check=False).returncode == 1
    command("audit", "prove", audit, "--index", 17, "--to", tmp_path / "event")
    key.write_text(SigningKey("other").verifier().line())
    assert "not signed by the given key" in command(*arguments, check=False).stderr
    assert command("audit", "prove", audit, "--index", 10**6, "--to", tmp_path / "x", check=False).returncode == 1
    lines = command("audit", "consistency", audit, "--from", 100).stdout.split("\n\n")[0].split("\n")
    leaves = [leaf_hash(line) for line in read_lines(audit)[1]]
    assert [base64.b64decode(one) for one in lines[1:]] == consistency_proof(100, leaves)


def test_the_key_is_rotated_and_the_old_one_introduces_the_new(logged):
    audit = logged.data / "audit"
    old_key = (audit / "log.vkey").read_text()
    old_note = logged.admin.call("Kagimori.GetAuditCheckpoint")["Checkpoint"]
    new_key_line = logged.admin.call("Kagimori.RotateAuditKey")["PublicKey"]
    third = logged.admin.call("Kagimori.RotateAuditKey")["PublicKey"]
    logged.admin.client("kms").list_keys()
    logged.crash_and_restart()
    assert logged.admin.call("Kagimori.GetAuditCheckpoint")["PublicKeys"] == [old_key.strip(), new_key_line, third]
    assert logged.stop() == 0
    for given in (old_key, new_key_line, third):
        found = check(audit, given, old_note if given == old_key else None)
        assert found["ok"] and found["key"] == third
    assert not check(audit, SigningKey(third.split("+")[0]).verifier().line())["ok"]
    rotated = [event for event in events_in(audit) if event["eventName"] == "RotateAuditKey"]
    assert [event["responseElements"]["publicKey"] for event in rotated] == [new_key_line, third]
    # Without the introductions, the first key says nothing about what a later one signed.
    (audit / "key-changes").unlink()
    assert not check(audit, old_key)["ok"] and check(audit, third)["ok"]


# --- Crashes ---


@pytest.mark.parametrize("durability", ["write", "fsync"])
def test_no_answered_request_is_missing_after_kill_9(fresh_server, durability):
    server = fresh_server(settings={"audit.durability": durability, "audit.segment_bytes": "16 KiB"})
    answered = []
    for _ in range(3):
        kms = server.admin.client("kms")
        stop = threading.Event()

        def work(client=kms, stop=stop):
            while not stop.is_set():
                try:
                    answered.append(client.list_keys()["ResponseMetadata"]["RequestId"])
                except Exception:  # the server is gone
                    return

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        time.sleep(0.9)
        server.kill()
        stop.set()
        for thread in threads:
            thread.join()
        assert check(server.data / "audit")["ok"], "also as the crash left it"
        server.start()
    assert server.stop() == 0
    assert check(server.data / "audit")["ok"]
    seen = [event.get("requestID") for event in events_in(server.data / "audit")]
    assert set(answered) <= set(seen) and len(answered) > 100
    assert len({event["eventID"] for event in events_in(server.data / "audit")}) == len(seen), "none is there twice"


def test_a_torn_last_line_is_dropped_at_the_start(logged):
    server = logged
    server.kill()
    last = segments(server.data / "audit")[-1]
    with open(last, "ab") as file:
        file.write(b'{"eventVersion":"1.11","userIde')
    server.start()
    server.admin.client("kms").list_keys()
    assert server.stop() == 0
    assert check(server.data / "audit")["ok"]


# --- A folder that is not the store's ---


def refuses_to_start(server):
    done = server.command("serve", "--config", server.config, check=False)
    assert done.returncode == 1
    return done.stderr


def test_a_log_that_was_taken_away_stops_the_start_until_a_new_one_is_begun(logged):
    audit = logged.data / "audit"
    assert logged.stop() == 0
    old = json.loads(command("audit", "verify", audit, "--json").stdout)
    audit.rename(audit.with_name("stolen"))
    assert "audit restart" in refuses_to_start(logged)
    printed = logged.command("audit", "restart", "--config", logged.config, "--reason", "disk failure, ticket 4711").stdout
    logged.start()
    assert logged.stop() == 0
    begun = events_in(audit)[0]
    assert begun["eventName"] == "RestartAuditLog"
    assert begun["requestParameters"]["reason"] == "disk failure, ticket 4711"
    assert begun["requestParameters"]["previousOrigin"] == old["origin"]
    assert begun["requestParameters"]["previousRootHash"] == old["rootHash"]
    assert begun["requestParameters"]["previousSize"] == str(old["size"])
    assert begun["responseElements"]["publicKey"] in printed
    found = check(audit)
    assert found["ok"] and found["origin"] != old["origin"]


def test_an_older_copy_of_the_log_stops_the_start(logged, tmp_path):
    audit = logged.data / "audit"
    assert logged.stop() == 0
    shutil.copytree(audit, tmp_path / "older")
    logged.start()
    logged.admin.client("kms").list_keys()
    assert logged.stop() == 0
    shutil.rmtree(audit)
    shutil.copytree(tmp_path / "older", audit)
    assert check(audit)["ok"], "it is sound in itself: only who knows a later checkpoint can tell"
    assert "the store knows of" in refuses_to_start(logged)


def test_a_restored_store_begins_a_log_of_its_own(logged, tmp_path):
    """Elsewhere, from a backup: two servers with one key would sign two histories."""
    logged.command("backup", "--config", logged.config, "--to", tmp_path / "backup")
    drill = Server(tmp_path / "drill", free_port())
    shutil.copytree(logged.config_home, drill.config_home)
    drill.command("restore", "--data", drill.data, "--port", drill.port, "--from", tmp_path / "backup")
    drill.variables = {"AWS_ENDPOINT_URL": f"https://localhost:{drill.port}"}
    drill.start()
    assert drill.stop() == 0
    own = check(drill.data / "audit")
    assert own["ok"] and own["origin"] != logged.admin.call("Kagimori.GetAuditCheckpoint")["Origin"]
    assert "RestartAuditLog" in [event["eventName"] for event in events_in(drill.data / "audit")]
    # In place, the log goes on.
    size = logged.admin.call("Kagimori.GetAuditCheckpoint")["Size"]
    assert logged.stop() == 0
    logged.command("restore", "--config", logged.config, "--from", tmp_path / "backup", "--force")
    logged.start()
    assert logged.admin.call("Kagimori.GetAuditCheckpoint")["Size"] > size
    assert logged.stop() == 0
    found = check(logged.data / "audit")
    assert found["ok"]
    assert not [event for event in events_in(logged.data / "audit") if event["eventName"] == "RestartAuditLog"]
