"""Searching, exporting and pruning the audit log of a server: what the command finds is what a look at every line finds, and
what it exports an independent check accepts."""

import csv
import io
import json
import subprocess
import time
from datetime import datetime, timedelta, timezone

import pytest
from audit_case import check, command
from audit_log import VerifierKey, check_range, events_in, read_lines, segments
from harness import Server, User, free_port
from kms_case import new_key, refused

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SETTINGS = {"audit.segment_bytes": "16 KiB"}


class Log:
    """A server's log of some hundred events, with what was done."""

    def __init__(self, server):
        self.server, self.folder = server, server.data / "audit"
        kms = server.admin.client("kms")
        self.keys = [new_key(kms) for _ in range(3)]
        kms.create_alias(AliasName="alias/orders", TargetKeyId=self.keys[0])
        iam = server.admin.client("iam")
        user = iam.create_user(UserName="searched", Path="/team/")["User"]
        iam.put_user_policy(UserName="searched", PolicyName="test", PolicyDocument=json.dumps(
            {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "kms:Encrypt", "Resource": "*"}]}))
        access_key = iam.create_access_key(UserName="searched")["AccessKey"]
        self.user = User(server, access_key["AccessKeyId"], access_key["SecretAccessKey"], "searched", user["Arn"])
        for number in range(400):
            kms.encrypt(KeyId=self.keys[number % 2], Plaintext=b"x")
            kms.describe_key(KeyId="alias/orders")
        for key in self.keys:
            self.user.client("kms").encrypt(KeyId=key, Plaintext=b"x")
            refused("AccessDeniedException", self.user.client("kms").describe_key, KeyId=key)
        self.request_id = kms.list_keys()["ResponseMetadata"]["RequestId"]
        refused("NotFoundException", kms.describe_key, KeyId="alias/none")
        for parent in ("00f067aa0ba902b7", "00f067aa0ba902b8"):
            server.admin.post("TrentService.ListKeys", {}, headers={"traceparent": f"00-{TRACE}-{parent}-01"})
        server.admin.post("TrentService.ListKeys", {}, headers={"traceparent": f"00-{TRACE.upper()}-00f067aa0ba902b7-01"})

    def events(self):
        return events_in(self.folder)

    def search(self, *arguments):
        """Numbers, the newest first; with and without the indexes."""
        found = [json.loads(line) for line in command("audit", "search", self.folder, "--json", *arguments).stdout.splitlines()]
        scanned = command("audit", "search", self.folder, "--json", "--scan", *arguments).stdout
        assert [json.loads(line) for line in scanned.splitlines()] == found
        events = self.events()
        for hit in found:
            assert hit["event"] == events[hit["number"]]
        return [hit["number"] for hit in found]

    def where(self, condition):
        return [number for number, event in reversed(list(enumerate(self.events()))) if condition(event)]


def wait_for(condition):
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("search") / "data", free_port(), settings=SETTINGS)
    try:
        log = Log(server.init().start())
        closed = segments(log.folder)[:-1]
        assert len(closed) > 1
        wait_for(lambda: len(list((log.folder / "index").glob("*.idx"))) == len(closed))
        assert server.stop() == 0
    finally:
        server.kill()
    return log


def has_key(event, key):
    return any(resource["ARN"].endswith("/" + key) for resource in event.get("resources", []))


# --- Search ---


def test_by_key(log):
    for key in log.keys:
        found = log.search("--key", key, "--limit", 0)
        assert found == log.where(lambda event: has_key(event, key)
                                  or (event.get("requestParameters") or {}).get("keyId") == key) != []
    arn = next(event["resources"][0]["ARN"] for event in log.events() if has_key(event, log.keys[0]))
    assert log.search("--key", arn, "--limit", 0) == log.where(lambda event: has_key(event, log.keys[0]))
    assert log.search("--key", arn.replace("us-east-1", "eu-west-1")) == []
    by_alias = log.search("--key", "alias/orders", "--limit", 0)
    assert by_alias == log.where(lambda event: (event.get("requestParameters") or {}).get("keyId") == "alias/orders")
    assert len(by_alias) == 400


def test_by_principal_operation_result_and_ids(log):
    def of_user(event):
        return event["userIdentity"].get("arn") == log.user.arn

    assert log.search("--principal", log.user.arn, "--limit", 0) == log.where(of_user) != []
    assert log.search("--principal", log.user.name, "--limit", 0) == log.where(of_user)
    assert log.search("--principal", log.user.name, "--result", "denied") == log.where(
        lambda event: of_user(event) and event.get("errorCode") == "AccessDenied") != []
    assert len(log.search("--principal", log.user.name, "--result", "ok")) == 3
    assert log.search("--operation", "DescribeKey", "--limit", 0) == log.where(lambda event: event["eventName"] == "DescribeKey")
    assert log.search("--result", "failed", "--limit", 0) == log.where(lambda event: "errorCode" in event)
    assert log.search("--result", "NotFoundException") == log.where(lambda event: event.get("errorCode") == "NotFoundException")
    assert log.search("--request-id", log.request_id) == log.where(lambda event: event.get("requestID") == log.request_id)
    traced = log.search("--trace-id", TRACE)
    assert len(traced) == 2 and [log.events()[number]["additionalEventData"] for number in traced] == [
        {"traceId": TRACE, "parentSpanId": parent} for parent in ("00f067aa0ba902b8", "00f067aa0ba902b7")]
    event = log.events()[100]
    assert log.search("--event-id", event["eventID"]) == [100]
    assert log.search("--address", "127.0.0.1", "--operation", "ListKeys", "--limit", 0) == log.where(
        lambda event: event.get("sourceIPAddress") == "127.0.0.1" and event["eventName"] == "ListKeys")
    assert log.search("--operation", "Nothing") == []


