"""The commands of the one binary: those that work on files, and those that are clients of a running server.

Exit codes: 0 done, 1 refused or failed (with a sentence on stderr), 2 wrong use.
"""

import json
import sqlite3
import stat
import subprocess
import threading

import pytest
from audit_log import events_in
from botocore.exceptions import ClientError
from harness import BINARY, User

ACCOUNT = "100000000001"  # the one that init makes
DAY = 86_400
POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "kms:ListKeys", "Resource": "*"}]}


def run(server, *arguments, exit_code=0):
    """A command that works on the server's files. Returns what it printed, on stdout or (where it fails) on stderr."""
    done = server.command(*arguments, "--config", server.config, check=False)
    assert done.returncode == exit_code, f"{arguments}: exit {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout if exit_code == 0 else done.stderr


def client(user, *arguments, exit_code=0, variables=None, stdin=""):
    """A command that is a client of a server. Returns what it printed."""
    done = subprocess.run(
        [BINARY, *map(str, arguments)],
        env={**user.environment(), **(variables or {})}, input=stdin, capture_output=True, text=True, timeout=60,
    )
    assert done.returncode == exit_code, f"{arguments}: exit {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout if exit_code == 0 else done.stderr


def client_json(user, *arguments, **options):
    return json.loads(client(user, *arguments, "--json", **options))


def secret_of(text):
    """The access key that a command printed for people."""
    words = dict(line.strip().split("=", 1) for line in text.splitlines() if "=" in line)
    return words["AWS_ACCESS_KEY_ID"], words["AWS_SECRET_ACCESS_KEY"]


def error_code(call, **arguments):
    with pytest.raises(ClientError) as raised:
        call(**arguments)
    return raised.value.response["Error"]["Code"]


def database(server):
    return server.data / "store" / "kagimori.db"


def key_file(server):
    (file,) = (server.config_home / "kagimori").glob("*.key")
    return file


def audit_events(server):
    """In the log, and on the way there."""
    inbox = sorted((server.data / "audit" / "inbox").glob("*.jsonl"))
    return events_in(server.data / "audit") + [json.loads(file.read_text()) for file in inbox]


@pytest.fixture
def stopped(fresh_server):
    """A server that ran once, so that its outbox is empty, and stopped in good order."""
    one = fresh_server()
    assert one.stop() == 0
    return one


# --- refused while a server runs -------------------------------------------------------------------------------------

@pytest.mark.parametrize("command", [
    ("root", "rotate"), ("recover", "root-credentials", "--account", ACCOUNT), ("store", "check"),
], ids=" ".join)
def test_commands_on_files_refuse_while_a_server_runs(server, command):
    said = run(server, *command, exit_code=1)
    assert f"in use by process {server.process.pid}" in said
    assert server.admin.client("sts").get_caller_identity()["Account"] == ACCOUNT


def test_restore_refuses_while_a_server_runs(server, tmp_path):
    backup = tmp_path / "one.backup"
    run(server, "backup", "--to", backup)
    said = run(server, "restore", "--from", backup, "--force", exit_code=1)
    assert f"in use by process {server.process.pid}" in said
    assert sorted(p.name for p in database(server).parent.glob("*restor*")) == []


# --- root key --------------------------------------------------------------------------------------------------------

def test_root_rotation_voids_older_copies_of_the_key_file(fresh_server):
    one = fresh_server()
    kms = one.admin.client()
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    blob = kms.encrypt(KeyId=key, Plaintext=b"before")["CiphertextBlob"]
    assert one.stop() == 0
    old_key_file = key_file(one).read_bytes()

    said = run(one, "root", "rotate")
    assert "generation 2" in said and "void" in said and str(key_file(one)) in said
    assert key_file(one).read_bytes() != old_key_file
    assert stat.S_IMODE(key_file(one).stat().st_mode) == 0o600

    one.start()
    assert one.admin.client().decrypt(CiphertextBlob=blob)["Plaintext"] == b"before"
    assert "RotateRootKey" in [event["eventName"] for event in audit_events(one)]
    assert one.stop() == 0

    new_key_file = key_file(one).read_bytes()
    key_file(one).write_bytes(old_key_file)
    assert "root key" in run(one, "store", "check", exit_code=1)
    key_file(one).write_bytes(new_key_file)
    run(one, "store", "check")


def test_root_can_be_rotated_again_and_again(stopped):
    for generation in (2, 3, 4):
        assert f"generation {generation}" in run(stopped, "root", "rotate")
    stopped.start()
    assert stopped.admin.client("sts").get_caller_identity()["Account"] == ACCOUNT


def test_root_rotation_without_the_key_file_changes_nothing(stopped):
    file = key_file(stopped)
    away = file.with_suffix(".away")
    file.rename(away)
    assert str(file) in run(stopped, "root", "rotate", exit_code=1)
    away.rename(file)
    run(stopped, "store", "check")


