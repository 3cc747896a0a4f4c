"""Sinks beside the audit log: a file, a syslog server (RFC 5424 over TCP and TLS), an HTTPS webhook."""

import http.server
import json
import re
import socket
import socketserver
import ssl
import threading
import time

import pytest
from audit_log import audit_text
from harness import free_port
from kms_case import new_key, refused
from test_audit import events
from test_metrics import Metrics

RFC_5424 = re.compile(
    rb"<(\d{1,3})>1 (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z) ([!-~]{1,255}) kagimori (\d+) ([!-~]{1,32}) - (\{.*\})", re.DOTALL)


class Receiver:
    """What has arrived, whatever it came by."""

    def __init__(self, server, tls=True):
        self.port = free_port()
        self.tls = tls
        self.context = None
        if tls:
            self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            self.context.load_cert_chain(server.data / "tls" / "server.pem", server.data / "tls" / "server.key")
        self.arrived = []
        self.changed = threading.Condition()
        self.listener = None

    def add(self, what):
        with self.changed:
            self.arrived.append(what)
            self.changed.notify_all()

    def wait(self, condition, seconds=40):
        with self.changed:
            assert self.changed.wait_for(lambda: condition(self.arrived), seconds), self.arrived[-3:]
            return list(self.arrived)

    def serve(self, listener):
        self.listener = listener
        threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def stop(self):
        if self.listener is not None:
            self.listener.shutdown()
            self.listener.server_close()
            self.listener = None