def test_by_time(log):
    events = log.events()
    begin, end = events[50]["eventTime"], events[90]["eventTime"]
    assert log.search("--from", begin, "--to", end, "--limit", 0) == log.where(lambda event: begin <= event["eventTime"] < end) != []
    assert log.search("--to", "2020-01-01") == []
    assert len(log.search("--from", "1h", "--limit", 0)) == len(events)
    assert log.search("--from", "2w", "--to", "7d") == []
    assert log.search("--limit", 0) == list(reversed(range(len(events))))
    oldest = command("audit", "search", log.folder, "--json", "--oldest-first", "--limit", 3).stdout.splitlines()
    assert [json.loads(line)["number"] for line in oldest] == [0, 1, 2]


def test_the_table_is_for_people(log):
    done = command("audit", "search", log.folder, "--principal", log.user.name, "--limit", 2)
    lines = done.stdout.splitlines()
    assert len(lines) == 3 and lines[0].split() == ["EVENT", "TIME", "(UTC)", "OPERATION", "PRINCIPAL", "KEY", "ADDRESS", "RESULT"]
    assert log.user.name in lines[1] and any(key in lines[1] for key in log.keys)
    assert "There are more" in done.stderr
    none = command("audit", "search", log.folder, "--key", "none")
    assert none.stdout == "No event is like that.\n" and not none.stderr


@pytest.mark.parametrize("arguments, sentence", [
    (["--from", "yesterday"], "--from 'yesterday' is no time"),
    (["--to", "2026-13-01"], "--to '2026-13-01' is no time"),
    (["--from", "-5d"], "is no time"),
])
def test_what_is_no_time_is_said(log, arguments, sentence):
    done = command("audit", "search", log.folder, *arguments, check=False)
    assert done.returncode == 1 and sentence in done.stderr


def test_a_folder_without_a_log_is_said(tmp_path):
    done = command("audit", "search", tmp_path, check=False)
    assert done.returncode == 1 and "has no segments of an audit log" in done.stderr


# --- Export ---


def export(log, to, *arguments):
    command("audit", "export", log.folder, "--output", to, *arguments)
    return to.with_name(to.name + ".range-proof")


def verify_export(log, file, proof, key=None):
    done = command("audit", "verify-export", "--export", file, "--proof", proof, "--public-key", key or log.folder / "log.vkey", check=False)
    return done


def public_key(log):
    return VerifierKey.parse((log.folder / "log.vkey").read_text())


def test_an_export_is_proved(log, tmp_path):
    events, lines = log.events(), read_lines(log.folder)[1]
    begin, end = events[40]["eventTime"], events[170]["eventTime"]
    file = tmp_path / "part.jsonl"
    proof = export(log, file, "--from", begin, "--to", end)
    exported = file.read_bytes().splitlines()
    first = lines.index(exported[0])
    assert exported == lines[first:first + len(exported)]
    inside = [number for number, event in enumerate(events) if begin <= event["eventTime"] < end]
    assert (first, first + len(exported) - 1) == (inside[0], inside[-1])
    assert file.stat().st_mode & 0o777 == 0o600
    assert "all of them" in verify_export(log, file, proof).stdout
    assert check_range(exported, proof.read_text(), public_key(log))

    whole = tmp_path / "all.jsonl"
    proof = export(log, whole)
    assert whole.read_bytes().splitlines() == lines
    assert verify_export(log, whole, proof).returncode == 0
    assert check_range(lines, proof.read_text(), public_key(log))


def test_an_export_as_csv_is_proved(log, tmp_path):
    file = tmp_path / "part.csv"
    events = log.events()
    proof = export(log, file, "--from", events[40]["eventTime"], "--to", events[60]["eventTime"])
    assert verify_export(log, file, proof).returncode == 0
    rows = list(csv.DictReader(io.StringIO(file.read_text())))
    for row in rows:
        event = json.loads(row["event"])
        assert event == events[int(row["number"])]
        assert (row["time"], row["operation"], row["event_id"]) == (event["eventTime"], event["eventName"], event["eventID"])
        assert row["principal"] == event["userIdentity"].get("arn", "")
    assert check_range([row["event"].encode() for row in rows], proof.read_text(), public_key(log))
    text = file.read_text()
    for changed in (text.replace('"Encrypt"', '"Decrypt"', 1), text.replace(log.keys[0], log.keys[1], 1), text[:-1], text.replace("\n", "\r\n")):
        assert changed != text
        file.write_bytes(changed.encode())
        assert verify_export(log, file, proof).returncode == 1


