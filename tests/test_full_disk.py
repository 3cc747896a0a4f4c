"""A full disk, for the store and for the audit log: a clear error, nothing acknowledged is lost, nothing refused is kept,
and the server goes on by itself when there is room."""

import os
import shutil
import subprocess
import time
from xml.etree import ElementTree

import pytest
import requests
from audit_log import events_in, segments, verify
from botocore.exceptions import ClientError
from harness import Server, free_port

DISK_BYTES = 4 << 20
MOST_CALLS = 3000  # a disk that is full must be noticed within so many

needs_mount = pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")


class Disk:
    """A small file system of its own."""

    def __init__(self, folder):
        self.folder = folder
        self.filler = folder / "filler"

    def fill(self):
        with open(self.filler, "ab", buffering=0) as file:
            for size in (65536, 4096, 1):
                try:
                    while True:
                        file.write(b"\0" * size)
                except OSError:
                    continue

    def make_room(self):
        self.filler.unlink()


@pytest.fixture
def disk(tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    options = f"size={DISK_BYTES},mode=0700"
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "kagimori-test", folder], capture_output=True, text=True)
    if mounted.returncode != 0:
        pytest.skip(f"this machine lets no one mount a tmpfs: {mounted.stderr.strip()}")
    yield Disk(folder)
    subprocess.run(["umount", "--lazy", folder], check=True)


class LoggingElsewhere(Server):
    """Its log is not on the disk that gets full."""

    @property
    def log_file(self):
        return self.config_home / "server.log"

    @property
    def config_home(self):
        return self.elsewhere


def readiness(server):
    """What a load balancer sees: the status of /readyz and its text."""
    answer = requests.get(server.url + "/readyz", verify=str(server.ca), timeout=10)
    return answer.status_code, answer.text


def becomes(server, status, seconds=20):
    """No request but the probe's own is sent meanwhile."""
    deadline = time.monotonic() + seconds
    while readiness(server)[0] != status:
        assert time.monotonic() < deadline, f"/readyz never answered {status}"
        time.sleep(0.1)


NOT_READY = (503, "the audit log can't be written\n")


def make_server(data, elsewhere, **settings):
    server = LoggingElsewhere(data, free_port(), settings=settings)
    server.elsewhere = elsewhere
    elsewhere.mkdir(mode=0o700)
    return server.init().start()


def until_refused(call):
    """Calls until it fails. Returns what was acknowledged, and the error."""
    done = []
    for number in range(MOST_CALLS):
        try:
            done.append(call(number))
        except ClientError as error:
            return done, error
    raise AssertionError("the full disk was never noticed")


def assert_clear(error):
    assert error.response["Error"]["Code"] == "KMSInternalException"
    assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 500
    assert len(error.response["Error"]["Message"]) > 20, "the error says nothing"
    return error.response["Error"]["Message"]


def all_keys(kms):
    return {key["KeyId"] for page in kms.get_paginator("list_keys").paginate() for key in page["Keys"]}


@needs_mount
def test_store_on_a_full_disk(disk, tmp_path):
    audit = tmp_path / "audit"
    server = make_server(disk.folder / "data", tmp_path / "config", **{"audit.folder": audit})
    try:
        kms = server.admin.client("kms")
        old = kms.create_key(Description="old")["KeyMetadata"]["KeyId"]
        blob = kms.encrypt(KeyId=old, Plaintext=b"old")["CiphertextBlob"]
        disk.fill()
        text = "x" * 4000
        made, error = until_refused(lambda n: kms.create_key(Description=f"{n} {text}")["KeyMetadata"]["KeyId"])
        message = assert_clear(error)
        assert "full" in message or "space" in message or "full" in server.log_tail() or "space" in server.log_tail()
        # The write-ahead log may be started over, and has room for some more; then it is full again.
        more, error = until_refused(lambda n: kms.create_key(Description=f"{n} {text}")["KeyMetadata"]["KeyId"])
        assert_clear(error)
        made += more
        assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"old", "what needs no room goes on"
        assert kms.encrypt(KeyId=old, Plaintext=b"x")["KeyId"].endswith(old)
        assert all_keys(kms) == {old, *made}
        disk.make_room()
        after = kms.create_key(Description="there is room")["KeyMetadata"]["KeyId"]
        known = {old, *made, after}
        assert all_keys(kms) == known
        server.crash_and_restart()
        kms = server.admin.client("kms")
        assert all_keys(kms) == known
        assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"old"
        assert kms.describe_key(KeyId=after)["KeyMetadata"]["Description"] == "there is room"
        created = [event for event in events(audit) if event["eventName"] == "CreateKey" and "errorCode" not in event]
        assert {event["resources"][0]["ARN"].split("/")[1] for event in created} == known
    finally:
        server.kill()


