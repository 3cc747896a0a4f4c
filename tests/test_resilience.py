"""What must not stop or mislead the service: a stalled reader of its log, a long reader of its database, damaged rows of
the clock's list, keys with many versions, a memory for secrets that is too small, an init that was cut short."""

import json
import os
import socket
import sqlite3
import ssl
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
from audit_log import audit_text
from botocore.exceptions import ClientError
from harness import BINARY
from kms_case import advance, new_key, refused

sys.path.append(str(Path(__file__).resolve().parent / "tools"))

from stored_secrets import StoredSecrets  # noqa: E402

ACCOUNT = "100000000001"  # the one that init makes


def database(server):
    return server.data / "store" / "kagimori.db"


def open_reader(server):
    """A transaction of another process that keeps the write-ahead log alive, as a long backup does."""
    reader = sqlite3.connect(f"file:{database(server)}?mode=ro", uri=True, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM t_keys").fetchone()
    return reader


def change(server, statement, *parameters):
    store = sqlite3.connect(database(server))
    with store:
        changed = store.execute(statement, parameters).rowcount
    store.close()
    assert changed > 0


def events(server, name):
    lines = audit_text(server).splitlines()
    return [event for event in map(json.loads, lines) if event["eventName"] == name]


def state(kms, key):
    try:
        return kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"]
    except ClientError as error:
        return error.response["Error"]["Code"]


def wait_for(what, seconds=20):
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def destroy_under_a_reader(server):
    """Returns (key, reader): the key's destruction is durable, but its old values can't be scrubbed yet."""
    kms = server.admin.client()
    key = new_key(kms)
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    reader = open_reader(server)
    threading.Thread(target=lambda: quietly(advance, server, days=8), daemon=True).start()
    wait_for(lambda: state(kms, key) == "NotFoundException" or durable_destruction(server, key))
    return key, reader


def quietly(call, *arguments, **members):
    try:
        call(*arguments, **members)
    except (AssertionError, requests.RequestException):
        pass  # the server was killed or stopped under it


def durable_destruction(server, key):
    store = sqlite3.connect(f"file:{database(server)}?mode=ro", uri=True)
    try:
        return store.execute("SELECT count(*) FROM t_tombstones").fetchone()[0] > 0
    finally:
        store.close()


def test_the_event_of_a_destruction_is_not_lost_behind_later_changes(fresh_server):
    server = fresh_server(settings={"lifecycle.sweep_interval_seconds": "1"})
    kms = server.admin.client()
    other = new_key(kms)
    key, reader = destroy_under_a_reader(server)
    for value in ("a", "b"):  # later changes, whose events are written and cleared meanwhile
        kms.tag_resource(KeyId=other, Tags=[{"TagKey": "t", "TagValue": value}])
    time.sleep(0.5)  # longer than removed events stay in the outbox
    server.kill()
    reader.close()
    server.start()
    assert state(server.admin.client(), key) == "NotFoundException"
    (event,) = events(server, "DeleteKey")
    assert key in event["resources"][0]["ARN"]
    account = event["resources"][0]["ARN"].split(":")[4]
    assert event["resources"][0]["accountId"] == event["recipientAccountId"] == account


def test_sigterm_ends_a_server_whose_scrub_waits_for_a_reader(fresh_server):
    server = fresh_server(settings={"lifecycle.sweep_interval_seconds": "1"})
    key, reader = destroy_under_a_reader(server)
    assert server.stop() == 0, server.log_tail()
    reader.close()
    server.start()
    assert state(server.admin.client(), key) == "NotFoundException"
    assert len(events(server, "DeleteKey")) == 1


def test_a_reader_of_the_log_that_stalls_holds_up_nobody(fresh_server):
    server = fresh_server(start=False)
    server.process = subprocess.Popen(
        [BINARY, "serve", "--config", server.config], env=server.environment(), stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )
    server.wait_ready()
    log = server.process.stderr
    with requests.Session() as session:
        for _ in range(1000):  # far more lines than a pipe holds
            session.post(server.url, data="{}", headers={"X-Amz-Target": "TrentService.ListKeys"}, verify=str(server.ca), timeout=10)
        assert session.get(server.url + "/healthz", verify=str(server.ca), timeout=10).status_code == 200
        taken = os.read(log.fileno(), 1 << 20)
        session.post(server.url, data="{}", verify=str(server.ca), timeout=10)
    assert b'"message":"log lines were lost","count":' in os.read(log.fileno(), 1 << 20)
    assert all(json.loads(line) for line in taken.splitlines())
    assert server.stop() == 0


def test_a_start_that_fails_after_a_crash_says_why(fresh_server):
    """The integrity check is under way then, on a thread of its own."""
    server = fresh_server()
    new_key(server.admin.client())
    server.kill()
    pid = server.data / "server.pid"
    pid.unlink()
    pid.mkdir()
    done = server.command("serve", "--config", server.config, check=False)
    assert done.returncode == 1 and "server.pid" in done.stderr.splitlines()[-1], done.stderr


def test_a_damaged_row_of_the_clock_s_list_holds_up_nobody(fresh_server):
    server = fresh_server()
    kms = server.admin.client()
    keys = [new_key(kms) for _ in range(3)]
    for key in keys:
        kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    server.stop()
    change(server, "UPDATE t_due SET value = x'00' WHERE pk = (SELECT min(pk) FROM t_due)")
    server.start()
    advance(server, days=8)
    assert [state(server.admin.client(), key) for key in keys] == ["NotFoundException"] * 3


def test_store_check_finds_a_change_that_the_clock_would_miss(fresh_server):
    server = fresh_server()
    kms = server.admin.client()
    deleted, rotated = new_key(kms), new_key(kms)
    kms.schedule_key_deletion(KeyId=deleted, PendingWindowInDays=7)
    kms.enable_key_rotation(KeyId=rotated)
    server.stop()
    assert server.command("store", "check", "--config", server.config)
    change(server, "DELETE FROM t_due")
    done = server.command("store", "check", "--config", server.config, check=False)
    assert done.returncode == 1
    text = done.stdout + done.stderr
    assert f"The deletion of key {deleted}" in text and f"The rotation of key {rotated}" in text


def test_a_key_with_many_versions_and_aliases_works_and_goes_whole(fresh_server):
    """More of each than are read from the store at a time."""
    many = 600
    server = fresh_server(settings={"quotas.on_demand_rotations": many, "quotas.aliases_per_key": many})
    kms = server.admin.client()
    key = new_key(kms)
    first = kms.encrypt(KeyId=key, Plaintext=b"oldest")["CiphertextBlob"]
    for number in range(many):
        kms.rotate_key_on_demand(KeyId=key)
        kms.create_alias(AliasName=f"alias/many-{number}", TargetKeyId=key)
    assert kms.decrypt(CiphertextBlob=first)["Plaintext"] == b"oldest"
    assert kms.encrypt(KeyId=f"alias/many-{many - 1}", Plaintext=b"x")
    refused("LimitExceededException", kms.rotate_key_on_demand, KeyId=key)
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    advance(server, days=8)
    assert kms.list_aliases()["Aliases"] == []
    kms.create_alias(AliasName="alias/many-599", TargetKeyId=new_key(kms))
    server.stop()
    assert len(StoredSecrets(server).materials) == 1, "material of a destroyed version is still there"
    assert server.command("store", "check", "--config", server.config)


def test_more_keys_in_use_than_the_memory_for_secrets_holds(fresh_server):
    """1 MiB holds 32,768 secrets of 32 bytes; each worker that uses a key holds all its versions."""
    versions, workers = 80, 16
    server = fresh_server(settings={
        "memory.secret_bytes": "1 MiB", "server.workers": str(workers), "quotas.on_demand_rotations": str(versions),
    })
    kms = server.admin.client()
    keys = [new_key(kms) for _ in range(40)]
    blobs = {key: kms.encrypt(KeyId=key, Plaintext=key.encode())["CiphertextBlob"] for key in keys}
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda key: [kms.rotate_key_on_demand(KeyId=key) for _ in range(versions)], keys))
    # A client is a connection, and connections spread over the workers.
    for client in (server.admin.client() for _ in range(workers * 2)):
        for key, blob in blobs.items():
            assert client.decrypt(CiphertextBlob=blob)["Plaintext"] == key.encode()
    assert server.process.poll() is None


