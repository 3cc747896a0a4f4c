"""The audit log proves itself: to the command, to an independent verifier written from the RFC, and against everything
that somebody with access to its folder can do to it."""

import base64
import json
import shutil
import subprocess
import threading
import time
from pathlib import Path

import pytest
from audit_log import (
    Checkpoint, SigningKey, VerifierKey, consistency_proof, events_in, inclusion_proof, leaf_hash, read_lines, root_from_inclusion,
    root_of, segments, tile_path, verify, write_log,
)
from harness import BINARY, Server, User, free_port
from kms_case import new_key


def command(*arguments, check=True, **options):
    done = subprocess.run([BINARY, *map(str, arguments)], capture_output=True, text=True, timeout=120, **options)
    assert not check or done.returncode == 0, done.stderr
    return done


def check(folder, public_key=None, older=None):
    """What the command finds, after the independent verifier has found the same."""
    extra = []
    for option, text in (("--public-key", public_key), ("--from", older)):
        if text:
            file = folder.with_name(folder.name + option)
            file.write_text(text)
            extra += [option, file]
    done = command("audit", "verify", folder, *extra, "--json", check=False)
    assert done.stdout, done.stderr
    found = json.loads(done.stdout)
    assert done.returncode == (0 if found["ok"] else 1)
    expected = verify(folder, public_key, older)
    assert found["ok"] == expected.ok, (found, expected)
    if expected.event is not None and expected.event >= 0:
        assert found["event"] == expected.event, (found, expected)
    return found


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


def test_an_event_is_under_a_checkpoint_within_a_second_and_a_half(logged):
    audit = logged.data / "audit"
    kms = logged.admin.client("kms")
    for _ in range(3):
        request_id = kms.list_keys()["ResponseMetadata"]["RequestId"]
        time.sleep(1.5)
        size = int((audit / "checkpoint").read_text().split("\n")[1])
        assert request_id in read_lines(audit)[1][size - 1].decode()


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


# --- What was written once is read for ever ---

GOLDEN = Path(__file__).parent / "data" / "audit-log.v1"


def test_the_golden_log(tmp_path):
    folder = tmp_path / "log"
    shutil.copytree(GOLDEN, folder)
    first = (GOLDEN / "log.vkey").read_text()
    found = check(folder, first)
    assert found["ok"] and found["events"] == 520 and found["key"] != first.strip()
    (tmp_path / "both").write_text(command("audit", "public-key", folder).stdout)
    (tmp_path / "event").write_bytes(read_lines(folder)[1][300] + b"\n")
    command("audit", "verify-event", "--event", tmp_path / "event", "--proof", folder / "event-300.tlog-proof",
            "--public-key", tmp_path / "both")
    command("audit", "prove", folder, "--index", 300, "--to", tmp_path / "mine")
    assert (tmp_path / "mine.tlog-proof").read_text() == (folder / "event-300.tlog-proof").read_text()


# --- A corpus of tampered logs ---

LINES = [json.dumps({"event": number, "who": f"user {number % 7}"}).encode() for number in range(1500)]


class Corpus:
    """A sound log of 1,500 events in segments of 512, and its key."""

    def __init__(self, folder):
        self.key = SigningKey("log.example/corpus")
        self.public_key = self.key.verifier().line()
        self.folder = folder
        write_log(folder, self.key, LINES)
        self.older = folder.with_name("older")
        write_log(self.older, self.key, LINES[:700])

    def rewrite(self, lines):
        """The segments, under names that fit; hashes and checkpoint stay."""
        for file in segments(self.folder):
            file.unlink()
        for begin in range(0, len(lines), 512):
            file = self.folder / "segments" / f"{begin:020}.jsonl"
            file.write_bytes(b"".join(line + b"\n" for line in lines[begin : begin + 512]))

    def forge(self, lines, key=None):
        """All of it anew, as who has a key can."""
        shutil.rmtree(self.folder)
        write_log(self.folder, key or self.key, lines)

    def tile(self, path):
        return self.folder / path


@pytest.fixture
def corpus(tmp_path):
    return Corpus(tmp_path / "log")


def changed(number):
    return LINES[:number] + [LINES[number].replace(b"user", b"USER")] + LINES[number + 1 :]


def test_the_corpus_is_sound(corpus):
    found = check(corpus.folder, corpus.public_key, (corpus.older / "checkpoint").read_text())
    assert found["ok"] and found["events"] == 1500