# --- recovery --------------------------------------------------------------------------------------------------------

def test_recovered_root_credentials_work_and_older_ones_do_not(stopped):
    first = run(stopped, "recover", "root-credentials", "--account", ACCOUNT)
    second = run(stopped, "recover", "root-credentials", "--account", ACCOUNT)
    assert "shown this once" in second and f"arn:aws:iam::{ACCOUNT}:root" in second
    stopped.start()
    identity = User(stopped, *secret_of(second)).client("sts").get_caller_identity()
    assert identity["Arn"] == f"arn:aws:iam::{ACCOUNT}:root"
    assert error_code(User(stopped, *secret_of(first)).client("sts").get_caller_identity) == "InvalidClientTokenId"
    assert stopped.admin.client("sts").get_caller_identity()["Account"] == ACCOUNT
    events = [e for e in audit_events(stopped) if e["eventName"] == "RecoverRootCredentials"]
    assert [e["responseElements"]["accessKeyId"] for e in events] == [secret_of(first)[0], secret_of(second)[0]]
    assert secret_of(second)[1] not in json.dumps(audit_events(stopped))


@pytest.mark.parametrize("account", ["999999999999", "12", "000000000000", "x"])
def test_recovery_of_an_unknown_account_is_refused(stopped, account):
    assert account in run(stopped, "recover", "root-credentials", "--account", account, exit_code=1)


# --- backup and restore ----------------------------------------------------------------------------------------------

def test_backup_while_clients_write_restores_and_decrypts(fresh_server, tmp_path):
    one = fresh_server()
    acknowledged = []
    stop = threading.Event()

    def write():
        kms = one.admin.client()
        while not stop.is_set():
            key = kms.create_key()["KeyMetadata"]["KeyId"]
            blob = kms.encrypt(KeyId=key, Plaintext=key.encode())["CiphertextBlob"]
            acknowledged.append((key, blob))

    writers = [threading.Thread(target=write) for _ in range(4)]
    for writer in writers:
        writer.start()
    while len(acknowledged) < 8:
        stop.wait(0.01)
    before = list(acknowledged)
    backup = tmp_path / "one.backup"
    said = run(one, "backup", "--to", backup)
    stop.set()
    for writer in writers:
        writer.join()

    assert str(backup) in said and f"{backup.stat().st_size} bytes" in said and "every record, with the root key" in said
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert [p.name for p in tmp_path.glob("one.backup*")] == ["one.backup"]
    assert "BackUpStore" in [event["eventName"] for event in audit_events(one)]
    assert one.stop() == 0

    run(one, "restore", "--from", backup, "--force")
    assert [p.name for p in database(one).parent.glob("*restor*")] == []
    run(one, "store", "check")
    one.start()
    kms = one.admin.client()
    for key, blob in before:
        assert kms.decrypt(CiphertextBlob=blob)["Plaintext"] == key.encode()
    assert "RestoreStore" in [event["eventName"] for event in audit_events(one)]


def test_restore_brings_back_what_was_not_destroyed(fresh_server, tmp_path):
    one = fresh_server()
    kms = one.admin.client()
    key = kms.create_key(Description="as it was")["KeyMetadata"]["KeyId"]
    run(one, "backup", "--to", tmp_path / "b")
    kms.update_key_description(KeyId=key, Description="later")
    later = kms.create_key()["KeyMetadata"]["KeyId"]
    assert one.stop() == 0
    run(one, "restore", "--from", tmp_path / "b", "--force")
    one.start()
    kms = one.admin.client()
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["Description"] == "as it was"
    assert error_code(kms.describe_key, KeyId=later) == "NotFoundException"