@pytest.mark.parametrize("step", ("empty database", "no administrator", "no env"))
def test_an_init_that_was_cut_short_is_finished_by_the_next(fresh_server, step):
    server = fresh_server(start=False)
    (server.data / "env").unlink()
    store = sqlite3.connect(database(server))
    with store:
        tables = [name for (name,) in store.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 't_%'")]
        if step == "empty database":
            for table in tables:
                store.execute(f"DELETE FROM {table}")
            store.execute("UPDATE store_info SET revision = 0")
            (server.data / "store" / "store-id").unlink()
        elif step == "no administrator":
            for table in ("t_accounts", "t_users", "t_user_names", "t_user_policies", "t_access_keys", "t_user_access_keys"):
                store.execute(f"DELETE FROM {table}")
            # The account's keyring comes with it.
            newest = store.execute("SELECT max(pk) FROM t_epochs").fetchone()[0]
            store.execute("DELETE FROM t_epochs WHERE pk = ?", (newest,))
    store.close()
    done = server.command("init", "--data", server.data)
    if step == "no env":
        assert "recover root-credentials" in done.stdout
        return
    assert "lost for ever" in done.stdout
    server.read_environment_file()
    server.start()
    assert new_key(server.admin.client())


def test_a_database_of_another_store_whose_key_file_is_there_too(fresh_server):
    one, other = fresh_server(), fresh_server()
    for server in (one, other):
        server.stop()
    (other_key,) = (other.config_home / "kagimori").glob("*.key")
    (one.config_home / "kagimori" / other_key.name).write_bytes(other_key.read_bytes())
    (one.config_home / "kagimori" / other_key.name).chmod(0o600)
    before = database(other).read_bytes()
    database(one).write_bytes(before)
    done = one.command("serve", "--config", one.config, check=False)
    assert done.returncode == 1
    assert other_key.stem in done.stderr and "is the database of store" in done.stderr
    assert database(one).read_bytes() == before


def test_epochs_of_a_running_server_are_made_and_emptied(fresh_server):
    """All material comes under the newest epoch by itself, also when the server is killed on the way, and all of it still
    opens. (That an emptied epoch is deleted an hour later is shown by seal_test, whose clock can jump.)"""
    server = fresh_server(settings={"seal.epoch_max_uses": "150", "lifecycle.sweep_interval_seconds": "1"})
    kms, iam = server.admin.client(), server.admin.client("iam")
    known = {key: kms.encrypt(KeyId=key, Plaintext=key.encode())["CiphertextBlob"] for key in (new_key(kms) for _ in range(20))}
    iam.create_user(UserName="spender")

    def spend(uses):
        for _ in range(uses):
            made = iam.create_access_key(UserName="spender")["AccessKey"]["AccessKeyId"]
            iam.delete_access_key(UserName="spender", AccessKeyId=made)

    spend(160)
    server.crash_and_restart()
    kms, iam = server.admin.client(), server.admin.client("iam")
    spend(160)

    def newest_only():
        stored = StoredSecrets(server)
        newest = max(number for account, number in stored.epochs if account == ACCOUNT)
        return newest > 1 and {number for account, number in stored.epochs_in_use if account == ACCOUNT} == {newest}

    wait_for(newest_only, 60)
    for key, blob in known.items():
        assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == key.encode()
    assert server.stop() == 0
    assert server.command("store", "check", "--config", server.config)


def test_more_connections_than_the_shell_s_limit_of_open_files(fresh_server):
    """The soft limit that a shell gives is raised by the server itself."""
    server = fresh_server(start=False)
    log = open(server.log_file, "ab")
    server.process = subprocess.Popen(["sh", "-c", 'ulimit -Sn 64; exec "$0" "$@"', BINARY, "serve", "--config", server.config],
                                      env=server.environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    server.wait_ready()
    held = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(200)]
    assert requests.get(server.url + "/readyz", verify=str(server.ca), timeout=10).status_code == 200
    for one in held:
        one.close()
    log.close()


@pytest.mark.parametrize("settings, other_source", (
    ({"limits.connections_per_source": 3}, True), ({"limits.connections": 3, "limits.connections_per_source": 3}, False),
))
def test_more_connections_than_are_allowed(fresh_server, settings, other_source):
    server = fresh_server(settings=settings)

    def connect(source):
        """Whether a connection from the address is served."""
        one = socket.create_connection(("127.0.0.1", server.port), timeout=10, source_address=(source, 0))
        try:
            secure = ssl.create_default_context(cafile=str(server.ca)).wrap_socket(one, server_hostname="localhost")
            secure.sendall(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            return secure if secure.recv(100).startswith(b"HTTP/1.1 200") else None
        except OSError:
            return None

    held = [connect("127.0.0.1") for _ in range(3)]
    assert all(held) and connect("127.0.0.1") is None
    assert (connect("127.0.0.2") is not None) == other_source
    held.pop().close()
    deadline = time.monotonic() + 10
    while connect("127.0.0.1") is None:
        assert time.monotonic() < deadline, "a place that was given up is not given again"


def test_a_source_that_asks_too_often_is_slowed_down_whatever_it_asks(fresh_server):
    server = fresh_server(settings={"limits.requests_per_second_per_source": 5, "limits.request_burst_per_source": 20})
    codes = {}
    with requests.Session() as session:
        for _ in range(40):
            for path in ("/healthz", "/readyz", "/nothing"):
                code = session.get(server.url + path, verify=str(server.ca), timeout=10).status_code
                codes.setdefault(path, set()).add(code)
    assert codes["/nothing"] == {404, 429}
    assert codes["/healthz"] == codes["/readyz"] == {200}, "a probe must not take a busy source for a dead server"


@pytest.mark.parametrize("listener, said", (
    ('address = "unix:/tmp/kagimori-test.sock"\nallow = ["10.0.0.0/8"]', "Unix socket"),
    ('address = "127.0.0.1:1"\nsocket_mode = "0660"', "Unix socket"),
    ('address = "127.0.0.1:1"\nallow = ["10.0.0.1/8"]', "bits set behind the prefix"),
    ('address = "127.0.0.1:1"\n[tls]\ncertificate = "/nonexistent.pem"', "/nonexistent.pem"),
))
def test_config_check_refuses_what_serve_would(fresh_server, listener, said):
    server = fresh_server(start=False)
    server.config.write_text(f"[[listeners]]\n{listener}\n")
    for command in (("config", "check"), ("serve",)):
        done = server.command(*command, "--config", server.config, check=False)
        assert done.returncode == 1 and said in done.stderr, done.stderr