EVENTS = {
    "one flipped bit": (changed(0), "changed", 0),
    "a flip at a tile's end": (changed(255), "changed", 255),
    "a flip at a tile's beginning": (changed(256), "changed", 256),
    "a flip in the partial tile": (changed(1499), "changed", 1499),
    "two flips": (changed(900)[:300] + changed(300)[300:], "changed", 300),
    "an event dropped": (LINES[:600] + LINES[601:], "removed", 600),
    "the first dropped": (LINES[1:], "removed", 0),
    "many dropped": (LINES[:100] + LINES[400:], "removed", 100),
    "the end cut off": (LINES[:1400], "removed", 1400),
    "the last one cut off": (LINES[:-1], "removed", 1499),
    "an event made up": (LINES[:700] + [b'{"forged":1}'] + LINES[700:], "inserted", 700),
    "an event replayed": (LINES[:1000] + [LINES[3]] + LINES[1000:], "inserted", 1000),
    "two swapped": (LINES[:50] + [LINES[51], LINES[50]] + LINES[52:], "reordered", 50),
    "two far apart swapped": (LINES[:50] + [LINES[800]] + LINES[51:800] + [LINES[50]] + LINES[801:], "reordered", 50),
    "white space": (LINES[:9] + [LINES[9] + b" "] + LINES[10:], "changed", 9),
    "all of them": ([line + b" " for line in LINES], "changed", 0),
}


@pytest.mark.parametrize("name", EVENTS)
def test_tampered_events_are_named(corpus, name):
    lines, defect, event = EVENTS[name]
    corpus.rewrite(lines)
    found = check(corpus.folder, corpus.public_key)
    assert (found["defect"], found["event"]) == (defect, event), found
    done = command("audit", "verify", corpus.folder, check=False)
    assert done.returncode == 1 and str(event) in done.stderr


@pytest.mark.parametrize("name", EVENTS)
def test_tampered_events_are_named_though_upper_tiles_are_gone(corpus, name):
    """Of the hashes only the lowest tiles are left, which lead to the checkpoint by themselves... or are not believed."""
    lines, _, event = EVENTS[name]
    corpus.rewrite(lines)
    for index in (0, 2, 4):
        corpus.tile(tile_path(0, index)).write_bytes(bytes(8192))
    found = json.loads(command("audit", "verify", corpus.folder, "--json", check=False).stdout)
    assert not found["ok"] and found["event"] is not None and found["event"] <= event
    assert found["event"] // 256 == event // 256


def test_what_was_tampered_with_can_not_be_proved(corpus, tmp_path):
    corpus.rewrite(changed(700))
    done = command("audit", "prove", corpus.folder, "--index", 700, "--to", tmp_path / "event", check=False)
    assert done.returncode == 1 and "audit verify" in done.stderr and not (tmp_path / "event.json").exists()
    command("audit", "prove", corpus.folder, "--index", 701, "--to", tmp_path / "event")


def test_a_segment_taken_away(corpus):
    (corpus.folder / "segments" / f"{512:020}.jsonl").unlink()
    found = check(corpus.folder, corpus.public_key)
    assert (found["defect"], found["event"]) == ("removed", 512) and "512 events removed" in found["sentence"]


def test_the_first_segment_taken_away(corpus):
    segments(corpus.folder)[0].unlink()
    assert check(corpus.folder, corpus.public_key)["defect"] == "pruning"
    note = corpus.key.sign("log.example/corpus/pruned\n512\n")
    (corpus.folder / "pruned").write_text(note)
    found = check(corpus.folder, corpus.public_key)
    assert found["ok"] and (found["pruned"], found["events"]) == (512, 988)
    (corpus.folder / "pruned").write_text(note.replace("512", "513"))
    assert check(corpus.folder, corpus.public_key)["defect"] == "pruning"


def test_a_segment_without_its_last_line_feed(corpus):
    last = segments(corpus.folder)[-1]
    last.write_bytes(last.read_bytes()[:-1])
    found = check(corpus.folder, corpus.public_key)
    assert (found["defect"], found["event"]) == ("removed", 1499)


@pytest.mark.parametrize("path", [tile_path(0, 0), tile_path(0, 4), tile_path(0, 5, 220), tile_path(1, 0, 5)])
@pytest.mark.parametrize("how", ["flip", "cut", "gone"])
def test_a_damaged_tile_is_no_damaged_event(corpus, path, how):
    file = corpus.tile(path)
    content = bytearray(file.read_bytes())
    content[40] ^= 4
    file.unlink() if how == "gone" else file.write_bytes(content if how == "flip" else content[:-1])
    found = check(corpus.folder, corpus.public_key)
    assert found["defect"] == "tile" and path in found["sentence"]