def test_restore_never_revives_a_destroyed_key(fresh_server, tmp_path):
    one = fresh_server()
    kms = one.admin.client()
    gone = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/gone", TargetKeyId=gone)
    kms.enable_key_rotation(KeyId=gone)
    gone_blobs = [kms.encrypt(KeyId=gone, Plaintext=b"gone")["CiphertextBlob"]]
    kms.rotate_key_on_demand(KeyId=gone)
    gone_blobs.append(kms.encrypt(KeyId=gone, Plaintext=b"gone")["CiphertextBlob"])
    run(one, "backup", "--to", tmp_path / "before kept")
    gone_materials = wrapped_materials(tmp_path / "before kept")
    assert len(gone_materials) == 2  # of the two versions
    kept = kms.create_key()["KeyMetadata"]["KeyId"]
    kept_blob = kms.encrypt(KeyId=kept, Plaintext=b"kept")["CiphertextBlob"]
    run(one, "backup", "--to", tmp_path / "older")
    assert all(material in (tmp_path / "older").read_bytes() for material in gone_materials)

    kms.schedule_key_deletion(KeyId=gone, PendingWindowInDays=7)
    one.admin.call("Kagimori.AdvanceLifecycleClock", Seconds=8 * DAY)
    one.admin.call("Kagimori.Sweep")
    assert error_code(kms.describe_key, KeyId=gone) == "NotFoundException"
    assert one.stop() == 0

    assert "1 key destroyed" in run(one, "restore", "--from", tmp_path / "older", "--force")
    run(one, "store", "check")
    stored = b"".join(p.read_bytes() for p in database(one).parent.iterdir())
    assert not any(material in stored for material in gone_materials)
    one.start()
    kms = one.admin.client()
    assert error_code(kms.describe_key, KeyId=gone) == "NotFoundException"
    assert error_code(kms.cancel_key_deletion, KeyId=gone) == "NotFoundException"
    for blob in gone_blobs:
        assert error_code(kms.decrypt, CiphertextBlob=blob) in ("AccessDeniedException", "NotFoundException")
    assert "alias/gone" not in [alias["AliasName"] for alias in kms.list_aliases()["Aliases"]]
    kms.create_alias(AliasName="alias/gone", TargetKeyId=kept)
    assert kms.decrypt(CiphertextBlob=kept_blob)["Plaintext"] == b"kept"

    # The tombstone came along: a second restore of the older backup revives nothing either.
    assert one.stop() == 0
    assert "1 key destroyed" in run(one, "restore", "--from", tmp_path / "older", "--force")
    one.start()
    assert error_code(one.admin.client().describe_key, KeyId=gone) == "NotFoundException"


def wrapped_materials(file):
    """The boxes (docs/formats/keyring.md: 65 bytes, format 1) in the records of all objects of a store."""
    with sqlite3.connect(f"file:{file}?mode=ro&immutable=1", uri=True) as store:
        values = [row[0] for row in store.execute("SELECT value FROM t_objects")]
    return [value.split(b"\x00\x00\x00\x41\x01", 1)[1][:64] for value in values]


def test_a_tombstone_survives_the_restore_of_a_backup_that_never_had_the_key(fresh_server, tmp_path):
    one = fresh_server()
    run(one, "backup", "--to", tmp_path / "first")
    kms = one.admin.client()
    tenant = one.admin.call("Kagimori.CreateAccount", Name="tenant")["AccessKey"]
    other = User(one, tenant["AccessKeyId"], tenant["SecretAccessKey"])
    keys = [(kms, kms.create_key()["KeyMetadata"]["KeyId"])]
    keys.append((other.client(), other.client().create_key()["KeyMetadata"]["KeyId"]))
    run(one, "backup", "--to", tmp_path / "second")
    for owner, key in keys:
        owner.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    one.admin.call("Kagimori.AdvanceLifecycleClock", Seconds=8 * DAY)
    one.admin.call("Kagimori.Sweep")
    assert one.stop() == 0
    assert "0 keys destroyed" in run(one, "restore", "--from", tmp_path / "first", "--force")
    run(one, "store", "check")
    assert "2 keys destroyed" in run(one, "restore", "--from", tmp_path / "second", "--force")
    one.start()
    for user, (_, key) in zip((one.admin, other), keys):
        assert error_code(user.client().describe_key, KeyId=key) == "NotFoundException"


def test_restore_into_an_empty_data_folder(fresh_server, tmp_path):
    one = fresh_server()
    kms = one.admin.client()
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    run(one, "backup", "--to", tmp_path / "b")
    assert one.stop() == 0
    for file in database(one).parent.iterdir():
        file.unlink()
    run(one, "restore", "--from", tmp_path / "b")
    one.start()
    assert one.admin.client().describe_key(KeyId=key)["KeyMetadata"]["KeyId"] == key


def test_restore_of_a_backup_from_before_a_root_rotation_needs_the_old_key_file(fresh_server, tmp_path):
    one = fresh_server()
    run(one, "backup", "--to", tmp_path / "b")
    assert one.stop() == 0
    old = tmp_path / "old.key"
    old.write_bytes(key_file(one).read_bytes())
    old.chmod(0o600)
    run(one, "root", "rotate")
    said = run(one, "restore", "--from", tmp_path / "b", "--force", exit_code=1)
    assert "--key-file" in said
    run(one, "store", "check")
    said = run(one, "restore", "--from", tmp_path / "b", "--force", "--key-file", old)
    assert str(key_file(one)) in said
    key_file(one).write_bytes(old.read_bytes())
    one.start()
    assert one.admin.client("sts").get_caller_identity()["Account"] == ACCOUNT


def test_restore_overwrites_only_with_force(stopped, tmp_path):
    run(stopped, "backup", "--to", tmp_path / "b")
    before = database(stopped).read_bytes()
    assert "--force" in run(stopped, "restore", "--from", tmp_path / "b", exit_code=1)
    assert database(stopped).read_bytes() == before