@needs_mount
def test_kill_on_a_full_disk(disk, tmp_path):
    """A crash when the disk is full: the server starts again once there is room, and everything is there."""
    server = make_server(disk.folder / "data", tmp_path / "config", **{"audit.folder": tmp_path / "audit"})
    try:
        kms = server.admin.client("kms")
        disk.fill()
        made, error = until_refused(lambda n: kms.create_key(Description="x" * 4000)["KeyMetadata"]["KeyId"])
        assert_clear(error)
        server.kill()
        disk.make_room()
        server.start()
        assert all_keys(server.admin.client("kms")) == set(made)
    finally:
        server.kill()


def events(folder):
    return events_in(folder)


@needs_mount
def test_audit_log_on_a_full_disk(disk, tmp_path):
    audit = disk.folder / "audit"
    server = make_server(tmp_path / "data", tmp_path / "config", **{"audit.folder": audit})
    try:
        kms = server.admin.client("kms")
        key_id = kms.create_key()["KeyMetadata"]["KeyId"]
        blob = kms.encrypt(KeyId=key_id, Plaintext=b"x")["CiphertextBlob"]
        disk.fill()
        answered, error = until_refused(
            lambda n: kms.decrypt(CiphertextBlob=blob)["ResponseMetadata"]["RequestId"]
        )
        assert_clear(error)
        # A shorter line may still fit into the last page of the file, and the event of one change may wait in the store.
        calls = (
            lambda n: kms.encrypt(KeyId=key_id, Plaintext=b"x"),
            lambda n: kms.generate_data_key(KeyId=key_id, KeySpec="AES_256"),
            lambda n: kms.generate_random(NumberOfBytes=8),
            lambda n: kms.describe_key(KeyId=key_id),
            lambda n: kms.update_key_description(KeyId=key_id, Description=str(n)),
            lambda n: kms.tag_resource(KeyId=key_id, Tags=[{"TagKey": "n", "TagValue": str(n)}]),
        )
        for call in calls:
            more, error = until_refused(call)
            assert_clear(error)
            assert len(more) < 8, "it goes on without its audit log"
            answered += [answer["ResponseMetadata"]["RequestId"] for answer in more]
        assert readiness(server) == NOT_READY
        disk.make_room()
        becomes(server, 200)
        recovered(kms, server, key_id, blob)
        seen = {event.get("requestID") for event in events(audit)}
        assert set(answered) <= seen, "an answered request is missing from the audit log"
    finally:
        server.kill()


@needs_mount
def test_a_full_disk_is_seen_by_the_probe_alone(disk, tmp_path):
    """Nobody sends a request: neither to a server that seems idle, nor to one that is out of its load balancer."""
    audit = disk.folder / "audit"
    server = make_server(tmp_path / "data", tmp_path / "config", **{"audit.folder": audit})
    try:
        kms = server.admin.client("kms")
        for _ in range(2):
            # Of the room that the last probe reserved some pages are used up, so the next one needs more.
            for _ in range(20):
                kms.list_keys()
            before = segments(audit)[0].read_bytes()
            disk.fill()
            becomes(server, 503)
            assert readiness(server) == NOT_READY
            assert requests.get(server.url + "/healthz", verify=str(server.ca), timeout=10).status_code == 200
            disk.make_room()
            becomes(server, 200)
            assert segments(audit)[0].read_bytes() == before, "the probe leaves nothing in the log"
        log = server.log_file.read_text()
        assert log.count("Requests are refused until it can be written") == 2, "said once, however often it is asked"
        assert log.count("the audit log can be written again") == 2
    finally:
        server.kill()


def recovered(kms, server, key_id, blob):
    """Everything works again, and nothing that was refused has happened."""
    assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == b"x"
    assert kms.describe_key(KeyId=key_id)["KeyMetadata"]["KeyState"] == "Enabled"
    assert all_keys(kms) == {key_id}
    kms.disable_key(KeyId=key_id)
    kms.enable_key(KeyId=key_id)
    assert server.stop() == 0


def test_audit_folder_taken_away(fresh_server, tmp_path):
    """Not writable for another reason: the folder is gone, then comes back."""
    folder = tmp_path / "audit"
    server = fresh_server(settings={"audit.folder": folder})
    kms = server.admin.client("kms")
    key_id = kms.create_key()["KeyMetadata"]["KeyId"]
    blob = kms.encrypt(KeyId=key_id, Plaintext=b"x")["CiphertextBlob"]
    folder.rename(tmp_path / "away")
    becomes(server, 503)
    with pytest.raises(ClientError) as closed:
        kms.decrypt(CiphertextBlob=blob)
    assert "audit log" in assert_clear(closed.value) + server.log_tail()
    assert readiness(server) == NOT_READY
    # One change is durable together with its event, which waits in the store; the next is refused.
    changed, error = until_refused(lambda n: kms.update_key_description(KeyId=key_id, Description=str(n)))
    assert_clear(error)
    assert len(changed) <= 1
    (tmp_path / "away").rename(folder)
    becomes(server, 200)
    recovered(kms, server, key_id, blob)
    seen = {event.get("requestID") for event in events(folder)}
    assert {answer["ResponseMetadata"]["RequestId"] for answer in changed} <= seen