def test_a_changed_export_is_not(log, tmp_path):
    file = tmp_path / "part.jsonl"
    events = log.events()
    proof = export(log, file, "--from", events[40]["eventTime"], "--to", events[170]["eventTime"])
    lines, proof_text = file.read_bytes().splitlines(keepends=True), proof.read_text()
    other = tmp_path / "other.vkey"
    other.write_text((log.folder / "log.vkey").read_text().replace("kagimori/", "kagimorj/"))
    assert verify_export(log, file, proof, other).returncode == 1
    for changed in (lines[1:], lines[:-1], lines[:3] + lines[4:], lines + lines[-1:], lines[1:2] + lines[:1] + lines[2:],
                    [lines[0].replace(b"us-east-1", b"us-east-2")] + lines[1:], []):
        assert changed != lines
        file.write_bytes(b"".join(changed))
        assert verify_export(log, file, proof).returncode == 1
        assert not check_range([line.rstrip(b"\n") for line in changed], proof_text, public_key(log))
    file.write_bytes(b"".join(lines))
    first = int(proof_text.splitlines()[1].split()[1])
    for changed in (proof_text.replace(f"first {first}", f"first {first + 1}"), proof_text.replace("events ", "events 1"),
                    proof_text.replace("— kagimori", "— kagimorj"), "nonsense"):
        proof.write_text(changed)
        assert verify_export(log, file, proof).returncode == 1


@pytest.mark.parametrize("arguments, sentence", [
    (["--format", "xml"], "'xml' is no format of an export"),
    (["--from", "2020-01-01", "--to", "2020-01-02"], "No signed event of the audit log is of that time."),
    (["--output", "/nonexistent/x.csv"], "Cannot write beside /nonexistent/x.csv"),
])
def test_what_can_not_be_exported_is_said(log, tmp_path, arguments, sentence):
    where = [] if "--output" in arguments else ["--output", tmp_path / "x.csv"]
    done = command("audit", "export", log.folder, *where, *arguments, check=False)
    assert done.returncode == 1 and sentence in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_changed_log_is_not_exported(log, tmp_path):
    copy = tmp_path / "copy"
    subprocess.run(["cp", "-r", log.folder, copy], check=True)
    segment = segments(copy)[0]
    segment.write_bytes(segment.read_bytes().replace(b"us-east-1", b"us-east-2", 1))
    done = command("audit", "export", copy, "--output", tmp_path / "x.jsonl", check=False)
    assert done.returncode == 1 and "can't be proved" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy"]


# --- Retention ---


def test_old_segments_go_and_the_rest_is_proved(fresh_server, tmp_path):
    server = fresh_server(settings={**SETTINGS, "audit.retention_days": 30})
    log = Log(server)
    old = [int(path.name[:20]) for path in segments(log.folder)]
    assert len(old) > 1
    checkpoint = (log.folder / "checkpoint").read_text()
    server.admin.call("Kagimori.AdvanceLifecycleClock", Seconds=29 * 86400)
    time.sleep(2.5)
    assert int(segments(log.folder)[0].name[:20]) == 0
    server.admin.call("Kagimori.AdvanceLifecycleClock", Seconds=86400 + 60)
    wait_for(lambda: int(segments(log.folder)[0].name[:20]) >= old[-1])
    wait_for(lambda: any(event["eventName"] == "PruneAuditLog" for event in map(json.loads, read_lines(log.folder)[1])))
    assert not list((log.folder / "index").glob(f"{0:020}.idx"))
    kms = server.admin.client("kms")
    kms.list_keys()
    proof = server.admin.call("Kagimori.GetAuditConsistencyProof", OldSize=int(checkpoint.split("\n")[1]))
    assert proof["Checkpoint"]
    assert server.stop() == 0
    found = check(log.folder, older=checkpoint)
    assert found["ok"] and found["pruned"] >= old[-1] and found["events"] == found["size"] - found["pruned"]
    pruned = json.loads(command("audit", "search", log.folder, "--operation", "PruneAuditLog", "--json").stdout.splitlines()[0])["event"]
    assert pruned["requestParameters"] == {"retentionDays": "30"}
    assert int(pruned["responseElements"]["firstEventKept"]) <= found["pruned"]
    assert datetime.fromisoformat(pruned["responseElements"]["removedUntil"].replace("Z", "+00:00")) < datetime.now(timezone.utc) + timedelta(days=1)

    # It goes on after a restart; what was taken without a note is noticed.
    server.start()
    server.admin.client("kms").list_keys()
    assert server.stop() == 0
    assert check(log.folder, older=checkpoint)["ok"]
    (log.folder / "pruned").unlink()
    assert check(log.folder)["defect"] == "pruning"