def test_restore_refuses_the_backup_of_another_store(stopped, fresh_server, tmp_path):
    other = fresh_server(start=False)
    run(other, "backup", "--to", tmp_path / "other")
    foreign_key = key_file(other)
    said = run(stopped, "restore", "--from", tmp_path / "other", "--force", "--key-file", foreign_key, exit_code=1)
    assert "holds store" in said
    stopped.start()
    assert stopped.admin.client("sts").get_caller_identity()["Account"] == ACCOUNT


@pytest.mark.parametrize("damage", ["missing", "empty", "text", "truncated", "flipped header"])
def test_restore_refuses_what_is_no_backup_and_leaves_the_store(stopped, tmp_path, damage):
    backup = tmp_path / "b"
    run(stopped, "backup", "--to", backup)
    whole = backup.read_bytes()
    contents = {
        "missing": None, "empty": b"", "text": b"hello\n" * 100, "truncated": whole[: len(whole) // 2],
        "flipped header": b"T" + whole[1:],
    }
    backup.unlink()
    if contents[damage] is not None:
        backup.write_bytes(contents[damage])
    assert str(backup) in run(stopped, "restore", "--from", backup, "--force", exit_code=1)
    assert [p.name for p in database(stopped).parent.glob("*restor*")] == []
    run(stopped, "store", "check")


def test_backup_never_overwrites(stopped, tmp_path):
    target = tmp_path / "b"
    target.write_text("precious")
    assert str(target) in run(stopped, "backup", "--to", target, exit_code=1)
    assert target.read_text() == "precious"


def test_backup_without_the_root_key_says_so(stopped, tmp_path):
    key_file(stopped).rename(tmp_path / "away.key")
    assert "records not checked, without the root key" in run(stopped, "backup", "--to", tmp_path / "b")


def test_backup_into_a_missing_folder_fails_with_its_name(stopped, tmp_path):
    assert "nowhere" in run(stopped, "backup", "--to", tmp_path / "nowhere" / "b", exit_code=1)


# --- store check -----------------------------------------------------------------------------------------------------

def test_store_check_counts_and_finds_nothing_in_a_sound_store(stopped):
    said = run(stopped, "store", "check")
    assert "every record is authentic" in said
    assert {"meta", "epochs", "accounts", "users", "access_keys"} <= {line.split()[0] for line in said.splitlines() if line}


@pytest.mark.parametrize("table", ["users", "access_keys", "epochs"])
def test_store_check_finds_a_flipped_byte(stopped, table):
    with sqlite3.connect(database(stopped)) as store:
        key, value = store.execute(f"SELECT pk, value FROM t_{table} ORDER BY pk DESC LIMIT 1").fetchone()
        flipped = bytearray(value)
        flipped[len(flipped) // 2] ^= 1
        store.execute(f"UPDATE t_{table} SET value = ? WHERE pk = ?", (bytes(flipped), key))
    done = stopped.command("store", "check", "--config", stopped.config, check=False)
    assert done.returncode == 1
    assert f"table {table}" in done.stdout + done.stderr
    assert bytes(key).hex() in done.stdout + done.stderr


@pytest.mark.parametrize("table", ["keys", "versions", "key_policies", "key_ids", "aliases", "key_aliases", "users",
                                   "user_names", "user_policies", "access_keys", "user_access_keys", "accounts"])
def test_store_check_says_what_a_damaged_record_belongs_to(fresh_server, table):
    one = fresh_server()
    kms, iam = one.admin.client(), one.admin.client("iam")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/paye", TargetKeyId=key)
    alice = iam.create_user(UserName="Alice")["User"]["UserId"]
    iam.put_user_policy(UserName="Alice", PolicyName="own", PolicyDocument=json.dumps(POLICY))
    access_key = iam.create_access_key(UserName="Alice")["AccessKey"]["AccessKeyId"]
    assert one.stop() == 0
    account, user = f"account {ACCOUNT}", f"user alice, user id {alice}"
    named, alias = f"{account}, key {key}", f"{account}, alias alias/paye"
    expected = {
        "keys": named, "versions": named, "key_policies": named, "key_ids": named,
        "aliases": alias, "key_aliases": f"{alias}, key {key}",
        "users": f"{account}, {user}", "user_names": f"{account}, user alice",
        "user_policies": f"{account}, policy own, {user}",
        "access_keys": f"access key {access_key}, {account}, {user}",
        "user_access_keys": f"access key {access_key}, {account}, {user}", "accounts": account,
    }
    with sqlite3.connect(database(one)) as store:
        store.execute(f"UPDATE t_{table} SET value = zeroblob(90)")
    said = one.command("store", "check", "--config", one.config, check=False)
    assert said.returncode == 1
    assert f" It belongs to {expected[table]}.\n" in said.stdout