def test_what_is_withheld_is_refused_in_its_own_protocol(fresh_server, tmp_path):
    folder = tmp_path / "audit"
    server = fresh_server(settings={"audit.folder": folder})
    kms, iam, sts = (server.admin.client(service) for service in ("kms", "iam", "sts"))
    calls = (kms.list_keys, iam.list_users, sts.get_caller_identity)
    for call in calls:
        call()
    folder.rename(tmp_path / "away")
    becomes(server, 503)
    codes = []
    for call in calls:
        with pytest.raises(ClientError) as refused:
            call()
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
        assert "server" in refused.value.response["Error"]["Message"]
        codes.append(refused.value.response["Error"]["Code"])
        request_id = refused.value.response["ResponseMetadata"]["RequestId"]
        assert f'"requestId":"{request_id}"' in server.log_tail(), "the answer's id leads to nothing in the log"
    assert codes == ["KMSInternalException", "ServiceFailure", "ServiceFailure"]
    for service, namespace in (("iam", "https://iam.amazonaws.com/doc/2010-05-08/"),
                               ("sts", "https://sts.amazonaws.com/doc/2011-06-15/")):
        action = {"iam": "ListUsers&Version=2010-05-08", "sts": "GetCallerIdentity&Version=2011-06-15"}[service]
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = server.admin.post(None, f"Action={action}", headers=form, service=service)
        assert (answer.status_code, answer.headers["Content-Type"]) == (500, "text/xml")
        error = ElementTree.fromstring(answer.content)
        assert error.tag == f"{{{namespace}}}ErrorResponse"
        assert error.find(f"{{{namespace}}}RequestId").text == answer.headers["x-amzn-RequestId"]


def test_a_segment_moved_or_deleted_is_written_anew(fresh_server):
    """As logrotate, or a wrong rm, does it: no event is lost, and the log stays one that can be proved."""
    server = fresh_server()
    audit = server.data / "audit"
    kms = server.admin.client("kms")
    (segment,) = segments(audit)
    ids = [kms.list_keys()["ResponseMetadata"]["RequestId"]]
    for take_away in (lambda: shutil.move(segment, segment.with_name("old")), segment.unlink):
        take_away()
        ids.append(kms.list_keys()["ResponseMetadata"]["RequestId"])
        deadline = time.monotonic() + 20
        while not segment.exists():
            assert time.monotonic() < deadline
            time.sleep(0.05)
    assert server.stop() == 0
    assert verify(audit).ok
    assert set(ids) <= {event.get("requestID") for event in events(audit)}
    assert "was written anew" in server.log_tail()


def test_a_segment_that_another_program_wrote_to_stops_the_server_from_going_on(fresh_server):
    """Who appends a line to the log, or cuts it, is found out within a second; nothing is answered without its event."""
    server = fresh_server()
    audit = server.data / "audit"
    kms = server.admin.client("kms")
    kms.list_keys()
    (segment,) = segments(audit)
    whole = segment.read_bytes()
    with open(segment, "ab") as file:
        file.write(whole.split(b"\n")[0] + b"\n")
    becomes(server, 503)
    with pytest.raises(ClientError) as closed:
        kms.list_keys()
    assert "another program" in assert_clear(closed.value) + server.log_tail()
    server.kill()
    lines = segment.read_bytes().split(b"\n")[:-1]
    segment.write_bytes(b"".join(line + b"\n" for line in lines[:-1]))
    server.start()
    assert server.admin.client("kms").list_keys()["Keys"] == []


@needs_mount
def test_a_backup_without_room_for_its_event_is_no_backup(disk, tmp_path):
    server = Server(tmp_path / "data", free_port(), settings={"audit.folder": str(disk.folder / "audit")}).init()
    backup = ("backup", "--config", server.config, "--to")
    server.command(*backup, tmp_path / "good")
    inbox = disk.folder / "audit" / "inbox"
    whole = [file.read_bytes() for file in inbox.iterdir()]
    disk.fill()
    done = server.command(*backup, tmp_path / "b", check=False)
    assert done.returncode == 1 and "can't be written: No space left on device" in done.stderr
    assert not (tmp_path / "b").exists()
    assert [file.read_bytes() for file in inbox.iterdir()] == whole
    disk.make_room()
    server.command(*backup, tmp_path / "b")
    assert len(list(inbox.glob("*.jsonl"))) == 2