class Listener(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False


class Syslog(Receiver):
    floods = False  # sends without an end

    def start(self):
        receiver = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                stream = receiver.context.wrap_socket(self.request, server_side=True) if receiver.tls else self.request
                receiver.connections.append(stream)
                if receiver.floods:
                    threading.Thread(target=flood, args=(stream,), daemon=True).start()
                reader = stream.makefile("rb")
                try:
                    while length := read_length(reader):
                        receiver.add(reader.read(length))
                except OSError:
                    pass

        self.connections = []
        return self.serve(Listener(("127.0.0.1", self.port), Handler))

    def stop(self):
        super().stop()
        for stream in self.connections:
            stream.close()


def flood(stream):
    try:
        while True:
            stream.sendall(b"x" * 65_536)
    except OSError:
        pass


def read_length(reader):
    digits = b""
    while (byte := reader.read(1)) not in (b" ", b""):
        digits += byte
    return int(digits) if digits else 0


class Webhook(Receiver):
    status = 200
    seen = 0  # requests, also refused ones

    def start(self):
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                receiver.seen += 1
                receiver.headers = self.headers
                receiver.path = self.path
                if receiver.status == 200:
                    for entry in body["events"]:
                        receiver.add(entry)
                self.send_response(receiver.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        class SecureListener(Listener):
            def get_request(self):
                connection, address = super().get_request()
                return receiver.context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False), address

        return self.serve(SecureListener(("127.0.0.1", self.port), Handler))


def sink(number=1, **options):
    return {f"audit_sinks.{number}.{name}": value for name, value in options.items()}


@pytest.fixture
def sunk(fresh_server):
    """sunk(make): a server whose first sink is what make(server) says: (receiver or None, options)."""
    receivers = []

    def begin(make, **settings):
        server = fresh_server(start=False, settings=settings)
        receiver, options = make(server)
        server.settings.update(sink(name="one", **options))
        if receiver is not None:
            receivers.append(receiver)
        return server.start(), receiver

    yield begin
    for receiver in receivers:
        receiver.stop()


def webhook(server):
    receiver = Webhook(server).start()
    return receiver, {"type": "webhook", "url": f"https://127.0.0.1:{receiver.port}/hook", "ca_file": server.ca}


def syslog(server, tls=True):
    receiver = Syslog(server, tls).start()
    options = {"type": "syslog", "address": f"127.0.0.1:{receiver.port}", "tls": str(tls).lower()}
    return receiver, {**options, "ca_file": server.ca} if tls else options


def lines(server):
    return audit_text(server).splitlines()


def encrypt(server, key_id, times=1):
    kms = server.admin.client()
    for _ in range(times):
        kms.encrypt(KeyId=key_id, Plaintext=b"x")


# --- File ---


def test_a_file_gets_what_the_log_gets(sunk, tmp_path):
    target = tmp_path / "events.jsonl"
    server, _ = sunk(lambda _: (None, {"type": "file", "path": target}))
    begun = len(lines(server))
    key_id = new_key(server.admin.client())
    encrypt(server, key_id, 600)
    deadline = time.monotonic() + 30
    while not target.exists() or len(target.read_text().splitlines()) < 601:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    got = target.read_text().splitlines()
    assert got == lines(server)[-len(got):] and len(lines(server)) - len(got) <= begun
    assert target.stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_moved_away_is_made_anew(sunk, tmp_path):
    target = tmp_path / "events.jsonl"
    server, _ = sunk(lambda _: (None, {"type": "file", "path": target}))
    key_id = new_key(server.admin.client())
    wait_until(target.exists)
    target.rename(tmp_path / "old")
    encrypt(server, key_id)
    wait_until(lambda: target.exists() and '"Encrypt"' in target.read_text())
    assert lines(server)[-2:] == [(tmp_path / "old").read_text().splitlines()[-1], target.read_text().splitlines()[0]]


def wait_until(condition, seconds=30):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_what_can_not_be_written_waits(sunk, tmp_path):
    target = tmp_path / "there" / "events.jsonl"
    server, _ = sunk(lambda _: (None, {"type": "file", "path": target}))
    key_id = new_key(server.admin.client())
    encrypt(server, key_id, 5)
    wait_until(lambda: "does not take events" in server.log_file.read_text())
    target.parent.mkdir()
    wait_until(lambda: target.exists() and len(target.read_text().splitlines()) >= 6)
    assert target.read_text().splitlines() == lines(server)[-len(target.read_text().splitlines()):]
    wait_until(lambda: "works again" in server.log_file.read_text())


def test_what_is_no_file_is_refused(sunk, tmp_path):
    server, _ = sunk(lambda _: (None, {"type": "file", "path": tmp_path}))
    new_key(server.admin.client())
    wait_until(lambda: "does not take events" in server.log_file.read_text())
    assert server.admin.client().list_keys()["Keys"]


# --- Syslog ---


@pytest.mark.parametrize("tls", (True, False))
def test_syslog(sunk, tls):
    server, receiver = sunk(lambda server: syslog(server, tls))
    kms = server.admin.client()
    key_id = new_key(kms)
    encrypt(server, key_id, 20)
    refused("NotFoundException", kms.describe_key, KeyId="alias/none")
    kms.disable_key(KeyId=key_id)  # used recently: an alarm
    arrived = receiver.wait(lambda all: any(b"KeyUsedRecently" in one for one in all))
    found = [RFC_5424.fullmatch(message) for message in arrived]
    assert all(found)
    told = [match[6].decode() for match in found]
    assert told == lines(server)[-len(told):]
    severities = {}
    for match, line in zip(found, told):
        event = json.loads(line)
        assert match[2].decode() == event["eventTime"]
        assert match[3].decode() == socket.gethostname() and match[5].decode() == event["eventName"]
        severities[event["eventName"]] = int(match[1]) - 13 * 8
    assert severities["Encrypt"] == 6 and severities["DescribeKey"] == 5 and severities["KeyUsedRecently"] == 4


def test_a_syslog_server_that_comes_and_goes(sunk):
    server, receiver = sunk(syslog)
    key_id = new_key(server.admin.client())
    receiver.wait(lambda all: len(all) >= 1)
    for _ in range(2):
        receiver.stop()
        encrypt(server, key_id, 10)
        receiver.start()
        encrypt(server, key_id, 10)
    receiver.wait(lambda all: len({message for message in all}) >= 41, 60)
    told = {RFC_5424.fullmatch(message)[6].decode() for message in receiver.arrived}
    written = lines(server)
    assert told <= set(written)
    begun = written.index(RFC_5424.fullmatch(receiver.arrived[0])[6].decode())
    assert set(written[begun:begun + 41]) <= told  # none is missing; some may come twice


# --- Webhook ---


def numbers(entries):
    return [entry["number"] for entry in entries]


def test_a_webhook(sunk, tmp_path):
    (tmp_path / "token").write_text("Bearer 0123456789abcdef\n")
    server, receiver = sunk(lambda server: (lambda made: (made[0], {
        **made[1], "authorization_file": tmp_path / "token"}))(webhook(server)))
    key_id = new_key(server.admin.client())
    encrypt(server, key_id, 700)
    arrived = receiver.wait(lambda all: len(all) >= 701)
    first = arrived[0]["number"]
    assert numbers(arrived) == list(range(first, first + len(arrived)))
    assert [entry["event"] for entry in arrived] == [json.loads(line) for line in lines(server)[first:first + len(arrived)]]
    assert receiver.headers["Authorization"] == "Bearer 0123456789abcdef" and receiver.path == "/hook"
    assert receiver.headers["Content-Type"] == "application/json"
    assert "0123456789abcdef" not in server.log_file.read_text() + audit_text(server)


@pytest.mark.parametrize("status", (302, 400, 429, 503))
def test_what_a_webhook_refuses_comes_again(sunk, status):
    server, receiver = sunk(webhook)
    receiver.status = status
    key_id = new_key(server.admin.client())
    encrypt(server, key_id, 3)
    wait_until(lambda: receiver.seen >= 2)
    log = server.log_file.read_text()
    assert f"https://127.0.0.1:{receiver.port} answered with status {status}" in log and receiver.arrived == []
    assert "/hook" not in log  # the path of many a webhook is its secret
    receiver.status = 200
    arrived = receiver.wait(lambda all: len(all) >= 4)
    assert numbers(arrived) == list(range(arrived[0]["number"], arrived[0]["number"] + len(arrived)))


def test_it_goes_on_where_it_was(sunk):
    server, receiver = sunk(webhook)
    key_id = new_key(server.admin.client())
    receiver.wait(lambda all: len(all) >= 1)
    receiver.status = 503
    encrypt(server, key_id, 5)
    server.restart()
    encrypt(server, key_id, 5)
    server.crash_and_restart()
    encrypt(server, key_id, 5)
    receiver.status = 200
    arrived = receiver.wait(lambda all: sum(entry["event"]["eventName"] == "Encrypt" for entry in all) >= 15)
    first = arrived[0]["number"]
    assert sorted(set(numbers(arrived))) == list(range(first, first + len(set(numbers(arrived)))))
    position = int((server.data / "audit" / "sinks" / "one").read_text())
    assert position <= len(lines(server))


def test_a_certificate_that_is_not_trusted(sunk):
    def untrusted(server):
        receiver, options = webhook(server)
        return receiver, {name: value for name, value in options.items() if name != "ca_file"}
    server, receiver = sunk(untrusted)
    new_key(server.admin.client())
    wait_until(lambda: "has a certificate that is not trusted" in server.log_file.read_text())
    assert receiver.arrived == []


# --- What they never do ---


@pytest.mark.parametrize("make", (syslog, webhook))
def test_a_sink_that_hangs_stops_nobody(sunk, make):
    def hanging(server):
        receiver, options = make(server)
        receiver.stop()
        receiver.trap = socket.create_server(("127.0.0.1", receiver.port))  # takes connections, and nothing in
        return receiver, options
    port = free_port()
    server, receiver = sunk(hanging, **{"listeners.2.address": f"127.0.0.1:{port}", "listeners.2.tls": "false",
                                        "listeners.2.planes": "metrics"})
    metrics = Metrics(f"http://127.0.0.1:{port}/metrics")
    key_id = new_key(server.admin.client())
    encrypt(server, key_id, 50)
    assert metrics.value("kagimori_audit_sink_behind_events", sink="one") >= 51
    assert metrics.value("kagimori_audit_sink_events_total", sink="one") == 0
    wait_until(lambda: metrics.value("kagimori_audit_sink_failures_total", sink="one") >= 1, 30)
    began = time.monotonic()
    server.stop()
    assert time.monotonic() - began < 20
    receiver.trap.close()
    receiver.start()
    server.start()
    receiver.wait(lambda all: len(all) >= 51)
    wait_until(lambda: metrics.value("kagimori_audit_sink_behind_events", sink="one") == 0)


def test_a_syslog_server_that_talks_without_an_end(sunk):
    def flooding(server):
        receiver, options = syslog(server, tls=False)
        receiver.floods = True
        return receiver, options
    server, receiver = sunk(flooding)
    key_id = new_key(server.admin.client())
    for count in (1, 2, 3):
        encrypt(server, key_id)
        receiver.wait(lambda all, count=count: sum(b'"Encrypt"' in one for one in all) >= count)
    began = time.monotonic()
    server.stop()
    assert time.monotonic() - began < 20


def test_one_that_is_too_far_behind_is_moved_on(sunk, tmp_path):
    target = tmp_path / "there" / "events.jsonl"
    server, _ = sunk(lambda _: (None, {"type": "file", "path": target, "most_behind": 1_000}))
    key_id = new_key(server.admin.client())
    encrypt(server, key_id, 1_100)
    wait_until(lambda: any(event["eventName"] == "SkipSinkEvents" for event in events(server)), 60)
    target.parent.mkdir()
    wait_until(target.exists, 60)
    (skip, *_) = [event for event in events(server) if event["eventName"] == "SkipSinkEvents"]
    assert skip["requestParameters"] == {"sink": "one"}
    first, count = (int(skip["responseElements"][name]) for name in ("firstEventSkipped", "eventsSkipped"))
    assert target.read_text().splitlines()[0] == lines(server)[first + count]


@pytest.mark.parametrize("which, wanted", (
    ("changes", ["CreateKey", "DisableKey", "KeyUsedRecently", "PutKeyPolicy"]), ("alarms", ["KeyUsedRecently"])))
def test_not_all_events(sunk, tmp_path, which, wanted):
    target = tmp_path / "events.jsonl"
    server, _ = sunk(lambda _: (None, {"type": "file", "path": target, "events": which}))
    kms = server.admin.client()
    key_id = new_key(kms)
    encrypt(server, key_id, 3)
    kms.encrypt(KeyId=key_id, Plaintext=b"x", EncryptionContext={'"readOnly":false': '"readOnly":false,'})
    kms.disable_key(KeyId=key_id)
    policy = kms.get_key_policy(KeyId=key_id)["Policy"]
    kms.put_key_policy(KeyId=key_id, Policy=policy)
    last = "PutKeyPolicy" if which == "changes" else "KeyUsedRecently"
    wait_until(lambda: target.exists() and last in target.read_text())
    assert [json.loads(line)["eventName"] for line in target.read_text().splitlines()] == wanted


def test_several_at_once(fresh_server, tmp_path):
    server = fresh_server(settings={
        **sink(1, name="a", type="file", path=tmp_path / "a"),
        **sink(2, name="b", type="file", path=tmp_path / "no" / "b"),
        **sink(3, name="c", type="file", path=tmp_path / "c")})
    new_key(server.admin.client())
    wait_until(lambda: (tmp_path / "a").exists() and (tmp_path / "c").exists())
    assert server.command("audit", "verify", server.data / "audit").returncode == 0


@pytest.mark.parametrize("options, sentence", (
    ({"name": "A b", "type": "file", "path": "x"}, "must be 1 to 32 of a-z, 0-9 and -"),
    ({"name": "a", "path": "x"}, "type must say what it is"),
    ({"name": "a", "type": "kafka"}, "must be one of file, syslog, webhook"),
    ({"name": "a", "type": "file"}, "path must name the file"),
    ({"name": "a", "type": "file", "path": "x", "url": "https://x"}, 'url is an option of type "webhook"'),
    ({"name": "a", "type": "syslog", "address": "host"}, "must be HOST:PORT"),
    ({"name": "a", "type": "syslog", "address": "host:99999"}, "must be HOST:PORT"),
    ({"name": "a", "type": "webhook", "url": "http://x"}, "must begin with https://"),
    ({"name": "a", "type": "webhook", "url": "https://x", "authorization_file": "none"}, "must hold one line"),
    ({"name": "a", "type": "webhook", "url": "https://x", "ca_file": "none"}, "can't be read as PEM"),
    ({"name": "a", "type": "file", "path": "x", "events": "some"}, "must be one of all, changes, alarms"),
    ({"name": "a", "type": "file", "path": "x", "most_behind": "5"}, "most_behind must be from 1000"),
))
def test_what_is_wrong_in_the_configuration(fresh_server, options, sentence):
    server = fresh_server(start=False)
    server.settings.update(sink(**options))
    for command in ("config", "check"), ("serve",):
        done = server.command(*command, "--config", server.config, check=False)
        assert done.returncode == 1 and sentence in done.stderr, done.stderr


def test_names_are_unique_and_plain_tcp_is_warned_of(fresh_server):
    server = fresh_server(start=False)
    server.settings.update({**sink(1, name="a", type="syslog", address="localhost:514", tls="false"),
                            **sink(2, name="a", type="file", path="x")})
    done = server.command("config", "check", "--config", server.config, check=False)
    assert "a is the name of an earlier sink already" in done.stderr
    server.settings["audit_sinks.2.name"] = "b"
    assert "sends events without TLS" in server.command("config", "check", "--config", server.config).stdout