def test_signed_anew_with_another_key(corpus):
    corpus.forge(changed(3), SigningKey("log.example/corpus"))
    assert check(corpus.folder)["ok"], "against its own key it is sound, of course"
    assert check(corpus.folder, corpus.public_key)["defect"] == "key"


def test_a_history_signed_anew_by_the_key_itself(corpus):
    """Only who kept an older checkpoint can tell: what witnesses are for."""
    older = (corpus.older / "checkpoint").read_text()
    corpus.forge(changed(3))
    assert check(corpus.folder, corpus.public_key)["ok"]
    assert check(corpus.folder, corpus.public_key, older)["defect"] == "history"
    corpus.forge(changed(900))
    assert check(corpus.folder, corpus.public_key, older)["ok"], "what came after the older checkpoint it does not know"


def test_an_older_state_of_the_whole_log(corpus):
    newest = (corpus.folder / "checkpoint").read_text()
    found = check(corpus.older, corpus.public_key, newest)
    assert (found["defect"], found["event"]) == ("history", 700)


def test_a_checkpoint_put_back(corpus):
    newest = (corpus.folder / "checkpoint").read_text()
    shutil.copy(corpus.older / "checkpoint", corpus.folder / "checkpoint")
    found = check(corpus.folder, corpus.public_key)
    assert found["ok"] and found["unsigned"] == 800
    assert check(corpus.folder, corpus.public_key, newest)["defect"] == "history"


@pytest.mark.parametrize("change", [
    lambda note: note.replace("1500", "1499"), lambda note: note.replace("\n\n", "\n"), lambda note: note[:-1],
    lambda note: note.replace("log.example", "log.example2"), lambda note: "", lambda note: note + note,
    lambda note: note[: note.index("\n\n") + 2],
])
def test_a_tampered_checkpoint(corpus, change):
    file = corpus.folder / "checkpoint"
    file.write_text(change(file.read_text()))
    assert check(corpus.folder, corpus.public_key)["defect"] in ("checkpoint", "key")


def test_a_checkpoint_of_another_log_of_the_same_key(corpus):
    other = Checkpoint("log.example/other", 1500, bytes(32))
    (corpus.folder / "checkpoint").write_text(corpus.key.sign(other.text()))
    assert check(corpus.folder, corpus.public_key)["defect"] == "checkpoint"


@pytest.mark.parametrize("missing", ["segments", "checkpoint", "log.vkey"])
def test_where_there_is_nothing_to_check(corpus, missing):
    file = corpus.folder / missing
    shutil.rmtree(file) if file.is_dir() else file.unlink()
    done = command("audit", "verify", corpus.folder, "--json", check=False)
    assert done.returncode == 1 and missing in done.stderr and not done.stdout


@pytest.mark.parametrize("text", ["", "nonsense", "a+b+c", "log.example/corpus+00000000+AQID"])
def test_what_is_no_public_key(corpus, tmp_path, text):
    (tmp_path / "key").write_text(text)
    done = command("audit", "verify", corpus.folder, "--public-key", tmp_path / "key", check=False)
    assert done.returncode == 1 and "public key" in done.stderr


def test_logs_of_every_awkward_size(tmp_path):
    key = SigningKey("log.example/sizes")
    for size in (0, 1, 2, 255, 256, 257, 511, 512, 513, 1024):
        folder = tmp_path / str(size)
        write_log(folder, key, LINES[:size])
        assert check(folder, key.verifier().line())["ok"], size


def test_a_log_of_more_than_one_tile_of_tiles(tmp_path):
    """65,536 events fill a tile of the second level."""
    key = SigningKey("log.example/many")
    lines = [b"%d" % number for number in range(66_000)]
    write_log(tmp_path / "log", key, lines, per_segment=25_600)
    assert check(tmp_path / "log", key.verifier().line())["ok"]
    for number in (0, 40_000, 65_536, 65_999):
        shutil.rmtree(tmp_path / "log" / "segments")
        copy = tmp_path / f"copy{number}"
        write_log(copy, key, lines[:number] + [b"x"] + lines[number + 1 :], per_segment=25_600)
        shutil.copytree(copy / "segments", tmp_path / "log" / "segments")
        found = check(tmp_path / "log", key.verifier().line())
        assert (found["defect"], found["event"]) == ("changed", number)
